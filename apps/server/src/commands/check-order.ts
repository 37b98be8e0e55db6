import type { Order } from '@fenpay/contract'
import type { Session } from '../domain/session.ts'
import type { PaymentGateway, Store, World } from '../ports.ts'
import { findMyOrder, showMyOrder } from './read-orders.ts'
import { settleOrder } from './settle-order.ts'

/**
 * Step 6: the order as it stands, after WeChat was asked when it is not settled here. When WeChat cannot be asked the
 * answer is the order as we know it, with `pending_reason` saying so: an outage of WeChat is no failure of the order.
 * @throws Refusal order_not_found
 */
export async function checkOrder(
  ports: { store: Store; payment: PaymentGateway; world: World },
  session: Session,
  orderNumber: string,
): Promise<Order> {
  const order = await findMyOrder(ports.store, session, orderNumber)
  const { pendingReason } = await settleOrder(ports, order)
  return showMyOrder(ports.store, session, orderNumber, pendingReason)
}
