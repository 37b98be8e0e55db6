/** Pay v2 refunds, as on the wire but with amounts as numbers of fen. See pay-v2 sections 7 and 8. */
import { WechatMalformedError } from '../errors.ts'
import type { V2Fields } from './v2-fields.ts'
import { withoutUndefined } from './without-undefined.ts'

/** `/secapi/pay/refund`. The client adds mch_id, nonce_str, sign_type and sign. */
export type V2RefundFields = {
  appid: string
  /** At most 64 of `0-9A-Za-z_-|*@`. The same number is the same refund and is never carried out twice. */
  out_refund_no: string
  /** The order's amount. */
  total_fee: number
  /** What to give back, at least 1; over all refunds of the order at most `total_fee`. */
  refund_fee: number
  refund_fee_type?: 'CNY'
  /** The reason, at most 80 characters. The user sees it unless the refund is partial and at most 1 yuan. */
  refund_desc?: string
  /** Merchants on the old settlement flow only. */
  refund_account?: 'REFUND_SOURCE_UNSETTLED_FUNDS' | 'REFUND_SOURCE_RECHARGE_FUNDS'
  /** Without query string. Without it no notify is sent, unless an address is set in the merchant platform. */
  notify_url?: string
} & ({ transaction_id: string; out_trade_no?: never } | { out_trade_no: string; transaction_id?: never })

/** WeChat accepted the refund. The money has not moved yet: query, or wait for the notify. */
export interface V2RefundResult {
  transaction_id: string
  out_trade_no: string
  out_refund_no: string
  refund_id: string
  refund_fee: number
  total_fee: number
  settlement_refund_fee?: number
  settlement_total_fee?: number
  fee_type?: string
  cash_fee?: number
  cash_fee_type?: string
  cash_refund_fee?: number
  coupon_refund_fee?: number
  coupon_refund_count?: number
}

/** WeChat may add states: take one you do not know for PROCESSING. */
export type V2RefundStatus = 'SUCCESS' | 'PROCESSING' | 'REFUNDCLOSE' | 'CHANGE' | (string & Record<never, never>)

/** One refund of an order; on the wire its own fields end in `_$n`. */
export interface V2Refund {
  transaction_id: string
  out_trade_no: string
  /** The order's amount. */
  total_fee: number
  refund_id: string
  out_refund_no: string
  refund_fee: number
  /**
   * SUCCESS: the money is back. PROCESSING: under way. REFUNDCLOSE: ended without; ask again with a new number.
   * CHANGE: the user's account does not take it and the merchant has it back; pay the user by other means.
   */
  refund_status: V2RefundStatus
  /** ORIGINAL, BALANCE, OTHER_BALANCE or OTHER_BANKCARD. */
  refund_channel?: string
  /** Where the money goes, in words. Misspelt on the wire. */
  refund_recv_accout?: string
  /** `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  refund_success_time?: string
  refund_account?: string
}

/** The refunds in one answer, and how many the order has in all (undefined when WeChat does not say). */
export interface V2RefundPage {
  refunds: V2Refund[]
  totalCount: number | undefined
}

export function readV2RefundResult(fields: V2Fields): V2RefundResult {
  return withoutUndefined<V2RefundResult>({
    transaction_id: fields.text('transaction_id'),
    out_trade_no: fields.text('out_trade_no'),
    out_refund_no: fields.text('out_refund_no'),
    refund_id: fields.text('refund_id'),
    refund_fee: fields.fen('refund_fee'),
    total_fee: fields.fen('total_fee'),
    settlement_refund_fee: fields.optionalFen('settlement_refund_fee'),
    settlement_total_fee: fields.optionalFen('settlement_total_fee'),
    fee_type: fields.optionalText('fee_type'),
    cash_fee: fields.optionalFen('cash_fee'),
    cash_fee_type: fields.optionalText('cash_fee_type'),
    cash_refund_fee: fields.optionalFen('cash_refund_fee'),
    coupon_refund_fee: fields.optionalFen('coupon_refund_fee'),
    coupon_refund_count: fields.optionalCount('coupon_refund_count'),
  })
}

/** An answer has ten at most. */
const pageMax = 10
const numberedForm =
  /^(?:out_refund_no|refund_id|refund_fee|refund_status|refund_channel|refund_recv_accout|refund_success_time|refund_account)_(\d+)$/

/**
 * The refunds of an answer to `/pay/refundquery`. Their number must agree with `refund_count`, and none may come twice.
 * @throws WechatMalformedError
 */
export function readV2RefundPage(fields: V2Fields): V2RefundPage {
  const count = fields.count('refund_count')
  const totalCount = fields.optionalCount('total_refund_count')
  if (count > pageMax || (totalCount !== undefined && totalCount < count)) throw miscounted()
  for (const name of fields.names()) {
    const index = numberedForm.exec(name)?.[1]
    if (index !== undefined && !(String(Number(index)) === index && Number(index) < count)) throw miscounted()
  }
  const refunds = Array.from({ length: count }, (_, index) => readV2Refund(fields, index))
  checkDistinct(refunds)
  return { refunds, totalCount }
}

/** @throws WechatMalformedError when a refund comes twice: counted twice, it would hide that money is left */
export function checkDistinct(refunds: readonly V2Refund[]): void {
  for (const name of ['refund_id', 'out_refund_no'] as const) {
    if (new Set(refunds.map((refund) => refund[name])).size === refunds.length) continue
    throw new WechatMalformedError('invalid_field', `The answer has a ${name} twice`, name)
  }
}

function readV2Refund(fields: V2Fields, index: number): V2Refund {
  const total_fee = fields.fen('total_fee')
  const refund_fee = fields.fen(`refund_fee_${index}`)
  if (refund_fee < 1 || refund_fee > total_fee) {
    throw new WechatMalformedError(
      'invalid_field',
      'A refund is nothing or larger than its order',
      `refund_fee_${index}`,
    )
  }
  return withoutUndefined<V2Refund>({
    transaction_id: fields.text('transaction_id'),
    out_trade_no: fields.text('out_trade_no'),
    total_fee,
    refund_id: fields.text(`refund_id_${index}`),
    out_refund_no: fields.text(`out_refund_no_${index}`),
    refund_fee,
    refund_status: fields.text(`refund_status_${index}`),
    refund_channel: fields.optionalText(`refund_channel_${index}`),
    refund_recv_accout: fields.optionalText(`refund_recv_accout_${index}`),
    refund_success_time: fields.optionalText(`refund_success_time_${index}`),
    refund_account: fields.optionalText(`refund_account_${index}`),
  })
}

export function miscounted(): WechatMalformedError {
  return new WechatMalformedError('invalid_field', 'The counts and entries of the answer disagree', 'refund_count')
}
