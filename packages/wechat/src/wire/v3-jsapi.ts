/** Pay v3, JSAPI and Mini Program payment, as on the wire. See pay-v3 sections 6 and 8. Amounts are in fen. */
import type { JsonFields } from './json-fields.ts'
import { withoutUndefined } from './without-undefined.ts'

/** `POST /v3/pay/transactions/jsapi` */
export interface V3JsapiRequest {
  appid: string
  /** Filled in by the client; another merchant's is a TypeError. */
  mchid?: string
  description: string
  out_trade_no: string
  /** RFC 3339 with offset. */
  time_expire?: string
  attach?: string
  notify_url: string
  goods_tag?: string
  support_fapiao?: boolean
  limit_pay?: readonly string[]
  amount: { total: number; currency?: string }
  payer: { openid: string }
  detail?: {
    cost_price?: number
    invoice_id?: string
    goods_detail?: ReadonlyArray<{
      merchant_goods_id: string
      wechatpay_goods_id?: string
      goods_name?: string
      quantity: number
      unit_price: number
    }>
  }
  scene_info?: {
    payer_client_ip: string
    device_id?: string
    store_info?: { id: string; name?: string; area_code?: string; address?: string }
  }
  settle_info?: { profit_sharing?: boolean }
}

/** WeChat may add states; compare with the ones you know and keep the order open otherwise. */
export type V3TradeState =
  | 'SUCCESS'
  | 'REFUND'
  | 'NOTPAY'
  | 'CLOSED'
  | 'REVOKED'
  | 'USERPAYING'
  | 'PAYERROR'
  | (string & Record<never, never>)

/** An order as WeChat knows it; fields about the payment are absent until it is paid. */
export interface V3Transaction {
  appid: string
  mchid: string
  out_trade_no: string
  /** REFUND is a paid order with at least one refund, also a partial one. */
  trade_state: V3TradeState
  trade_state_desc?: string
  transaction_id?: string
  trade_type?: string
  bank_type?: string
  attach?: string
  /** RFC 3339 with offset. */
  success_time?: string
  payer?: { openid?: string }
  amount?: { total?: number; payer_total?: number; currency?: string; payer_currency?: string }
  scene_info?: { device_id?: string }
  promotion_detail?: V3Promotion[]
}

export interface V3Promotion {
  coupon_id: string
  name?: string
  scope?: string
  type?: string
  amount: number
  stock_id?: string
  wechatpay_contribute?: number
  merchant_contribute?: number
  other_contribute?: number
  currency?: string
}

/** @throws WechatMalformedError */
export function readV3Transaction(fields: JsonFields): V3Transaction {
  const payer = fields.optionalObject('payer')
  const amount = fields.optionalObject('amount')
  const scene = fields.optionalObject('scene_info')
  return withoutUndefined<V3Transaction>({
    appid: fields.text('appid'),
    mchid: fields.text('mchid'),
    out_trade_no: fields.text('out_trade_no'),
    trade_state: fields.text('trade_state'),
    trade_state_desc: fields.optionalText('trade_state_desc'),
    transaction_id: fields.optionalText('transaction_id'),
    trade_type: fields.optionalText('trade_type'),
    bank_type: fields.optionalText('bank_type'),
    attach: fields.optionalText('attach'),
    success_time: fields.optionalText('success_time'),
    payer: payer && withoutUndefined<{ openid?: string }>({ openid: payer.optionalText('openid') }),
    amount: amount && readAmount(amount),
    scene_info: scene && withoutUndefined<{ device_id?: string }>({ device_id: scene.optionalText('device_id') }),
    promotion_detail: fields.optionalObjects('promotion_detail')?.map(readPromotion),
  })
}

function readAmount(fields: JsonFields): NonNullable<V3Transaction['amount']> {
  return withoutUndefined<NonNullable<V3Transaction['amount']>>({
    total: fields.optionalInteger('total'),
    payer_total: fields.optionalInteger('payer_total'),
    currency: fields.optionalText('currency'),
    payer_currency: fields.optionalText('payer_currency'),
  })
}

function readPromotion(fields: JsonFields): V3Promotion {
  return withoutUndefined<V3Promotion>({
    coupon_id: fields.text('coupon_id'),
    name: fields.optionalText('name'),
    scope: fields.optionalText('scope'),
    type: fields.optionalText('type'),
    amount: fields.integer('amount'),
    stock_id: fields.optionalText('stock_id'),
    wechatpay_contribute: fields.optionalInteger('wechatpay_contribute'),
    merchant_contribute: fields.optionalInteger('merchant_contribute'),
    other_contribute: fields.optionalInteger('other_contribute'),
    currency: fields.optionalText('currency'),
  })
}
