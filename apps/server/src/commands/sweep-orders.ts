import { nextCheckAt } from '../domain/check-schedule.ts'
import type { Order } from '../domain/order.ts'
import type { ClaimedOrder, PaymentGateway, Store, World } from '../ports.ts'
import { settleOrder } from './settle-order.ts'

/** So long a claimed order is nobody else's; a worker that dies gives it back by this. */
const leaseSeconds = 60
/** Orders that one sweep takes of each merchant, so that a busy one does not keep the others waiting. */
const perMerchant = 20
/** Calls to WeChat under way at once. */
const parallel = 8

type Ports = {
  store: Store
  payment: PaymentGateway
  world: World
  /** Told of an order that could not be looked at; the others go on, and this one is tried again (F65). */
  onFailure: (order: Order, error: unknown) => void
}

/**
 * Looks at the open orders that are due, and settles what can be settled: the net under lost notifications and under
 * clients that never come back (F1, P1), and the end of orders whose time is over. Any number of processes may sweep;
 * each order is claimed by one of them, and it does no harm when two look at it all the same (I25). When `signal` is
 * aborted no further order is begun.
 * @returns whether more may be due at once
 */
export async function sweepOrders(ports: Ports, signal: AbortSignal): Promise<boolean> {
  const now = ports.world.now()
  const claimed = await ports.store.claimDueOrders(now, new Date(now.getTime() + leaseSeconds * 1000), perMerchant)
  const queue = [...claimed]
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
      const { order } = next
      await lookAt(ports, next).catch((error) => ports.onFailure(order, error))
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, claimed.length) }, worker))
  return claimed.length >= perMerchant
}

async function lookAt(ports: Ports, claimed: ClaimedOrder): Promise<void> {
  const { order, checkCount } = claimed
  await settleOrder(ports, order)
  const attempt = await ports.store.reads.liveAttempt(order.merchantId, order.orderNumber)
  await ports.store.scheduleCheck(claimed, nextCheckAt(order, attempt, checkCount, ports.world.now()))
}
