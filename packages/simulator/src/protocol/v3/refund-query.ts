import { toRfc3339 } from '../../engine/beijing-time.ts'
import type { Refund } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import { V3Refusal } from './v3-refusal.ts'
import type { V3Request } from './v3-request.ts'

/** GET /v3/refund/domestic/refunds/{out_refund_no} (pay-v3.md 9). */
export function queryRefund(world: World, { merchant, pathValue }: V3Request): object {
  const refund = world.books.refunds.get(merchant.mchid, pathValue)
  if (!refund) throw new V3Refusal('RESOURCE_NOT_EXISTS', '退款单不存在')
  return describeRefund(refund)
}

/** A refund as application and query tell it. */
export const describeRefund = (refund: Refund): object => ({
  refund_id: refund.refundId,
  out_refund_no: refund.outRefundNo,
  transaction_id: refund.transactionId,
  out_trade_no: refund.outTradeNo,
  channel: 'ORIGINAL',
  user_received_account: refund.receivedBy,
  ...(refund.successAtMs === undefined ? {} : { success_time: toRfc3339(refund.successAtMs) }),
  create_time: toRfc3339(refund.createdAtMs),
  status: refund.status,
  funds_account: 'AVAILABLE',
  amount: {
    total: refund.totalFen,
    refund: refund.refundFen,
    from: [],
    payer_total: refund.totalFen,
    payer_refund: refund.refundFen,
    settlement_refund: refund.refundFen,
    settlement_total: refund.totalFen,
    discount_refund: 0,
    currency: 'CNY',
  },
  promotion_detail: [],
})
