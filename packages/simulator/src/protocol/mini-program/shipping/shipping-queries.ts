import type { Parcel, ShippingOrder } from '../../../engine/after-payment-records.ts'
import { goodsText, shippingStateOf } from '../../../engine/shipping-order.ts'
import { wholeSeconds } from '../../../engine/whole-seconds.ts'
import type { World } from '../../../world.ts'
import type { Call } from '../../exchange.ts'
import { WxRefusal } from '../wx-error.ts'
import { numberAt, objectIn, textAt } from '../wx-input.ts'
import { ok, orderByMerchantNames, readShippingCall } from './shipping-call.ts'

const pageSizeMax = 100

/** POST /wxa/sec/order/get_order (after-payment.md 1.6). */
export function getOrder(world: World, call: Call): object {
  return { ...ok, order: describe(world, orderByMerchantNames(readShippingCall(world, call))) }
}

/** POST /wxa/sec/order/get_order_list (after-payment.md 1.7): by time of payment. */
export function getOrderList(world: World, call: Call): object {
  const { appid, input } = readShippingCall(world, call)
  const range = objectIn(input, 'pay_time_range') ?? {}
  const [from, to] = [numberAt(range, 'begin_time') ?? 0, numberAt(range, 'end_time') ?? Number.MAX_SAFE_INTEGER]
  const [state, openid] = [numberAt(input, 'order_state'), textAt(input, 'openid') ?? '']
  const size = Math.min(Math.max(numberAt(input, 'page_size') ?? pageSizeMax, 1), pageSizeMax)
  const nowMs = world.clock.nowMs()
  const all = [...world.books.shippingOrders.values()]
    .filter((order) => order.appid === appid && nowMs >= order.knownAtMs)
    .sort((a, b) => a.paidAtMs - b.paidAtMs)
  const rest = all.slice(startAfter(all, textAt(input, 'last_index') ?? ''))
  const found = rest.filter(
    (order) =>
      wholeSeconds(order.paidAtMs) >= from &&
      wholeSeconds(order.paidAtMs) <= to &&
      (state === undefined || shippingStateOf(world, order) === state) &&
      (openid === '' || order.openid === openid),
  )
  const page = found.slice(0, size)
  return {
    ...ok,
    last_index: page.at(-1)?.transactionId ?? '',
    has_more: found.length > size,
    order_list: page.map((order) => describe(world, order)),
  }
}

// last_index is the transaction_id of the last order shown.
function startAfter(all: readonly ShippingOrder[], lastIndex: string): number {
  if (lastIndex === '') return 0
  const index = all.findIndex(({ transactionId }) => transactionId === lastIndex)
  if (index < 0) throw new WxRefusal(10060011)
  return index + 1
}

function describe(world: World, order: ShippingOrder): object {
  const { shipping } = order
  return {
    transaction_id: order.transactionId,
    merchant_id: order.mchid,
    sub_merchant_id: '',
    merchant_trade_no: order.outTradeNo,
    description: goodsText(order),
    paid_amount: order.totalFen,
    openid: order.openid,
    trade_create_time: wholeSeconds(order.createdAtMs),
    pay_time: wholeSeconds(order.paidAtMs),
    order_state: shippingStateOf(world, order),
    in_complaint: order.inComplaint,
    shipping:
      shipping === undefined
        ? {}
        : {
            delivery_mode: shipping.deliveryMode,
            logistics_type: shipping.logisticsType,
            finish_shipping: shipping.finishedAtMs !== undefined,
            goods_desc: goodsText(order),
            finish_shipping_count: order.finishCount,
            shipping_list: shipping.parcels.map(describeParcel),
          },
  }
}

const describeParcel = (parcel: Parcel): object => ({
  tracking_no: parcel.trackingNo ?? '',
  express_company: parcel.expressCompany ?? '',
  goods_desc: parcel.itemDesc,
  upload_time: wholeSeconds(parcel.uploadedAtMs),
  contact: { consignor_contact: parcel.consignorContact, receiver_contact: parcel.receiverContact },
})
