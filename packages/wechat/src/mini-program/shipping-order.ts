/** Orders as shipping management knows them, on the wire. See after-payment, section 1.6. */
import { WechatMalformedError } from '../errors.ts'
import { checkId, mchidForm, outTradeNoForm, transactionIdForm } from '../options.ts'
import type { JsonFields } from '../wire/json-fields.ts'
import { withoutUndefined } from '../wire/without-undefined.ts'

/** Names an order to all shipping APIs but the upload. */
export type ShippingOrderKey =
  | { transaction_id: string }
  | { merchant_id: string; merchant_trade_no: string; sub_merchant_id?: string }

/** What WeChat knows of an order's shipping. Times are in seconds since the epoch, amounts in fen. */
export interface ShippingOrder {
  transaction_id: string
  merchant_id: string
  sub_merchant_id?: string
  merchant_trade_no: string
  openid: string
  /** 1 to be shipped, 2 shipped, 3 receipt confirmed, 4 complete, 5 refunded, 6 money to be settled. */
  order_state: number
  description?: string
  paid_amount?: number
  trade_create_time?: number
  pay_time?: number
  /** True while a complaint holds the settlement back. */
  in_complaint?: boolean
  /** Absent until something is shipped. */
  shipping?: {
    delivery_mode?: number
    logistics_type?: number
    finish_shipping?: boolean
    goods_desc?: string
    /** 0, 1, or 2 after the one re-ship. */
    finish_shipping_count?: number
    shipping_list: ShippedEntry[]
  }
}

export interface ShippedEntry {
  tracking_no?: string
  express_company?: string
  goods_desc?: string
  upload_time?: number
  contact?: { consignor_contact?: string; receiver_contact?: string }
}

/** The key's documented fields alone. @throws TypeError */
export function shippingOrderKey(key: ShippingOrderKey): Record<string, string> {
  if ('transaction_id' in key) {
    return { transaction_id: checkId('transaction_id', key.transaction_id, transactionIdForm) }
  }
  const { merchant_id, merchant_trade_no, sub_merchant_id } = key
  if (merchant_id === undefined || merchant_trade_no === undefined) {
    throw new TypeError('An order is named by transaction_id, or merchant_id and merchant_trade_no (not mchid …) here')
  }
  return {
    merchant_id: checkId('merchant_id', merchant_id, mchidForm),
    merchant_trade_no: checkId('merchant_trade_no', merchant_trade_no, outTradeNoForm),
    ...(sub_merchant_id === undefined
      ? {}
      : { sub_merchant_id: checkId('sub_merchant_id', sub_merchant_id, mchidForm) }),
  }
}

/** Reads `order` of get_order, which must be the one asked for. @throws WechatMalformedError */
export function readShippingOrder(fields: JsonFields, asked: Record<string, string>): ShippingOrder {
  const order = withoutUndefined<ShippingOrder>({
    transaction_id: fields.text('transaction_id'),
    merchant_id: fields.text('merchant_id'),
    sub_merchant_id: nonEmpty(fields.optionalText('sub_merchant_id')),
    merchant_trade_no: fields.text('merchant_trade_no'),
    openid: fields.text('openid'),
    order_state: fields.integer('order_state'),
    description: fields.optionalText('description'),
    paid_amount: fields.optionalInteger('paid_amount'),
    trade_create_time: fields.optionalInteger('trade_create_time'),
    pay_time: fields.optionalInteger('pay_time'),
    in_complaint: fields.optionalBoolean('in_complaint'),
    shipping: readShipping(fields.optionalObject('shipping')),
  })
  const answered = new Map<string, unknown>(Object.entries(order))
  for (const [name, value] of Object.entries(asked)) {
    if (answered.get(name) !== value) {
      throw new WechatMalformedError('identity_mismatch', 'The answer is about another order', `order.${name}`)
    }
  }
  return order
}

/** WeChat sends an empty object for an order that is not shipped. */
function readShipping(fields: JsonFields | undefined): ShippingOrder['shipping'] | undefined {
  const entries = fields?.optionalObjects('shipping_list')
  if (fields === undefined || entries === undefined) return undefined
  return withoutUndefined<NonNullable<ShippingOrder['shipping']>>({
    delivery_mode: fields.optionalInteger('delivery_mode'),
    logistics_type: fields.optionalInteger('logistics_type'),
    finish_shipping: fields.optionalBoolean('finish_shipping'),
    goods_desc: fields.optionalText('goods_desc'),
    finish_shipping_count: fields.optionalInteger('finish_shipping_count'),
    shipping_list: entries.map(readShippedEntry),
  })
}

function readShippedEntry(fields: JsonFields): ShippedEntry {
  const contact = fields.optionalObject('contact')
  return withoutUndefined<ShippedEntry>({
    tracking_no: nonEmpty(fields.optionalText('tracking_no')),
    express_company: nonEmpty(fields.optionalText('express_company')),
    goods_desc: fields.optionalText('goods_desc'),
    upload_time: fields.optionalInteger('upload_time'),
    contact:
      contact &&
      withoutUndefined<NonNullable<ShippedEntry['contact']>>({
        consignor_contact: nonEmpty(contact.optionalText('consignor_contact')),
        receiver_contact: nonEmpty(contact.optionalText('receiver_contact')),
      }),
  })
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
