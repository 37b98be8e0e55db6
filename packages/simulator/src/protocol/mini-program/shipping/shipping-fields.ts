import type { Parcel } from '../../../engine/after-payment-records.ts'
import { fromRfc3339 } from '../../../engine/beijing-time.ts'
import type { ShippingReport } from '../../../engine/shipping.ts'
import { WxRefusal } from '../wx-error.ts'
import { booleanAt, listAt, numberAt, objectIn, textAt, type WxInput } from '../wx-input.ts'

/** The field rules of upload_shipping_info and its combined kin (after-payment.md 1.3 to 1.5). */

/** order_key: which payment is meant. The numbers that its type does not use are empty. */
export interface OrderKey {
  readonly numberType: number
  readonly transactionId: string
  readonly mchid: string
  readonly outTradeNo: string
}

export function readOrderKey(input: WxInput): OrderKey {
  const key = objectIn(input, 'order_key') ?? {}
  const numberType = numberAt(key, 'order_number_type')
  if (numberType === 2) {
    const transactionId = textAt(key, 'transaction_id') ?? ''
    if (transactionId === '') throw new WxRefusal(268485195)
    return { numberType, transactionId, mchid: '', outTradeNo: '' }
  }
  if (numberType !== 1) throw new WxRefusal(268485194)
  const mchid = textAt(key, 'mchid') ?? ''
  if (mchid === '') throw new WxRefusal(268485196)
  const outTradeNo = textAt(key, 'out_trade_no') ?? ''
  if (outTradeNo === '') throw new WxRefusal(268485197)
  return { numberType, transactionId: '', mchid, outTradeNo }
}

/** upload_time, in milliseconds. */
export function readUploadTime(input: WxInput): number {
  const uploadedAtMs = fromRfc3339(textAt(input, 'upload_time') ?? '')
  if (uploadedAtMs === undefined) throw new WxRefusal(268485216)
  return uploadedAtMs
}

/** payer.openid. */
export function readPayer(input: WxInput): string {
  const openid = textAt(objectIn(input, 'payer') ?? {}, 'openid') ?? ''
  if (openid === '') throw new WxRefusal(10060014, 'payer.openid')
  return openid
}

/** How the goods travel, and in which parcels. */
export function readReport(input: WxInput, uploadedAtMs: number): ShippingReport {
  const logisticsType = numberAt(input, 'logistics_type') ?? 0
  if (logisticsType < 1 || logisticsType > 4) throw new WxRefusal(10060005)
  const deliveryMode = numberAt(input, 'delivery_mode')
  if (deliveryMode !== 1 && deliveryMode !== 2) throw new WxRefusal(268485224)
  const split = deliveryMode === 2
  if (split && logisticsType !== 1) throw new WxRefusal(10060006)
  const isAllDelivered = booleanAt(input, 'is_all_delivered')
  if (split && isAllDelivered === undefined) throw new WxRefusal(10060007)
  const list = listAt(input, 'shipping_list')
  if (list.length > 15) throw new WxRefusal(10060024)
  if (!split && list.length !== 1) throw new WxRefusal(268485228)
  if (list.length === 0) throw new WxRefusal(10060014, 'shipping_list')
  const parcels = list.map((entry) => ({ ...readParcel(entry, logisticsType === 1), uploadedAtMs }))
  return { logisticsType, deliveryMode, isAllDelivered: split ? isAllDelivered === true : true, parcels, uploadedAtMs }
}

function readParcel(entry: WxInput, express: boolean): Omit<Parcel, 'uploadedAtMs'> {
  const trackingNo = textAt(entry, 'tracking_no') ?? ''
  const expressCompany = textAt(entry, 'express_company') ?? ''
  if (express && trackingNo === '') throw new WxRefusal(268485226)
  if (express && expressCompany === '') throw new WxRefusal(268485227)
  if (expressCompany.length > 128) throw new WxRefusal(10060025)
  if (trackingNo.length > 128) throw new WxRefusal(10060026)
  const contacts = readContacts(entry)
  if (express && expressCompany === 'SF' && Object.keys(contacts).length === 0) {
    throw new WxRefusal(10060014, 'contact: SF needs consignor_contact or receiver_contact')
  }
  return {
    itemDesc: readItemDesc(entry),
    ...(trackingNo === '' ? {} : { trackingNo }),
    ...(expressCompany === '' ? {} : { expressCompany }),
    ...contacts,
  }
}

function readItemDesc(entry: WxInput): string {
  const itemDesc = textAt(entry, 'item_desc')
  if (itemDesc === undefined) throw new WxRefusal(10060020)
  if (itemDesc === '') throw new WxRefusal(10060008)
  if ([...itemDesc].length > 120) throw new WxRefusal(10060009)
  return itemDesc
}

function readContacts(entry: WxInput): Pick<Parcel, 'consignorContact' | 'receiverContact'> {
  const contact = objectIn(entry, 'contact') ?? {}
  const masked = (name: string): string | undefined => {
    const number = textAt(contact, name)
    if (number === undefined || number === '') return undefined
    // Nothing but the last four digits has to be readable; real numbers are not to be sent.
    if (!/^[\d+-]*\*+\d{4}$/.test(number)) throw new WxRefusal(10060014, `contact.${name} must be masked`)
    return number
  }
  const consignorContact = masked('consignor_contact')
  const receiverContact = masked('receiver_contact')
  return {
    ...(consignorContact === undefined ? {} : { consignorContact }),
    ...(receiverContact === undefined ? {} : { receiverContact }),
  }
}
