/** Pay v2 orders, as on the wire but with amounts as numbers of fen. See pay-v2 sections 4, 5 and 12. */
import type { V2Fields } from './v2-fields.ts'
import { withoutUndefined } from './without-undefined.ts'

/** `/pay/unifiedorder`. The client adds mch_id, nonce_str, sign_type and sign. */
export interface V2UnifiedOrderFields {
  appid: string
  body: string
  out_trade_no: string
  total_fee: number
  /** The payer's IPv4 or IPv6 address. */
  spbill_create_ip: string
  notify_url: string
  trade_type: 'JSAPI' | 'NATIVE' | 'APP' | 'MWEB'
  /** Required for JSAPI; the openid under this appid. */
  openid?: string
  version?: '1.0'
  device_info?: string
  /** JSON text. */
  detail?: string
  attach?: string
  fee_type?: string
  /** `yyyyMMddHHmmss`, Beijing time. */
  time_start?: string
  /** `yyyyMMddHHmmss`, Beijing time; WeChat takes it on the first call for a number only. */
  time_expire?: string
  goods_tag?: string
  product_id?: string
  limit_pay?: string
  receipt?: string
  profit_sharing?: string
  /** JSON text. */
  scene_info?: string
}

export interface V2UnifiedOrderResult {
  prepay_id: string
  trade_type: string
  device_info?: string
  code_url?: string
  mweb_url?: string
}

/** WeChat may add states; compare with the ones you know and keep the order open otherwise. */
export type V2TradeState =
  | 'SUCCESS'
  | 'REFUND'
  | 'NOTPAY'
  | 'CLOSED'
  | 'REVOKED'
  | 'USERPAYING'
  | 'PAYERROR'
  | 'ACCEPT'
  | (string & Record<never, never>)

interface V2Payment {
  device_info?: string
  is_subscribe?: string
  /** The order's amount minus coupons that are not money; only with coupons. */
  settlement_total_fee?: number
  fee_type?: string
  cash_fee_type?: string
  coupon_fee?: number
  attach?: string
}

/** An order as WeChat knows it. Unless it was paid, only the number and the state are sure to be there. */
export interface V2Order extends V2Payment {
  appid: string
  mch_id: string
  out_trade_no: string
  trade_state: V2TradeState
  trade_state_desc?: string
  transaction_id?: string
  openid?: string
  trade_type?: string
  bank_type?: string
  total_fee?: number
  cash_fee?: number
  /** `yyyyMMddHHmmss`, Beijing time. */
  time_end?: string
}

/** A genuine notify of a successful payment. */
export interface V2PaymentNotify extends V2Payment {
  appid: string
  mch_id: string
  out_trade_no: string
  transaction_id: string
  openid: string
  trade_type: string
  bank_type: string
  total_fee: number
  cash_fee: number
  /** `yyyyMMddHHmmss`, Beijing time. */
  time_end: string
}

export function readV2UnifiedOrderResult(fields: V2Fields): V2UnifiedOrderResult {
  return withoutUndefined<V2UnifiedOrderResult>({
    prepay_id: fields.text('prepay_id'),
    trade_type: fields.text('trade_type'),
    device_info: fields.optionalText('device_info'),
    code_url: fields.optionalText('code_url'),
    mweb_url: fields.optionalText('mweb_url'),
  })
}

export function readV2Order(fields: V2Fields): V2Order {
  return withoutUndefined<V2Order>({
    appid: fields.text('appid'),
    mch_id: fields.text('mch_id'),
    out_trade_no: fields.text('out_trade_no'),
    trade_state: fields.text('trade_state'),
    trade_state_desc: fields.optionalText('trade_state_desc'),
    transaction_id: fields.optionalText('transaction_id'),
    openid: fields.optionalText('openid'),
    trade_type: fields.optionalText('trade_type'),
    bank_type: fields.optionalText('bank_type'),
    total_fee: fields.optionalFen('total_fee'),
    cash_fee: fields.optionalFen('cash_fee'),
    time_end: fields.optionalText('time_end'),
    ...readPayment(fields),
  })
}

export function readV2PaymentNotify(fields: V2Fields): V2PaymentNotify {
  return withoutUndefined<V2PaymentNotify>({
    appid: fields.text('appid'),
    mch_id: fields.text('mch_id'),
    out_trade_no: fields.text('out_trade_no'),
    transaction_id: fields.text('transaction_id'),
    openid: fields.text('openid'),
    trade_type: fields.text('trade_type'),
    bank_type: fields.text('bank_type'),
    total_fee: fields.fen('total_fee'),
    cash_fee: fields.fen('cash_fee'),
    time_end: fields.text('time_end'),
    ...readPayment(fields),
  })
}

function readPayment(fields: V2Fields) {
  return {
    device_info: fields.optionalText('device_info'),
    is_subscribe: fields.optionalText('is_subscribe'),
    settlement_total_fee: fields.optionalFen('settlement_total_fee'),
    fee_type: fields.optionalText('fee_type'),
    cash_fee_type: fields.optionalText('cash_fee_type'),
    coupon_fee: fields.optionalFen('coupon_fee'),
    attach: fields.optionalText('attach'),
  }
}
