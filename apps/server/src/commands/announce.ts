import { formatYuan, type OrderSummary, type Refund } from '@fenpay/contract'
import type { MessageFact, PaidMessage } from '../domain/merchant.ts'
import { numberFromBytes } from '../domain/number.ts'
import type { Order, OrderLine } from '../domain/order.ts'
import type { OutboxKind } from '../domain/outbox.ts'
import { itemDescription, shippingDueSeconds } from '../domain/shipment.ts'
import type { Audience, OutboxPayload, World, Writes } from '../ports.ts'
import { summaryOf } from './read-orders.ts'

/** Something that others want to hear of. The order is one whose lock the caller holds, before or after the change. */
export type News =
  | { type: 'order.paid' | 'order.closed'; order: Order }
  | {
      type: 'order.shipped'
      order: Order
      shipment: { revision: number; how: string; company?: string; tracking_no?: string }
    }
  | {
      type: 'refund.succeeded' | 'refund.failed'
      orderNumber: string | undefined
      transactionId: string
      refund: Refund
    }
  | {
      type: 'payment.suspended'
      orderNumber: string | undefined
      payment: {
        transaction_id: string
        out_trade_no: string
        amount_fen: number
        reason: string
        success_time: string
      }
    }
  | {
      type: 'flag.opened'
      orderNumber: string | undefined
      flag: {
        flag_id: string
        kind: string
        subject_type: string
        subject_id: string
        evidence: Record<string, string | number>
      }
    }

/**
 * Writes into the outbox, in the caller's transaction, what others are to be told of this change: the merchant's own
 * systems, and after a payment the user and, when shipping is due, ourselves. Announcing the same fact again adds nothing.
 */
export async function announce(tx: Writes, world: World, merchantId: string, news: News): Promise<void> {
  const order = 'order' in news ? await tx.lockOrder(merchantId, news.order.orderNumber) : undefined
  const audience = await tx.audience(merchantId, order?.appid, news.type)
  const outbox = new Outbox(tx, world, merchantId, order?.orderNumber ?? orderNumberOf(news))
  if (order !== undefined && news.type === 'order.paid') await tellAfterPayment(tx, outbox, audience, order)
  if (audience.endpointIds.length === 0) return
  const body = { type: news.type, timestamp: outbox.now.toISOString(), data: await dataOf(tx, news, order) }
  for (const endpointId of audience.endpointIds) {
    await outbox.add('webhook', `${endpointId} ${news.type} ${subjectOf(news)}`, { endpoint_id: endpointId, body })
  }
}

async function tellAfterPayment(tx: Writes, outbox: Outbox, audience: Audience, order: Order): Promise<void> {
  const { paidMessage } = audience
  if (paidMessage !== undefined) {
    const lines = await tx.orderLines(order.merchantId, order.orderNumber)
    await outbox.add('paid_message', order.orderNumber, {
      appid: order.appid,
      openid: order.openid,
      template_id: paidMessage.templateId,
      values: messageValues(paidMessage, order, lines),
    })
  }
  if (audience.shippingManagement && order.paidAt !== undefined) {
    const dueAt = new Date(order.paidAt.getTime() + shippingDueSeconds * 1000)
    await outbox.add('shipping_deadline', order.orderNumber, {}, dueAt)
  }
}

/** One transaction's items, of one merchant and order. */
class Outbox {
  readonly now: Date
  readonly #tx: Writes
  readonly #world: World
  readonly #merchantId: string
  readonly #orderNumber: string | undefined

  constructor(tx: Writes, world: World, merchantId: string, orderNumber: string | undefined) {
    this.now = world.now()
    this.#tx = tx
    this.#world = world
    this.#merchantId = merchantId
    this.#orderNumber = orderNumber
  }

  async add(kind: OutboxKind, onceKey: string, payload: OutboxPayload, nextAt = this.now): Promise<void> {
    await this.#tx.addOutbox({
      merchantId: this.#merchantId,
      outboxId: numberFromBytes(this.#world.randomBytes(16)),
      kind,
      onceKey,
      orderNumber: this.#orderNumber,
      payload,
      createdAt: this.now,
      nextAt,
    })
  }
}

function orderNumberOf(news: News): string | undefined {
  return 'orderNumber' in news ? news.orderNumber : undefined
}

/** What makes two announcements of one type the same one. */
function subjectOf(news: News): string {
  switch (news.type) {
    case 'order.shipped':
      return `${news.order.orderNumber} ${news.shipment.revision}`
    case 'refund.succeeded':
    case 'refund.failed':
      return news.refund.refund_number
    case 'payment.suspended':
      return news.payment.transaction_id
    case 'flag.opened':
      return news.flag.flag_id
    default:
      return news.order.orderNumber
  }
}

async function dataOf(tx: Writes, news: News, order: Order | undefined): Promise<OutboxPayload> {
  const orderNumber = orderNumberOf(news)
  const ofOrder = orderNumber === undefined ? {} : { order_number: orderNumber }
  switch (news.type) {
    case 'refund.succeeded':
    case 'refund.failed':
      return { ...ofOrder, transaction_id: news.transactionId, refund: news.refund }
    case 'payment.suspended':
      return { ...ofOrder, ...news.payment }
    case 'flag.opened':
      return { ...ofOrder, ...news.flag }
    case 'order.shipped':
      return { ...(await orderData(tx, order ?? news.order)), shipment: news.shipment }
    default:
      return orderData(tx, order ?? news.order)
  }
}

async function orderData(tx: Writes, order: Order): Promise<{ order: OrderSummary }> {
  return { order: summaryOf(order, await tx.orderLines(order.merchantId, order.orderNumber)) }
}

function messageValues(message: PaidMessage, order: Order, lines: OrderLine[]): Record<string, string> {
  const facts: Record<MessageFact, string> = {
    order_number: order.orderNumber,
    total: `¥${formatYuan(order.totalFen)}`,
    items: itemDescription(lines),
    paid_at: beijingMinute(order.paidAt ?? order.createdAt),
    // A blank one is none: no template takes an empty text.
    remark: order.remark?.trim() || '-',
  }
  return Object.fromEntries(Object.entries(message.fields).map(([key, fact]) => [key, facts[fact]]))
}

/** `2026年5月1日 08:05`, as WeChat's templates want times. */
function beijingMinute(instant: Date): string {
  const beijing = new Date(instant.getTime() + 8 * 60 * 60 * 1000).toISOString()
  const [year, month, day] = beijing.slice(0, 10).split('-').map(Number)
  return `${year}年${month}月${day}日 ${beijing.slice(11, 16)}`
}
