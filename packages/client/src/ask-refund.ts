import type { AskRefundRequest, Order } from '@fenpay/contract'
import { type FenpayError, statusOf } from './errors.ts'
import type { Parts } from './parts.ts'

/** What a user wants back. */
export interface RefundWish {
  orderNumber: string
  /** 1 to 80 characters on one line, not all blanks. */
  reason: string
  /** Pieces of the order's items. Default: everything that is left. */
  items?: AskRefundRequest['items']
}

/**
 * One wish, to be sent until there is an answer. The server takes one open request of an order: a repeat after silence
 * is told `refund_request_open`, and the request that is open is then the one whose answer got lost.
 */
export function refundAsking(api: Parts['api'], { reason, items }: RefundWish) {
  let mayBeAsked = false
  return (token: string, order_number: string): Promise<Order> =>
    // As JSON, items that are undefined are no items.
    api.askRefund(token, { order_number, reason, items } as AskRefundRequest).catch((error: FenpayError) => {
      if (mayBeAsked && error.code === 'refund_request_open') return api.myOrder(token, order_number)
      mayBeAsked = statusOf(error) !== 401
      throw error
    })
}
