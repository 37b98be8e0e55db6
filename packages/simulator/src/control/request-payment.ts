import { payOrder, tradeStateOf } from '../engine/orders.ts'
import { accountOf } from '../engine/people.ts'
import type { Merchant, Order } from '../engine/records.ts'
import type { World } from '../world.ts'
import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, readInput } from './input.ts'
import { whoIsIt } from './login.ts'
import { checkPaySign, type PayParameters } from './pay-sign-check.ts'

const parameterNames = ['timeStamp', 'nonceStr', 'package', 'signType', 'paySign'] as const

/** Why the payment sheet does not open. `reason` is what the dialog says. */
interface Failure {
  readonly errMsg: string
  readonly reason: string
  readonly signed_string?: string
  readonly differs_at?: string
}

/**
 * POST /_sim/wx/requestPayment: the payment sheet (pay-v2.md 15, pay-v3.md 7). The real client does not tell the page
 * more than `requestPayment:fail`; `reason`, `signed_string` and `differs_at` are for the developer.
 */
export async function requestPayment({ world, notifier, call }: Control): Promise<ControlAnswer> {
  const input = readInput(call.text)
  const { appid, user } = whoIsIt({ world }, input)
  const action = input['action']
  if (action !== 'confirm' && action !== 'cancel' && action !== 'preview') {
    throw new ControlInputError('action must be confirm, cancel or preview')
  }
  const found = await openSheet(world, appid, user, input)
  if ('reason' in found) return failed(found)
  const { order, merchant, late } = found
  if (action === 'cancel')
    return { body: { errMsg: 'requestPayment:fail cancel' }, verdict: { ok: true, code: 'cancel' } }
  if (action === 'preview') {
    const sheet = { merchant_name: merchant.name, amount_fen: order.totalFen, description: order.description }
    return { body: { errMsg: 'requestPayment:ok', ...sheet }, verdict: { ok: true, code: 'preview' } }
  }
  // It may have been paid while the signature was checked.
  const notification = payOrder(world, order, late)
  if (!notification) return failed(fail('该订单已支付'))
  return {
    body: { errMsg: 'requestPayment:ok' },
    verdict: { ok: true, code: 'requestPayment:ok' },
    afterwards: () => notifier.wake(),
  }
}

async function openSheet(
  world: World,
  appid: string,
  user: string,
  given: Readonly<Record<string, unknown>>,
): Promise<Failure | { order: Order; merchant: Merchant; late: boolean }> {
  // A client without signType takes MD5.
  const input: Readonly<Record<string, unknown>> = { signType: 'MD5', ...given }
  const wrong = parameterNames.find((name) => typeof input[name] !== 'string' || input[name] === '')
  if (wrong !== undefined) {
    const type = input[wrong] === undefined ? 'Undefined' : typeof input[wrong]
    return fail(`parameter.${wrong} should be String instead of ${type}`, 'parameter error: ')
  }
  const parameters = Object.fromEntries(parameterNames.map((name) => [name, input[name]])) as unknown as PayParameters
  if (!/^\d{10}$/.test(parameters.timeStamp)) return fail('timeStamp must be ten digits: seconds as a string')
  if (parameters.nonceStr.length > 32) return fail('nonceStr has more than 32 characters')
  const prepayId = /^prepay_id=(\S+)$/.exec(parameters.package)?.[1]
  if (prepayId === undefined) return fail('package must be prepay_id= and the prepay_id')
  const prepay = world.books.prepays.get(prepayId)
  const placed = prepay && world.books.orders.get(prepay.mchid, prepay.outTradeNo)
  const merchant = placed && world.books.merchants.get(placed.mchid)
  if (!prepay || !placed || !merchant) return fail('支付场景非法: unknown prepay_id')
  if (placed.appid !== appid) return fail('支付场景非法: the order belongs to another appid')
  if (placed.signType !== parameters.signType) {
    return fail(`支付签名验证失败: signType is ${parameters.signType}, the order was made with ${placed.signType}`)
  }
  const mismatch = await checkPaySign(world, appid, parameters, merchant)
  if (mismatch) {
    const { signedString, differsAt } = mismatch
    const more = differsAt === undefined ? {} : { differs_at: differsAt }
    return { ...fail('支付签名验证失败'), signed_string: signedString, ...more }
  }
  const state = tradeStateOf(placed, world.clock.nowMs())
  if (state === 'SUCCESS' || state === 'REFUND') return fail('该订单已支付')
  const late = state === 'CLOSED' && input['action'] === 'confirm' && comesThroughLate(world, placed)
  if (state === 'CLOSED' && !late) return fail('该订单已关闭')
  if (!late && world.clock.nowMs() >= prepay.expiresAtMs) return fail('prepay_id已过期')
  const { openid } = world.books.transact(() => accountOf(world, appid, user))
  return openid === placed.openid ? { order: placed, merchant, late } : fail('下单账号与支付账号不一致')
}

const comesThroughLate = ({ faults }: World, { mchid, outTradeNo }: Order): boolean =>
  faults.take({ mchid, outTradeNo, about: 'payment' }, 'pay.after-close') !== undefined

const fail = (reason: string, detail = ''): Failure => ({
  errMsg: detail === '' ? 'requestPayment:fail' : `requestPayment:fail ${detail}${reason};`,
  reason,
})

function failed(failure: Failure): ControlAnswer {
  const { errMsg, reason, signed_string: signedString, differs_at: differsAt } = failure
  return {
    body: failure,
    verdict: {
      ok: false,
      code: errMsg,
      message: reason,
      ...(signedString === undefined ? {} : { signedString }),
      ...(differsAt === undefined ? {} : { differsAt }),
    },
  }
}
