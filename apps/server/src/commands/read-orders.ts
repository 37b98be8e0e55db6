import type {
  MyOrdersAnswer,
  MyOrdersQuery,
  Order as OrderAnswer,
  OrderSummary,
  PendingReason,
  Refund as RefundAnswer,
  RefundRequest as RefundRequestAnswer,
} from '@fenpay/contract'
import type { Order, OrderLine } from '../domain/order.ts'
import { leftFen, type Refund, type RefundLine, shownRefundStatus } from '../domain/refund.ts'
import type { RefundRequest } from '../domain/refund-request.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Session } from '../domain/session.ts'
import type { OrderPosition, Store } from '../ports.ts'

/** The user's order. @throws Refusal order_not_found, also for the order of somebody else (A33) */
export async function findMyOrder(store: Store, session: Session, orderNumber: string): Promise<Order> {
  const order = await store.reads.order(session.merchantId, session.userId, orderNumber)
  if (order === undefined) throw new Refusal('order_not_found', 'There is no such order of yours.')
  return order
}

/** The user's order as the API shows it, read afresh. @throws Refusal order_not_found */
export async function showMyOrder(
  store: Store,
  session: Session,
  orderNumber: string,
  pendingReason?: PendingReason,
): Promise<OrderAnswer> {
  const order = await findMyOrder(store, session, orderNumber)
  const { merchantId } = order
  const [lines, events, payment, refunds, request] = await Promise.all([
    store.reads.orderLines(merchantId, orderNumber),
    store.reads.orderEvents(merchantId, orderNumber),
    store.reads.paymentOfOrder(merchantId, orderNumber),
    store.reads.refundsOfOrder(merchantId, orderNumber),
    store.reads.refundRequest(merchantId, orderNumber),
  ])
  const stillOpen = order.status === 'pending' || order.status === 'closing'
  return {
    ...summaryOf(order, lines),
    ...(stillOpen && pendingReason !== undefined ? { pending_reason: pendingReason } : {}),
    refundable_fen: payment === undefined ? 0 : leftFen(payment),
    refunds: refunds.map(refundAnswer),
    ...(request === undefined ? {} : { refund_request: refundRequestAnswer(request) }),
    events,
  }
}

/** A refund as the API shows it. */
export function refundAnswer({ refund, lines }: { refund: Refund; lines: RefundLine[] }): RefundAnswer {
  return {
    refund_number: refund.outRefundNo,
    status: shownRefundStatus[refund.status],
    amount_fen: refund.amountFen,
    reason: refund.reason,
    items: lines.map(({ sku, quantity }) => ({ sku, quantity })),
    created_at: refund.createdAt.toISOString(),
    ...(refund.successTime === undefined ? {} : { succeeded_at: refund.successTime.toISOString() }),
  }
}

function refundRequestAnswer(request: RefundRequest): RefundRequestAnswer {
  return {
    status: request.status,
    amount_fen: request.amountFen,
    reason: request.reason,
    items: request.items,
    created_at: request.createdAt.toISOString(),
    ...(request.answer === undefined ? {} : { answer: request.answer }),
    ...(request.answeredAt === undefined ? {} : { answered_at: request.answeredAt.toISOString() }),
  }
}

/** The user's orders, newest first, a page at a time. @throws Refusal invalid_request for a cursor that is not ours */
export async function listMyOrders(store: Store, session: Session, query: MyOrdersQuery): Promise<MyOrdersAnswer> {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
  const page = await store.reads.ordersOfUser(session.merchantId, session.userId, {
    limit: Number(query.limit ?? 20),
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(after === undefined ? {} : { after }),
  })
  return {
    orders: page.orders.map(({ order, lines }) => summaryOf(order, lines)),
    ...(page.next === undefined ? {} : { next_cursor: writeCursor(page.next) }),
  }
}

export function summaryOf(order: Order, lines: OrderLine[]): OrderSummary {
  return {
    order_number: order.orderNumber,
    status: order.status,
    total_fen: order.totalFen,
    ...(order.remark === undefined ? {} : { remark: order.remark }),
    created_at: order.createdAt.toISOString(),
    expires_at: order.expiresAt.toISOString(),
    ...(order.paidAt === undefined ? {} : { paid_at: order.paidAt.toISOString() }),
    ...(order.closedAt === undefined ? {} : { closed_at: order.closedAt.toISOString() }),
    refunded_fen: order.refundedFen,
    items: lines.map((line) => ({
      sku: line.sku,
      name: line.name,
      price_fen: line.priceFen,
      quantity: line.quantity,
      amount_fen: line.amountFen,
    })),
  }
}

function writeCursor(position: OrderPosition): string {
  return Buffer.from(`${position.createdAt.toISOString()} ${position.orderNumber}`).toString('base64url')
}

function readCursor(cursor: string): OrderPosition {
  const [, at, orderNumber] =
    /^([1-9]\d{3}-\S{19}) ([0-9A-Z]{26})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  const createdAt = new Date(at ?? '')
  if (orderNumber === undefined || Number.isNaN(createdAt.getTime())) {
    throw new Refusal('invalid_request', 'The cursor is not one that this API gave.')
  }
  return { createdAt, orderNumber }
}
