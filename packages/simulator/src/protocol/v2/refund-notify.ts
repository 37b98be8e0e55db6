import { encryptReqInfo, reqInfoKey } from '../../crypto/req-info.ts'
import { toSpacedTime } from '../../engine/beijing-time.ts'
import { alphabets, type RandomBytes, randomText } from '../../engine/random.ts'
import type { Order, Refund } from '../../engine/records.ts'
import { v2RefundStatus } from './refund-states.ts'
import { writeXml } from './xml.ts'

/** The body of a v2 refund notification (pay-v2.md 13): no signature, all that matters encrypted. */
export function v2RefundNotify(
  random: RandomBytes,
  { appid, mchid }: Pick<Order, 'appid' | 'mchid'>,
  refund: Refund,
  apiV2Key: string,
): string {
  const plaintext = writeXml(
    [
      ['out_refund_no', refund.outRefundNo],
      ['out_trade_no', refund.outTradeNo],
      ['refund_account', 'REFUND_SOURCE_RECHARGE_FUNDS'],
      ['refund_fee', String(refund.refundFen)],
      ['refund_id', refund.refundId],
      ['refund_recv_accout', refund.receivedBy],
      ['refund_request_source', refund.source === 'api' ? 'API' : 'VENDOR_PLATFORM'],
      ['refund_status', v2RefundStatus[refund.status]],
      ['settlement_refund_fee', String(refund.refundFen)],
      ['settlement_total_fee', String(refund.totalFen)],
      ['success_time', refund.successAtMs === undefined ? '' : toSpacedTime(refund.successAtMs)],
      ['total_fee', String(refund.totalFen)],
      ['transaction_id', refund.transactionId],
    ],
    'root',
  )
  return writeXml([
    ['return_code', 'SUCCESS'],
    ['appid', appid],
    ['mch_id', mchid],
    ['nonce_str', randomText(random, alphabets.alphanumeric, 32)],
    ['req_info', encryptReqInfo(plaintext, reqInfoKey(apiV2Key))],
  ])
}
