import type { ShippingOrder } from '../engine/after-payment-records.ts'
import { accountOf } from '../engine/people.ts'
import { queuePush } from '../engine/pushes.ts'
import { confirmReceipt, setComplaint } from '../engine/shipping.ts'
import { runShippingClock } from '../engine/shipping-clock.ts'
import { tradeManagementOf } from '../engine/trade-management.ts'
import type { World } from '../world.ts'
import { appOfPath } from './app-of-path.ts'
import type { Control, ControlAnswer } from './control.ts'
import { type ControlInput, ControlInputError, optionalInteger, optionalText, readInput } from './input.ts'
import { whoIsIt } from './login.ts'

const daySeconds = 86_400

/** POST /_sim/apps/:appid/shipping `{managed?, agreement_done?, known_after_seconds?}`: shipping management of an app. */
export function setShipping(control: Control): ControlAnswer {
  const { world, call } = control
  const appid = appOfPath(control)
  const input = readInput(call.text)
  const known = tradeManagementOf(world, appid)
  const app = {
    ...known,
    managed: flagAt(input, 'managed') ?? known.managed,
    agreementDone: flagAt(input, 'agreement_done') ?? known.agreementDone,
    knownAfterSeconds: optionalInteger(input, 'known_after_seconds', 0, daySeconds) ?? known.knownAfterSeconds,
  }
  world.books.transact(() => world.books.tradeManagement.put(app))
  const { managed, agreementDone, knownAfterSeconds } = app
  return { body: { appid, managed, agreement_done: agreementDone, known_after_seconds: knownAfterSeconds } }
}

/** POST /_sim/apps/:appid/trade-controlled `{msg?}`: WeChat tells the app that it must join shipping management. */
export function controlTrade(control: Control): ControlAnswer {
  const { world, notifier, call } = control
  const appid = appOfPath(control)
  const msg = optionalText(readInput(call.text), 'msg') ?? '小程序尚未接入发货信息管理服务，交易功能已受到限制'
  world.books.transact(() => queuePush(world, appid, 'wxa_trade_controlled', { msg }))
  return { body: { appid, msg }, afterwards: () => notifier.wake() }
}

/**
 * POST /_sim/wx/confirmReceipt `{appid, user, transaction_id | merchant_id, merchant_trade_no}`: the user presses
 * confirm in the component of wx.openBusinessView (after-payment.md 1.11). Answers its extraData.
 */
export function confirmReceiptByUser({ world, notifier, call }: Control): ControlAnswer {
  const input = readInput(call.text)
  const { appid, user } = whoIsIt({ world }, input)
  const order = readOrder(world, input)
  const { openid } = world.books.transact(() => accountOf(world, appid, user))
  if (order?.openid !== openid) {
    const errormsg = '获取用户订单失败'
    return { body: { status: 'fail', errormsg }, verdict: { ok: false, code: 'fail', message: errormsg } }
  }
  if (!confirmReceipt(world, order)) return { body: { status: 'cancel' }, verdict: { ok: true, code: 'cancel' } }
  return {
    body: { status: 'success' },
    verdict: { ok: true, code: 'success' },
    afterwards: () => notifier.wake(),
  }
}

/** POST /_sim/shipping/complaint `{open, transaction_id | merchant_id, merchant_trade_no}`: a dispute; it holds the money. */
export function complain({ world, notifier, call }: Control): ControlAnswer {
  const input = readInput(call.text)
  const open = flagAt(input, 'open') ?? true
  const order = readOrder(world, input)
  if (!order) throw new ControlInputError('there is no such shipping order; GET /_sim/books lists them')
  setComplaint(world, order, open)
  return { body: { in_complaint: open }, afterwards: () => notifier.wake() }
}

function readOrder(world: World, input: ControlInput): ShippingOrder | undefined {
  runShippingClock(world, world.clock.nowMs())
  const transactionId = optionalText(input, 'transaction_id') ?? ''
  const mchid = optionalText(input, 'merchant_id') ?? ''
  const outTradeNo = optionalText(input, 'merchant_trade_no') ?? ''
  const { shippingOrders } = world.books
  return transactionId === '' ? shippingOrders.get(mchid, outTradeNo) : shippingOrders.find(transactionId)
}

function flagAt(input: ControlInput, name: string): boolean | undefined {
  const value = input[name]
  if (value === undefined || typeof value === 'boolean') return value
  throw new ControlInputError(`${name} must be true or false`)
}
