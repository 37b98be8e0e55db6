import { toRfc3339 } from '../../engine/beijing-time.ts'
import type { Refund } from '../../engine/records.ts'
import type { NotifyContent } from './notify-envelope.ts'

const summaries: Readonly<Record<Refund['status'], string>> = {
  PROCESSING: '退款处理中',
  SUCCESS: '退款成功',
  ABNORMAL: '退款异常',
  CLOSED: '退款关闭',
}

/** What a v3 refund notification tells (pay-v3.md 11): `refund_status`, and neither channel nor funds_account. */
export const v3RefundNotify = (refund: Refund): NotifyContent => ({
  eventType: `REFUND.${refund.status}`,
  summary: summaries[refund.status],
  originalType: 'refund',
  resource: {
    mchid: refund.mchid,
    transaction_id: refund.transactionId,
    out_trade_no: refund.outTradeNo,
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    refund_status: refund.status,
    ...(refund.successAtMs === undefined ? {} : { success_time: toRfc3339(refund.successAtMs) }),
    user_received_account: refund.receivedBy,
    amount: {
      total: refund.totalFen,
      refund: refund.refundFen,
      payer_total: refund.totalFen,
      payer_refund: refund.refundFen,
    },
  },
})
