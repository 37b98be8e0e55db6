/** The rules of pay-v2 section 7 that can be checked before a call. */
import { checkId, outRefundNoForm } from '../options.ts'
import {
  checkNotifyUrl,
  checkOneOf,
  checkOptionalText,
  checkOrderOf,
  checkRefundAmounts,
} from '../wire/refund-rules.ts'
import type { V2RefundFields } from '../wire/v2-refund.ts'

/** @throws TypeError */
export function checkV2Refund(refund: V2RefundFields): void {
  checkOrderOf(refund)
  checkId('out_refund_no', refund.out_refund_no, outRefundNoForm)
  checkRefundAmounts(['refund_fee', refund.refund_fee], ['total_fee', refund.total_fee])
  checkOneOf('refund_fee_type', refund.refund_fee_type, ['CNY'])
  checkOptionalText('refund_desc', refund.refund_desc, 80)
  checkOneOf('refund_account', refund.refund_account, ['REFUND_SOURCE_UNSETTLED_FUNDS', 'REFUND_SOURCE_RECHARGE_FUNDS'])
  checkNotifyUrl(refund.notify_url)
}
