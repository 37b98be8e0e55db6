import { nextCheckAt } from '../domain/check-schedule.ts'
import { isFinal, type Order } from '../domain/order.ts'
import type { ClaimedOrder, PaymentGateway, Store, World } from '../ports.ts'
import { settleOrder, settleSecondNumber } from './settle-order.ts'
import { sweep } from './sweep.ts'

type Ports = {
  store: Store
  payment: PaymentGateway
  world: World
  onFailure: (order: Order, error: unknown) => void
}

/**
 * Looks at the open orders that are due, and settles what can be settled: the net under lost notifications and under
 * clients that never come back (F1, P1), and the end of orders whose time is over.
 * @returns whether more may be due at once
 */
export function sweepOrders(ports: Ports, signal: AbortSignal): Promise<boolean> {
  const work = {
    now: ports.world.now(),
    claim: ports.store.claimDueOrders,
    lookAt: (claimed: ClaimedOrder) => lookAt(ports, claimed),
    onFailure: ({ order }: ClaimedOrder, error: unknown) => ports.onFailure(order, error),
  }
  return sweep(work, signal)
}

async function lookAt(ports: Ports, claimed: ClaimedOrder): Promise<void> {
  const { order, checkCount } = claimed
  if (isFinal(order.status)) await settleSecondNumber(ports, order)
  else await settleOrder(ports, order)
  const attempt = await ports.store.reads.liveAttempt(order.merchantId, order.orderNumber)
  await ports.store.scheduleCheck(claimed, nextCheckAt(order, attempt, checkCount, ports.world.now()))
}
