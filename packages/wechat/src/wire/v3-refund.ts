/** Pay v3 refunds, as on the wire. See pay-v3 section 9. Amounts are in fen. */
import { WechatMalformedError } from '../errors.ts'
import type { JsonFields } from './json-fields.ts'
import { withoutUndefined } from './without-undefined.ts'

/** `POST /v3/refund/domestic/refunds` */
export type V3RefundRequest = {
  /** At most 64 of `0-9A-Za-z_-|*@`. The same number is the same refund and is never carried out twice. */
  out_refund_no: string
  /** At most 80 characters. The user sees it unless the refund is partial and at most 1 yuan. */
  reason?: string
  /**
   * Without query string. Always give it: without it WeChat sends a Pay v2 notify to the address set in the merchant
   * platform, or none at all.
   */
  notify_url?: string
  /** AVAILABLE: merchants on the old fund flow only. UNSETTLED: deposits of the travel product only. */
  funds_account?: 'AVAILABLE' | 'UNSETTLED'
  amount: {
    /** What to give back, at least 1; over all refunds of the order at most `total`. */
    refund: number
    /** The order's amount. */
    total: number
    /** Filled in by the client. */
    currency?: 'CNY'
    /** From which of the merchant's accounts; together `refund`. */
    from?: ReadonlyArray<{ account: 'AVAILABLE' | 'UNAVAILABLE'; amount: number }>
  }
  goods_detail?: readonly V3RefundGoods[]
} & ({ transaction_id: string; out_trade_no?: never } | { out_trade_no: string; transaction_id?: never })

export interface V3RefundGoods {
  merchant_goods_id: string
  wechatpay_goods_id?: string
  goods_name?: string
  unit_price: number
  refund_amount: number
  refund_quantity: number
}

/** Banks (each with `_DEBIT`) that a refund can be sent to when the user's own card is dead. */
export const v3RefundBankTypes = [
  'CMB_DEBIT',
  'COMM_DEBIT',
  'ABC_DEBIT',
  'CCB_DEBIT',
  'ICBC_DEBIT',
  'BOC_DEBIT',
  'PAB_DEBIT',
  'SPDB_DEBIT',
  'CITIC_DEBIT',
  'CEB_DEBIT',
  'CMBC_DEBIT',
  'CIB_DEBIT',
  'GDB_DEBIT',
  'PSBC_DEBIT',
  'NBCB_DEBIT',
] as const

export type V3RefundBankType = (typeof v3RefundBankTypes)[number]

/**
 * `POST /v3/refund/domestic/refunds/…/apply-abnormal-refund`. The money goes to a card of the user's, or back to the
 * merchant's own account.
 */
export type V3AbnormalRefundRequest = { out_refund_no: string } & (
  | { type: 'MERCHANT_BANK_CARD' }
  | {
      type: 'USER_BANK_CARD'
      bank_type: V3RefundBankType
      /** The card's number in plain digits; the client encrypts it. */
      bank_account: string
      /** The card holder's name; the client encrypts it. */
      real_name: string
    }
)

/** WeChat may add states: take one you do not know for PROCESSING. */
export type V3RefundStatus = 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL' | (string & Record<never, never>)

/** A refund as WeChat knows it. */
export interface V3Refund {
  refund_id: string
  out_refund_no: string
  transaction_id: string
  out_trade_no: string
  /**
   * PROCESSING: accepted, the money has not moved. SUCCESS: the money is back. CLOSED: ended without; ask again with a
   * new number. ABNORMAL: the user's account does not take it; see {@link V3AbnormalRefundRequest}.
   */
  status: V3RefundStatus
  /** ORIGINAL, BALANCE, OTHER_BALANCE or OTHER_BANKCARD. */
  channel?: string
  /** Where the money goes, in words. */
  user_received_account?: string
  /** RFC 3339 with offset; only with SUCCESS. */
  success_time?: string
  create_time?: string
  funds_account?: string
  amount: {
    total: number
    refund: number
    payer_total?: number
    payer_refund?: number
    settlement_refund?: number
    settlement_total?: number
    discount_refund?: number
    refund_fee?: number
    currency?: string
    from?: Array<{ account: string; amount: number }>
  }
  promotion_detail?: V3RefundPromotion[]
}

/** What became of a coupon. */
export interface V3RefundPromotion {
  promotion_id?: string
  scope?: string
  type?: string
  amount?: number
  refund_amount?: number
}

/** @throws WechatMalformedError */
export function readV3Refund(fields: JsonFields): V3Refund {
  const status = fields.text('status')
  return withoutUndefined<V3Refund>({
    refund_id: fields.text('refund_id'),
    out_refund_no: fields.text('out_refund_no'),
    transaction_id: fields.text('transaction_id'),
    out_trade_no: fields.text('out_trade_no'),
    status,
    channel: fields.optionalText('channel'),
    user_received_account: fields.optionalText('user_received_account'),
    success_time: status === 'SUCCESS' ? fields.optionalText('success_time') : undefined,
    create_time: fields.optionalText('create_time'),
    funds_account: fields.optionalText('funds_account'),
    amount: readAmount(fields.object('amount')),
    promotion_detail: fields.optionalObjects('promotion_detail')?.map(readPromotion),
  })
}

function readAmount(fields: JsonFields): V3Refund['amount'] {
  const total = fields.integer('total')
  const refund = fields.integer('refund')
  if (refund < 1 || refund > total) {
    throw new WechatMalformedError('invalid_field', 'A refund is nothing or larger than its order', 'amount.refund')
  }
  return withoutUndefined<V3Refund['amount']>({
    total,
    refund,
    payer_total: fields.optionalInteger('payer_total'),
    payer_refund: fields.optionalInteger('payer_refund'),
    settlement_refund: fields.optionalInteger('settlement_refund'),
    settlement_total: fields.optionalInteger('settlement_total'),
    discount_refund: fields.optionalInteger('discount_refund'),
    refund_fee: fields.optionalInteger('refund_fee'),
    currency: fields.optionalText('currency'),
    from: fields.optionalObjects('from')?.map((item) => ({
      account: item.text('account'),
      amount: item.integer('amount'),
    })),
  })
}

function readPromotion(fields: JsonFields): V3RefundPromotion {
  return withoutUndefined<V3RefundPromotion>({
    promotion_id: fields.optionalText('promotion_id'),
    scope: fields.optionalText('scope'),
    type: fields.optionalText('type'),
    amount: fields.optionalInteger('amount'),
    refund_amount: fields.optionalInteger('refund_amount'),
  })
}
