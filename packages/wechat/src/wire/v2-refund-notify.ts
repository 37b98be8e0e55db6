/** The Pay v2 refund notify. See pay-v2, "Refund notification". */
import { createDecipheriv, createHash } from 'node:crypto'
import { decodeBase64 } from '../crypto/base64.ts'
import { WechatDecryptError, WechatMalformedError } from '../errors.ts'
import type { V2Fields } from './v2-fields.ts'
import { withoutUndefined } from './without-undefined.ts'

/** Amounts are in fen, times `yyyy-MM-dd HH:mm:ss` Beijing time. */
export interface V2RefundNotify {
  appid: string
  mch_id: string
  transaction_id: string
  out_trade_no: string
  refund_id: string
  out_refund_no: string
  total_fee: number
  refund_fee: number
  settlement_total_fee?: number
  settlement_refund_fee?: number
  refund_status: 'SUCCESS' | 'CHANGE' | 'REFUNDCLOSE' | (string & Record<never, never>)
  /** Only of a refund that succeeded. */
  success_time?: string
  /** Misspelt on the wire. */
  refund_recv_accout: string
  refund_account: string
  /** `API`, or `VENDOR_PLATFORM`: somebody refunded by hand in the merchant platform. */
  refund_request_source: 'API' | 'VENDOR_PLATFORM' | (string & Record<never, never>)
  cash_refund_fee?: number
}

/** @throws WechatMalformedError */
export function readV2RefundNotify(outer: V2Fields, inner: V2Fields): V2RefundNotify {
  if (outer.text('return_code') !== 'SUCCESS') {
    throw new WechatMalformedError('invalid_field', 'return_code is not SUCCESS', 'return_code')
  }
  const refund_status = inner.text('refund_status')
  return withoutUndefined<V2RefundNotify>({
    appid: outer.text('appid'),
    mch_id: outer.text('mch_id'),
    transaction_id: inner.text('transaction_id'),
    out_trade_no: inner.text('out_trade_no'),
    refund_id: inner.text('refund_id'),
    out_refund_no: inner.text('out_refund_no'),
    total_fee: inner.fen('total_fee'),
    refund_fee: inner.fen('refund_fee'),
    settlement_total_fee: inner.optionalFen('settlement_total_fee'),
    settlement_refund_fee: inner.optionalFen('settlement_refund_fee'),
    refund_status,
    success_time: refund_status === 'SUCCESS' ? inner.optionalText('success_time') : undefined,
    refund_recv_accout: inner.text('refund_recv_accout'),
    refund_account: inner.text('refund_account'),
    refund_request_source: inner.text('refund_request_source'),
    cash_refund_fee: inner.optionalFen('cash_refund_fee'),
  })
}

/** The AES key of req_info: the lower-case hex MD5 of the API key, as 32 ASCII bytes. */
export function reqInfoKey(apiKey: string): string {
  return createHash('md5').update(apiKey, 'utf8').digest('hex')
}

/**
 * Decrypts req_info (AES-256-ECB, because WeChat defines it so). ECB does not protect against edits.
 * @throws WechatDecryptError
 */
export function decryptReqInfo(reqInfo: string, key: string): Buffer {
  const sealed = decodeBase64(reqInfo)
  if (sealed === undefined || sealed.length === 0 || sealed.length % 16 !== 0) {
    throw new WechatDecryptError('malformed_input', 'req_info is not base64 of whole AES blocks')
  }
  const decipher = createDecipheriv('aes-256-ecb', Buffer.from(key, 'latin1'), null)
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()])
  } catch {
    throw new WechatDecryptError('undecryptable', 'req_info does not decrypt: wrong API key, or it was altered')
  }
}
