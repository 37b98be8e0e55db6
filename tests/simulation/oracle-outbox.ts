import type { History } from './history.ts'
import type { Ours } from './read-ours.ts'
import type { WechatBooks } from './wechat-books.ts'

/** What had to be told was told, or is going to be; and nobody was told it twice who would mind (I15). */
export function wrongOutbox(books: WechatBooks, ours: Ours, history: History): string[] {
  return [
    ...wrongItems(ours, history),
    ...missingWebhooks(ours),
    ...wrongShipments(books, ours),
    ...wrongMessages(books, ours, history),
  ]
}

function wrongItems({ outbox }: Ours, { receiver, nowMs }: History): string[] {
  const { taken, forged } = receiver
  return [
    ...forged.map((id) => `the signature of webhook ${id} is wrong`),
    ...outbox
      .filter(({ kind, status, outbox_id }) => kind === 'webhook' && status === 'done' && !taken.has(outbox_id))
      .map(({ once_key }) => `nobody was told, and it says so: ${once_key}`),
    ...outbox
      .filter(
        ({ status, next_at }) => status === 'pending' && (next_at === null || next_at.getTime() < nowMs - 660_000),
      )
      .map(({ kind, once_key }) => `it is overdue to be told: ${kind} ${once_key}`),
  ]
}

/** One webhook for each fact, whatever became of it. */
function missingWebhooks({ outbox, orders, payments, refunds, flags }: Ours): string[] {
  const written = outbox.filter(({ kind }) => kind === 'webhook').map(({ once_key }) => once_key)
  const wanted = [
    ...orders.map(({ order_number, status }) => `order.${status} ${order_number}`),
    ...payments.filter(({ reason }) => reason !== null).map((payment) => `payment.suspended ${payment.transaction_id}`),
    ...refunds
      .filter(({ source }) => source !== 'external')
      .flatMap(({ out_refund_no, status }) => {
        if (['succeeded', 'settled'].includes(status)) return [`refund.succeeded ${out_refund_no}`]
        return ['closed', 'refused'].includes(status) ? [`refund.failed ${out_refund_no}`] : []
      }),
  ]
  const told = written.filter((key) => key.includes('flag.opened')).length
  return [
    ...wanted.filter((key) => !written.some((other) => other.endsWith(key))).map((key) => `nobody is told of ${key}`),
    ...(told === flags.length ? [] : [`${flags.length} flags, and ${told} webhooks about flags`]),
  ]
}

/** What we say is with WeChat is there, told once. */
function wrongShipments(books: WechatBooks, { shipments, payments }: Ours): string[] {
  const told = new Map(books.shipping_orders.map((order) => [order.transaction_id, order.finish_shipping_count]))
  return shipments.flatMap(({ order_number, status, revision }) => {
    const payment = payments.find((row) => row.order_number === order_number && row.disposition === 'order')
    const count = told.get(payment?.transaction_id ?? '') ?? 0
    const isRight = status === 'uploaded' ? count >= 1 && count <= revision : count <= revision - 1
    return isRight ? [] : [`${order_number}: its shipment ${revision} is ${status}, and WeChat was told ${count} times`]
  })
}

/** A message about a payment reaches a phone once at most. */
function wrongMessages({ messages }: WechatBooks, { orders, outbox }: Ours, { stage }: History): string[] {
  const templateId = stage.merchant.apps[0]?.paidMessage?.templateId
  const about = (orderNumber: string) =>
    messages.filter(({ template_id, data }) => template_id === templateId && Object.values(data).includes(orderNumber))
  return orders.flatMap(({ order_number, status }) => {
    const count = about(order_number).length
    const item = outbox.find(({ kind, once_key }) => kind === 'paid_message' && once_key === order_number)
    const isSent = item?.status === 'done' && item.last_error === null
    const wrong = count > 1 || (count === 1 && status !== 'paid') || (isSent && count === 0)
    return wrong ? [`${order_number} is ${status}, and its buyer got ${count} messages about a payment`] : []
  })
}
