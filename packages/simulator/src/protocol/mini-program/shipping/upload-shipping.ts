import type { ShippingOrder } from '../../../engine/after-payment-records.ts'
import { planShipping, type ShippingRefusal, type ShippingReport, ship } from '../../../engine/shipping.ts'
import type { World } from '../../../world.ts'
import type { Call } from '../../exchange.ts'
import { type WxErrorCode, WxRefusal } from '../wx-error.ts'
import { listAt } from '../wx-input.ts'
import { ok, orderOf, readShippingCall, type ShippingCall } from './shipping-call.ts'
import { type OrderKey, readOrderKey, readPayer, readReport, readUploadTime } from './shipping-fields.ts'

/** POST /wxa/sec/order/upload_shipping_info (after-payment.md 1.3). Fields are checked first, then the order. */
export function uploadShippingInfo(world: World, call: Call): object {
  const shippingCall = readShippingCall(world, call)
  const { input } = shippingCall
  const key = readOrderKey(input)
  const report = readReport(input, readUploadTime(input))
  const openid = readPayer(input)
  const planned = plan(shippingCall, key, report, openid)
  world.books.transact(() => ship(world, planned))
  return ok
}

/**
 * POST /wxa/sec/order/upload_combined_shipping_info (after-payment.md 1.4): all sub-orders or none. Combined payments
 * are not served here, so that the main order's number is checked for its form alone.
 */
export function uploadCombinedShippingInfo(world: World, call: Call): object {
  const shippingCall = readShippingCall(world, call)
  const { input } = shippingCall
  const main = readOrderKey(input)
  const uploadedAtMs = readUploadTime(input)
  const subOrders = listAt(input, 'sub_orders').map((sub) => ({
    key: readOrderKey(sub),
    report: readReport(sub, uploadedAtMs),
  }))
  if (subOrders.length === 0) throw new WxRefusal(10060014, 'sub_orders')
  if (subOrders.some(({ key }) => key.numberType !== main.numberType)) throw new WxRefusal(268485253)
  const openid = readPayer(input)
  const planned = subOrders.map(({ key, report }) => plan(shippingCall, key, report, openid))
  if (new Set(planned.map(({ transactionId }) => transactionId)).size < planned.length) throw new WxRefusal(10060013)
  world.books.transact(() => {
    for (const order of planned) ship(world, order)
  })
  return ok
}

function plan(call: ShippingCall, key: OrderKey, report: ShippingReport, openid: string): ShippingOrder {
  const order = orderOf(call, key)
  if (order.openid !== openid) throw new WxRefusal(10060031)
  const planned = planShipping(call.world, order, report)
  if (typeof planned !== 'string') return planned
  throw new WxRefusal(refusals[planned], planned === 'not-later' ? 'upload_time must be later than before' : undefined)
}

const refusals: Readonly<Record<ShippingRefusal, WxErrorCode>> = {
  unchanged: 10060023,
  refunded: 10060004,
  confirmed: 10060002,
  'reship-used': 10060003,
  'not-later': 10060014,
  'too-many': 10060024,
}
