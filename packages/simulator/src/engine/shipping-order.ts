import type { ShippingOrder } from './after-payment-records.ts'
import type { Books } from './books.ts'
import type { Engine } from './engine.ts'
import { wholeSeconds } from './whole-seconds.ts'

/** order_state of get_order. */
export type ShippingState = 1 | 2 | 3 | 4 | 5 | 6

/** 1 to be shipped, 2 shipped, 3 confirmed, 4 settled, 5 refunded, 6 confirmed, but a complaint holds the money. */
export function shippingStateOf({ books }: Pick<Engine, 'books'>, order: ShippingOrder): ShippingState {
  if (isFullyRefunded(books, order)) return 5
  if (order.settledAtMs !== undefined) return 4
  if (order.confirmed) return order.inComplaint ? 6 : 3
  return order.shipping?.finishedAtMs === undefined ? 1 : 2
}

// A refund on its way counts; one that was closed does not.
function isFullyRefunded(books: Books, { mchid, outTradeNo, totalFen }: ShippingOrder): boolean {
  if (books.orders.get(mchid, outTradeNo)?.state !== 'REFUND') return false
  let refundedFen = 0
  for (const refund of books.refunds.values()) {
    const counts = refund.mchid === mchid && refund.outTradeNo === outTradeNo && refund.status !== 'CLOSED'
    if (counts) refundedFen += refund.refundFen
  }
  return refundedFen >= totalFen
}

/** All goods of an order in one text, cut at 120 characters. */
export function goodsText({ description, shipping }: ShippingOrder): string {
  const text = [...(shipping?.parcels.map(({ itemDesc }) => itemDesc).join('；') ?? description)]
  return text.length > 120 ? `${text.slice(0, 117).join('')}...` : text.join('')
}

/** What each push about an order names. */
export const orderFields = (order: ShippingOrder): Record<string, string | number> => ({
  transaction_id: order.transactionId,
  merchant_id: order.mchid,
  sub_merchant_id: '',
  merchant_trade_no: order.outTradeNo,
  pay_time: wholeSeconds(order.paidAtMs),
})
