import { nextCheckAt } from '../domain/check-schedule.ts'
import type { ClaimedOrder, PaymentGateway, Store, World } from '../ports.ts'
import { settleOrder } from './settle-order.ts'

/** So long a claimed order is nobody else's; a worker that dies gives it back by this. */
const leaseSeconds = 60
/** Orders that one sweep takes of each merchant, so that a busy one does not keep the others waiting. */
const perMerchant = 20
/** Calls to WeChat under way at once. */
const parallel = 8

/**
 * Looks at the open orders that are due, and settles what can be settled: the net under lost notifications and under
 * clients that never come back (F1, P1), and the end of orders whose time is over. Any number of processes may sweep;
 * each order is claimed by one of them, and it does no harm when two look at it all the same (I25).
 * @returns how many orders were looked at
 */
export async function sweepOrders(ports: { store: Store; payment: PaymentGateway; world: World }): Promise<number> {
  const now = ports.world.now()
  const claimed = await ports.store.claimDueOrders(now, new Date(now.getTime() + leaseSeconds * 1000), perMerchant)
  const queue = [...claimed]
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await lookAt(ports, next)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, claimed.length) }, worker))
  return claimed.length
}

async function lookAt(
  ports: { store: Store; payment: PaymentGateway; world: World },
  { order, checkCount }: ClaimedOrder,
): Promise<void> {
  await settleOrder(ports, order)
  const attempt = await ports.store.reads.liveAttempt(order.merchantId, order.orderNumber)
  const next = nextCheckAt(order, attempt, checkCount, ports.world.now())
  await ports.store.scheduleCheck(order.merchantId, order.orderNumber, next)
}
