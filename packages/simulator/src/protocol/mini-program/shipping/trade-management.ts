import { confirmReminder, markSpecial } from '../../../engine/shipping.ts'
import { shippingStateOf } from '../../../engine/shipping-order.ts'
import { tradeManagementOf } from '../../../engine/trade-management.ts'
import { wholeSeconds } from '../../../engine/whole-seconds.ts'
import type { World } from '../../../world.ts'
import type { Call } from '../../exchange.ts'
import { appOfToken, readWxBody } from '../credentials.ts'
import { WxRefusal } from '../wx-error.ts'
import { numberAt, textAt } from '../wx-input.ts'
import { ok, orderByMerchantNames, readShippingCall } from './shipping-call.ts'

const daySeconds = 86_400

/** POST /wxa/sec/order/is_trade_managed (after-payment.md 1.1). */
export const isTradeManaged = (world: World, call: Call): object => ({
  ...ok,
  is_trade_managed: tradeManagementOf(world, ownAppid(world, call)).managed,
})

/** POST /wxa/sec/order/is_trade_management_confirmation_completed (after-payment.md 1.1). */
export const isTradeManagementConfirmationCompleted = (world: World, call: Call): object => ({
  ...ok,
  completed: tradeManagementOf(world, ownAppid(world, call)).agreementDone,
})

/** POST /wxa/sec/order/set_msg_jump_path (after-payment.md 1.9). An empty path means the platform's own page. */
export function setMsgJumpPath(world: World, call: Call): object {
  const { appid, input } = readShippingCall(world, call)
  const jumpPath = textAt(input, 'path')
  if (jumpPath === undefined) throw new WxRefusal(10060014, 'path')
  world.books.transact(() => world.books.tradeManagement.put({ ...tradeManagementOf(world, appid), jumpPath }))
  return ok
}

/** POST /wxa/sec/order/notify_confirm_receive (after-payment.md 1.8): once per order, express only. */
export function notifyConfirmReceive(world: World, call: Call): object {
  const shippingCall = readShippingCall(world, call)
  const order = orderByMerchantNames(shippingCall)
  const receivedTime = numberAt(shippingCall.input, 'received_time')
  const shippedAtMs = order.shipping?.finishedAtMs
  if (shippingStateOf(world, order) !== 2 || shippedAtMs === undefined) throw new WxRefusal(10060028)
  if (order.shipping?.logisticsType !== 1) throw new WxRefusal(10060032)
  if (order.confirmAsked) throw new WxRefusal(10060030)
  const [from, to] = [wholeSeconds(shippedAtMs), wholeSeconds(world.clock.nowMs())]
  if (receivedTime === undefined || receivedTime < from || receivedTime > to) throw new WxRefusal(10060029)
  confirmReminder(world, order)
  return ok
}

/** POST /wxa/sec/order/opspecialorder (after-payment.md 1.10). The refund of a test order is not played. */
export function opSpecialOrder(world: World, call: Call): object {
  const { appid, input } = readShippingCall(world, call)
  const type = numberAt(input, 'type')
  if (type !== 1 && type !== 2) throw new WxRefusal(268546000)
  const orderId = textAt(input, 'order_id') ?? ''
  const order = [...world.books.shippingOrders.values()].find(
    (row) => row.appid === appid && (row.transactionId === orderId || row.outTradeNo === orderId),
  )
  if (!order || world.clock.nowMs() < order.knownAtMs) throw new WxRefusal(268546002)
  if (type === 2) {
    markSpecial(world, order, 'test', order.shipByMs)
    return ok
  }
  const delayTo = numberAt(input, 'delay_to') ?? 0
  const afterSeconds = delayTo - wholeSeconds(order.paidAtMs)
  if (afterSeconds < 15 * daySeconds || afterSeconds > 330 * daySeconds) throw new WxRefusal(268546001)
  markSpecial(world, order, 'presale', delayTo * 1000)
  return ok
}

function ownAppid(world: World, call: Call): string {
  const appid = textAt(readWxBody(call), 'appid') ?? ''
  if (appid === '') throw new WxRefusal(40097)
  if (appid !== appOfToken(world, call)) throw new WxRefusal(40013)
  return appid
}
