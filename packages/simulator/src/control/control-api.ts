import type { Notifier } from '../delivery/notifier.ts'
import type { Call } from '../protocol/exchange.ts'
import type { Addresses } from '../server.ts'
import type { World } from '../world.ts'
import { avatar } from './avatar.ts'
import { readBooks } from './books.ts'
import { clockAdvancer, readClock } from './clock.ts'
import type { Control, ControlAnswer } from './control.ts'
import { addFault, clearFaults, listFaults } from './faults.ts'
import { ControlInputError } from './input.ts'
import { login, phoneNumber } from './login.ts'
import { addMerchant, listMerchants } from './merchants.ts'
import { listMessages } from './messages.ts'
import { setPush } from './push-settings.ts'
import { changeRefundSettings, moveBalance, readBalance, readRefundSettings, refundByHand } from './refunds.ts'
import { requestPayment } from './request-payment.ts'
import { clearRequests, listRequests } from './requests.ts'
import { resendNotification } from './resend.ts'
import { complain, confirmReceiptByUser, controlTrade, setShipping } from './shipping.ts'
import { addSubscribeTemplate, requestSubscribeMessage, turnOffSubscribeMessages } from './subscribe.ts'

interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `:value` stands for one part of the path. */
  readonly path: string
  readonly what: string
  readonly work: (control: Control) => ControlAnswer | Promise<ControlAnswer>
}

const routes = (): readonly Route[] => [
  { method: 'POST', path: '/_sim/wx/login', what: 'wx.login {appid, user, with_user_info?}', work: login },
  {
    method: 'POST',
    path: '/_sim/wx/requestPayment',
    what: 'payment sheet {appid, user, timeStamp, nonceStr, package, signType, paySign, action: confirm|cancel|preview}',
    work: requestPayment,
  },
  { method: 'POST', path: '/_sim/wx/phoneNumber', what: 'phone-number button {appid, user}', work: phoneNumber },
  { method: 'GET', path: '/_sim/clock', what: 'business time', work: readClock },
  { method: 'POST', path: '/_sim/clock/advance', what: 'move business time {seconds}', work: clockAdvancer() },
  { method: 'GET', path: '/_sim/faults', what: 'planned and known faults', work: listFaults },
  { method: 'POST', path: '/_sim/faults', what: 'plan one {name, times?|seconds?, match?, options?}', work: addFault },
  { method: 'DELETE', path: '/_sim/faults', what: 'forget all, or ?name=', work: clearFaults },
  { method: 'GET', path: '/_sim/requests', what: 'messages seen ?since=&limit=&path=', work: listRequests },
  { method: 'DELETE', path: '/_sim/requests', what: 'forget them', work: clearRequests },
  {
    method: 'GET',
    path: '/_sim/books',
    what: 'orders, payments, notifications, shipping orders, messages ?mchid=&out_trade_no=',
    work: readBooks,
  },
  { method: 'GET', path: '/_sim/merchants', what: 'merchants, apps, keys', work: listMerchants },
  {
    method: 'POST',
    path: '/_sim/merchants',
    what: 'another one {name?, apps?: [{appid?, secret?}]}',
    work: addMerchant,
  },
  {
    method: 'POST',
    path: '/_sim/refunds',
    what: 'a refund by hand {mchid?, out_trade_no|transaction_id, amount?, reason?}',
    work: refundByHand,
  },
  { method: 'GET', path: '/_sim/merchants/:value/balance', what: 'a merchant’s money', work: readBalance },
  {
    method: 'POST',
    path: '/_sim/merchants/:value/balance',
    what: 'move it {set?|withdraw?|deposit?}',
    work: moveBalance,
  },
  {
    method: 'GET',
    path: '/_sim/merchants/:value/refund-settings',
    what: 'how refunds go',
    work: readRefundSettings,
  },
  {
    method: 'POST',
    path: '/_sim/merchants/:value/refund-settings',
    what: 'change it {arrives_after_seconds?, notify_url?}',
    work: changeRefundSettings,
  },
  {
    method: 'POST',
    path: '/_sim/notify/resend',
    what: 'deliver again {id} or {out_trade_no, mchid?, out_refund_no?}',
    work: resendNotification,
  },
  {
    method: 'POST',
    path: '/_sim/apps/:value/push',
    what: 'message push {url, token?, encoding_aes_key?, mode?: plain|compatible|secure, format?: JSON|XML}',
    work: setPush,
  },
  {
    method: 'POST',
    path: '/_sim/apps/:value/shipping',
    what: 'shipping management {managed?, agreement_done?, known_after_seconds?}',
    work: setShipping,
  },
  {
    method: 'POST',
    path: '/_sim/apps/:value/trade-controlled',
    what: 'push that shipping management must be joined {msg?}',
    work: controlTrade,
  },
  {
    method: 'POST',
    path: '/_sim/apps/:value/subscribe-templates',
    what: 'another template {title, keys, enums?}',
    work: addSubscribeTemplate,
  },
  {
    method: 'POST',
    path: '/_sim/wx/requestSubscribeMessage',
    what: 'dialog {appid, user, tmplIds, answer: accept|reject}',
    work: requestSubscribeMessage,
  },
  {
    method: 'POST',
    path: '/_sim/wx/turnOffSubscribeMessages',
    what: 'settings page {appid, user, tmplIds}',
    work: turnOffSubscribeMessages,
  },
  {
    method: 'POST',
    path: '/_sim/wx/confirmReceipt',
    what: 'confirm component {appid, user, transaction_id | merchant_id, merchant_trade_no}',
    work: confirmReceiptByUser,
  },
  {
    method: 'POST',
    path: '/_sim/shipping/complaint',
    what: 'dispute {open, transaction_id | merchant_id, merchant_trade_no}',
    work: complain,
  },
  { method: 'GET', path: '/_sim/messages', what: 'what the phone shows ?appid=&user=', work: listMessages },
  { method: 'GET', path: '/_sim/avatars/:value.svg', what: 'a picture of a user', work: avatar },
]

/** The control API: everything under /_sim that is not WeChat's own. Bad input is answered with 400 and a plain message. */
export function controlApi(
  world: World,
  notifier: Notifier,
  addresses: Addresses,
): (call: Call) => Promise<ControlAnswer> {
  const { url } = addresses
  const table = routes()
  const index = { controls: table.map(({ method, path, what }) => ({ method, path, what })) }
  return async (call) => {
    if (call.path === '/_sim' || call.path === '/_sim/') return { body: index }
    const there = table.flatMap((route) => {
      const pathValue = matchPath(route.path, call.path)
      return pathValue === undefined ? [] : [{ route, pathValue }]
    })
    const match = there.find(({ route }) => route.method === call.method)
    if (!match) {
      const status = there.length > 0 ? 405 : 404
      return { status, body: { code: 'no_such_control', message: `GET /_sim lists the controls` } }
    }
    try {
      return await match.route.work({ world, notifier, url, addresses, call, pathValue: match.pathValue })
    } catch (error) {
      if (error instanceof ControlInputError) return { status: 400, body: { code: error.code, message: error.message } }
      throw error
    }
  }
}

function matchPath(pattern: string, path: string): string | undefined {
  const [head = '', tail] = pattern.split(':value')
  if (tail === undefined) return path === pattern ? '' : undefined
  const value = path.slice(head.length, path.length - tail.length)
  if (!path.startsWith(head) || !path.endsWith(tail) || value === '' || value.includes('/')) return undefined
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
