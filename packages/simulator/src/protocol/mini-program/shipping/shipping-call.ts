import type { ShippingOrder } from '../../../engine/after-payment-records.ts'
import { runShippingClock } from '../../../engine/shipping-clock.ts'
import { tradeManagementOf } from '../../../engine/trade-management.ts'
import type { World } from '../../../world.ts'
import type { Call } from '../../exchange.ts'
import { appOfToken } from '../credentials.ts'
import { WxRefusal } from '../wx-error.ts'
import { readLiteralBody, textAt, type WxInput } from '../wx-input.ts'

/** A call of the shipping APIs, its token checked. */
export interface ShippingCall {
  readonly world: World
  readonly appid: string
  readonly input: WxInput
}

/** Reads a call of an app that has opened shipping management; throws `WxRefusal`, 48001 when it has not. */
export function readShippingCall(world: World, call: Call): ShippingCall {
  const input = readLiteralBody(call)
  const appid = appOfToken(world, call)
  if (!tradeManagementOf(world, appid).managed) throw new WxRefusal(48001)
  runShippingClock(world, world.clock.nowMs())
  return { world, appid, input }
}

/** The order of get_order and notify_confirm_receive, which say merchant_id and merchant_trade_no. */
export function orderByMerchantNames(call: ShippingCall): ShippingOrder {
  const transactionId = textAt(call.input, 'transaction_id') ?? ''
  const mchid = textAt(call.input, 'merchant_id') ?? ''
  const outTradeNo = textAt(call.input, 'merchant_trade_no') ?? ''
  if (transactionId === '' && (mchid === '' || outTradeNo === '')) {
    throw new WxRefusal(10060014, 'transaction_id, or merchant_id and merchant_trade_no')
  }
  return orderOf(call, { transactionId, mchid, outTradeNo })
}

/** An order of this app that shipping management knows by now; throws 10060001, or 10060004 while it is unpaid. */
export function orderOf(
  { world, appid }: Pick<ShippingCall, 'world' | 'appid'>,
  { transactionId, mchid, outTradeNo }: { transactionId: string; mchid: string; outTradeNo: string },
): ShippingOrder {
  const { shippingOrders, orders } = world.books
  const order = transactionId === '' ? shippingOrders.get(mchid, outTradeNo) : shippingOrders.find(transactionId)
  if (order?.appid === appid && world.clock.nowMs() >= order.knownAtMs) return order
  const unpaid = transactionId === '' ? orders.get(mchid, outTradeNo) : undefined
  throw new WxRefusal(unpaid?.appid === appid && !unpaid.payment ? 10060004 : 10060001)
}

/** What most calls of the family answer. */
export const ok = { errcode: 0, errmsg: 'ok' } as const
