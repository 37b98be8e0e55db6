/** What is uploaded to order shipping management, as on the wire. See after-payment, section 1.3. */
import { checkId, mchidForm, openidForm, outTradeNoForm, transactionIdForm } from '../options.ts'
import { checkMessageText, cutText } from './message-text.ts'

/** One parcel, or all goods at once if nothing is sent by express. */
export interface ShippingEntry {
  /** 1–128 characters; required for express. */
  tracking_no?: string
  /** WeChat's id of the carrier (`SF`, `ZTO`, …), 1–128 characters; required for express. */
  express_company?: string
  /** What is in it, 1–120 characters, such as `noodles*1`; {@link fitItemDesc} makes a longer text fit. */
  item_desc: string
  /** Masked telephone numbers such as `189****1234`: the last four digits visible. `SF` needs one of them. */
  contact?: { consignor_contact?: string; receiver_contact?: string }
}

/** `POST /wxa/sec/order/upload_shipping_info`. Numbers are numbers: WeChat refuses texts (47001). */
export interface ShippingInfo {
  /** Note the names: getShippingOrder calls the same things merchant_id and merchant_trade_no. */
  order_key:
    | { order_number_type: 1; mchid: string; out_trade_no: string }
    | { order_number_type: 2; transaction_id: string }
  /** 1 express, 2 delivery within the city, 3 virtual goods, 4 collected by the user. */
  logistics_type: 1 | 2 | 3 | 4
  /** 1 all at once (exactly one entry), 2 split over several parcels (express only). */
  delivery_mode: 1 | 2
  /** Required when split. The user hears of the shipping only once it is true. */
  is_all_delivered?: boolean
  /** 1–15 entries. */
  shipping_list: readonly ShippingEntry[]
  /** Beijing time as `2022-12-15T13:29:35.120+08:00`; later than that of an earlier upload for the order. */
  upload_time: string
  /** The payer under this appid. */
  payer: { openid: string }
}

const shortForm = /^[\x21-\x7e]{1,128}$/
const uploadTimeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?\+08:00$/
const itemDescMax = 120

/** Cuts an item_desc to its 120 characters, never inside a character, with … at its end. */
export function fitItemDesc(text: string): string {
  return cutText(text, itemDescMax)
}

/** The body of an upload with only the documented fields. @throws TypeError for what WeChat would refuse */
export function shippingBody(info: ShippingInfo): object {
  const { logistics_type, delivery_mode, is_all_delivered, shipping_list, upload_time } = info
  if (![1, 2, 3, 4].includes(logistics_type)) throw new TypeError('logistics_type must be the number 1, 2, 3 or 4')
  if (![1, 2].includes(delivery_mode)) throw new TypeError('delivery_mode must be the number 1 or 2')
  const isSplit = delivery_mode === 2
  if (isSplit && logistics_type !== 1) throw new TypeError('delivery_mode 2 (split) is for express only')
  if (is_all_delivered === undefined ? isSplit : typeof is_all_delivered !== 'boolean') {
    throw new TypeError('is_all_delivered must be true or false; split delivery needs it')
  }
  const countMax = isSplit ? 15 : 1
  if (!Array.isArray(shipping_list) || shipping_list.length < 1 || shipping_list.length > countMax) {
    throw new TypeError(`shipping_list must be a list of ${isSplit ? '1 to 15 entries' : 'exactly one entry'}`)
  }
  if (typeof upload_time !== 'string' || !uploadTimeForm.test(upload_time) || Number.isNaN(Date.parse(upload_time))) {
    throw new TypeError('upload_time must be Beijing time such as 2022-12-15T13:29:35.120+08:00')
  }
  return {
    order_key: orderKey(info.order_key),
    logistics_type,
    delivery_mode,
    is_all_delivered,
    shipping_list: shipping_list.map((entry) => shippingEntry(entry, logistics_type === 1)),
    upload_time,
    payer: { openid: checkId('payer.openid', info.payer?.openid, openidForm) },
  }
}

function orderKey(key: ShippingInfo['order_key']): object {
  if (key?.order_number_type === 2) {
    return { order_number_type: 2, transaction_id: checkId('transaction_id', key.transaction_id, transactionIdForm) }
  }
  if (key?.order_number_type !== 1) throw new TypeError('order_number_type must be the number 1 or 2')
  return {
    order_number_type: 1,
    mchid: checkId('mchid', key.mchid, mchidForm),
    out_trade_no: checkId('out_trade_no', key.out_trade_no, outTradeNoForm),
  }
}

function shippingEntry(entry: ShippingEntry, isExpress: boolean): object {
  const { tracking_no, express_company, contact } = entry
  if (isExpress || tracking_no !== undefined) checkId('tracking_no', tracking_no, shortForm)
  if (isExpress || express_company !== undefined) checkId('express_company', express_company, shortForm)
  const { consignor_contact, receiver_contact } = contact ?? {}
  if (consignor_contact !== undefined) checkMasked('consignor_contact', consignor_contact)
  if (receiver_contact !== undefined) checkMasked('receiver_contact', receiver_contact)
  const hasContact = consignor_contact !== undefined || receiver_contact !== undefined
  if (express_company === 'SF' && !hasContact) {
    throw new TypeError('SF needs consignor_contact or receiver_contact, such as 189****1234')
  }
  return {
    tracking_no,
    express_company,
    item_desc: checkMessageText('item_desc', entry.item_desc, itemDescMax),
    contact: hasContact ? { consignor_contact, receiver_contact } : undefined,
  }
}

/** WeChat wants four digits at the end and the rest hidden; four hidden ones at least, or it is a number in clear. */
function checkMasked(name: string, contact: unknown): void {
  const isPhone = typeof contact === 'string' && /^[0-9*+ -]{8,64}$/.test(contact)
  const characters = isPhone ? contact.replace(/[+ -]/g, '') : ''
  if (!/\d{4}$/.test(characters) || characters.split('*').length < 5) {
    throw new TypeError(`${name} must be masked but for its last four digits, such as 189****1234`)
  }
}
