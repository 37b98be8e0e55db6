import type { Order as OrderAnswer } from '@fenpay/contract'
import { nextCheckAt } from '../domain/check-schedule.ts'
import { orderTransitions } from '../domain/order.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Session } from '../domain/session.ts'
import type { PaymentGateway, Store, World } from '../ports.ts'
import { showMyOrder } from './read-orders.ts'
import { settleOrder } from './settle-order.ts'

/**
 * The user gives the order up. It takes no new payment from here on; where a payment was begun, the order is `closing`
 * until WeChat has confirmed the close, since the user may have paid in that very moment. Cancelling twice is no error.
 * @throws Refusal order_not_found, order_already_paid
 */
export async function cancelOrder(
  ports: { store: Store; payment: PaymentGateway; world: World },
  session: Session,
  orderNumber: string,
): Promise<OrderAnswer> {
  const order = await ports.store.transaction(async (tx) => {
    const locked = await tx.lockOrder(session.merchantId, orderNumber, session.userId)
    if (locked === undefined) throw new Refusal('order_not_found', 'There is no such order of yours.')
    const next = orderTransitions[locked.status].cancel
    if (typeof next !== 'string') throw new Refusal(next.refused, 'A paid order cannot be cancelled.')
    if (next === locked.status) return locked
    await tx.moveOrder(locked, {
      kind: 'cancelled',
      to: next,
      cause: 'cancel',
      actor: `user:${session.userId}`,
      at: ports.world.now(),
    })
    const cancelled = { ...locked, status: next }
    const attempt = await tx.liveAttempt(locked.merchantId, orderNumber)
    await tx.restartChecks(cancelled, nextCheckAt(cancelled, attempt, 0, ports.world.now()))
    return cancelled
  })
  const { pendingReason } = await settleOrder(ports, order)
  const answer = await showMyOrder(ports.store, session, orderNumber, pendingReason)
  if (answer.status === 'paid') throw new Refusal('order_already_paid', 'The payment arrived before the cancellation.')
  return answer
}
