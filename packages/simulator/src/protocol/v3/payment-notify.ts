import type { Order, Payment } from '../../engine/records.ts'
import type { NotifyContent } from './notify-envelope.ts'
import { transactionOf } from './order-query.ts'

/** What a v3 payment notification tells (pay-v3.md 11). */
export const v3PaymentNotify = (order: Order, payment: Payment): NotifyContent => ({
  eventType: 'TRANSACTION.SUCCESS',
  summary: '支付成功',
  originalType: 'transaction',
  resource: transactionOf(order, payment, 'SUCCESS'),
})

/** Whether the back end took a v3 notification: 200 or 204, the body does not matter. */
export const isV3Acknowledgement = (status: number): boolean => status === 200 || status === 204
