import {
  type ApiClient,
  createApiClient,
  fen,
  formatYuan,
  type Order,
  type PaymentParameters,
} from '../../packages/contract/src/index.ts'
import type { Stack } from '../stack.ts'
import type { Page } from './page.ts'
import type { Protocol } from './protocol.ts'
import {
  type LoggedMessage,
  type MerchantKeys,
  otherThan,
  type SheetAnswer,
  SimulatedWechat,
} from './simulated-wechat.ts'

interface Scene {
  page: Page
  protocol: Protocol
  wechat: SimulatedWechat
  merchant: MerchantKeys
  api: ApiClient
  appid: string
  token: string
  orderNumber: string
}

const user = '小明'
const yuan = (amountFen: number): string => `¥${formatYuan(fen(amountFen))}`

/**
 * Plays one purchase against a running stack and shows each message of it. Throws as soon as anything is not as it
 * should be; answers the paid order.
 */
export async function playPurchase(page: Page, stack: Stack, protocol: Protocol, signal: AbortSignal): Promise<Order> {
  const wechat = new SimulatedWechat(stack.wechatUrl, signal)
  const merchant = await wechat.merchant()
  const api = shopApi(stack.serverUrl, signal)
  const scene: Scene = { page, protocol, wechat, merchant, api, appid: stack.appid, token: '', orderNumber: '' }
  introduce(scene, stack)
  scene.token = await logIn(scene)
  scene.orderNumber = await submitOrder(scene)
  const pay = await prepay(scene)
  await payOnSheet(scene, pay)
  await showNotify(scene)
  return check(scene)
}

function shopApi(serverUrl: string, signal: AbortSignal): ApiClient {
  return createApiClient(async ({ method, path, data, header }) => {
    const response = await fetch(new URL(path, serverUrl), {
      method,
      headers: { ...header, ...(data === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(data === undefined ? {} : { body: JSON.stringify(data) }),
      signal,
    })
    return { statusCode: response.status, data: await response.json() }
  })
}

function introduce({ page, protocol, merchant, appid }: Scene, stack: Stack): void {
  page.title(`One purchase with WeChat Pay (微信支付) · ${protocol.title}`)
  page.say(`Three parties talk: the phone (the mini program, 小程序, inside WeChat), our server (the merchant's back end,
    商户后台) and WeChat Pay itself (微信支付后台). WeChat is simulated on this machine, yet strict: every signature below
    is made and checked for real. Amounts are whole fen (分): 100 fen are 1 yuan.`)
  page.facts([
    ['our server', stack.serverUrl],
    ['WeChat, simulated', stack.wechatUrl],
    ['merchant number (商户号)', `mchid ${merchant.mchid}`],
    ['mini program (小程序)', `appid ${appid}`],
    ...protocol.keys(merchant),
  ])
  page.say(`These keys are throw-away: the simulated WeChat made them a moment ago, and they are deleted at the end.
    Real keys stay on the server; no key is ever in the mini program, in a log or on a screen.`)
}

async function logIn({ page, wechat, api, appid }: Scene): Promise<string> {
  page.step('1  Log in (登录)')
  page.say(`WeChat gives the mini program a code, good once and for five minutes. The phone hands it to our server,
    which exchanges it for the openid: the name of this person within this mini program. Only the server can do that,
    because it takes the AppSecret. The payment will need the openid.`)
  const { code } = await wechat.login(appid, user)
  page.message({ way: 'phone', start: `wx.login() → code ${code}` })
  const { token } = await api.login({ code })
  page.message({ way: 'phone → server', start: 'POST /users/wxlogin', body: JSON.stringify({ code }) })
  showExchange(page, await wechat.newest('/sns/jscode2session'))
  page.message({ way: 'server → phone', start: '200', body: JSON.stringify({ token }) })
  page.say(`The secret and the session_key are struck out, as in every log. The phone gets neither of them, nor the
    openid: it gets a token of ours, which it sends as its Authorization header from here on.`)
  return token
}

async function submitOrder({ page, api, token }: Scene): Promise<string> {
  page.step('2  Order (下单)')
  page.say(`The phone says what and how many, never what it costs: the price comes from the server's catalogue, and the
    stock is reserved now.`)
  const { products } = await api.products()
  const product = products.find(({ kind, stock }) => kind === 'physical' && stock >= 2)
  if (product === undefined) throw new Error('the catalogue has nothing to sell')
  const request = { items: [{ sku: product.sku, quantity: 2 }] }
  const answer = await api.submitOrder(token, request)
  page.message({ way: 'phone → server', start: 'POST /order/submit', body: JSON.stringify(request) })
  page.message({ way: 'server → phone', start: '200', body: JSON.stringify(answer) })
  const { total_fen: totalFen } = await api.myOrder(token, answer.order_number)
  page.facts([
    ['bought', `${product.name} × 2, ${product.price_fen} fen each`],
    ['total', `${totalFen} fen = ${yuan(totalFen)}`],
  ])
  return answer.order_number
}

async function prepay(scene: Scene): Promise<PaymentParameters> {
  const { page, protocol, wechat, api, token, orderNumber } = scene
  page.step('3  Prepay (预支付)')
  page.say(`The server announces the payment to WeChat and gets a prepay_id (预支付交易会话标识), the ticket for the
    payment sheet. WeChat knows the payment by our out_trade_no (商户订单号). The server stored that number before this
    call: should the answer get lost, it can still ask WeChat what became of it.`)
  page.message({ way: 'phone → server', start: 'POST /my/orders/req_unifiedorder', body: orderBody(orderNumber) })
  const { pay } = await api.prepayOrder(token, orderNumber)
  const sent = await wechat.newest(protocol.prepayPath)
  showRequest(page, sent)

  page.say(protocol.words.request)
  const { path, headers, body } = sent
  const { labels } = protocol
  page.signedString('what the server signed (待签名串)', await wechat.signedString(path, headers, body), labels.request)
  if (!sent.verdict.ok) throw new Error('WeChat refused the prepay')
  page.ok(`WeChat verified it. How we know the string: WeChat tells it when it refuses a signature (签名错误), so the demo
    sent the same request again with one character of the signature changed. A real WeChat would not tell.`)

  showAnswer(page, sent)
  page.say(protocol.words.answer)
  const answered = await protocol.answerString(wechat, sent.response_headers, sent.response_body)
  page.signedString('what WeChat signed (应答签名串)', answered, labels.answer)
  page.ok('The server verified it; otherwise the phone would get an error now, and not these five parameters:')

  page.message({ way: 'server → phone', start: '200', body: JSON.stringify({ pay }) })
  page.say(protocol.words.paySign)
  const spoiled = { ...pay, paySign: otherThan(pay.paySign.slice(0, 1)) + pay.paySign.slice(1) }
  const { signed_string: paySigned } = await wechat.requestPayment(sheetFor(scene, spoiled), 'preview')
  page.signedString('what paySign signs (调起支付签名串)', paySigned ?? '', labels.paySign)
  return pay
}

async function payOnSheet(scene: Scene, pay: PaymentParameters): Promise<void> {
  const { page, protocol, wechat, api, token, orderNumber } = scene
  page.step('4  Payment sheet (收银台)')
  page.say(`The phone passes the five parameters to wx.requestPayment as they are. WeChat checks paySign, then shows
    what it knows itself; the phone could not change the amount if it wanted to.`)
  const sheet = await wechat.requestPayment(sheetFor(scene, pay), 'preview')
  page.facts([
    ['pay to', sheet.merchant_name ?? ''],
    ['for', sheet.description ?? ''],
    ['amount', yuan(sheet.amount_fen ?? 0)],
  ])

  page.say('First the user closes the sheet.')
  const cancelled = await wechat.requestPayment(sheetFor(scene, pay), 'cancel')
  showSheet(page, cancelled)
  page.say(`What the phone reports proves nothing, neither that it was paid nor that it was not. So after every outcome
    the phone has our server check, and the server asks WeChat (查单), signed and verified as above:`)
  page.message({ way: 'phone → server', start: 'POST /my/orders/chkOrder', body: orderBody(orderNumber) })
  const pending = await api.checkOrder(token, orderNumber)
  expectStatus(pending, 'pending')
  showExchange(page, await wechat.newest(protocol.queryPath))
  page.ok(`The order stays ${pending.status} (${pending.pending_reason}) and can still be paid.`)

  page.say('The user wants the noodles after all. The phone asks for the parameters again:')
  page.message({ way: 'phone → server', start: 'POST /my/orders/req_unifiedorder', body: orderBody(orderNumber) })
  const { pay: again } = await api.prepayOrder(token, orderNumber)
  if (again.package !== pay.package) throw new Error('a valid prepay_id was not used again')
  page.message({ way: 'server → phone', start: '200', body: JSON.stringify({ pay: again }) })
  page.ok('The same prepay_id, signed afresh: one order does not become two payments.')

  page.say('Now somebody changes a parameter on the way, nonceStr:')
  const changed = await wechat.requestPayment(sheetFor(scene, { ...again, nonceStr: 'changed' }), 'confirm')
  if (changed.errMsg === 'requestPayment:ok') throw new Error('WeChat took a changed parameter')
  showSheet(page, changed)
  page.signedString(
    'what WeChat checks paySign against now: not what we signed',
    changed.signed_string ?? '',
    protocol.labels.paySign,
  )

  page.ok(`WeChat shows no sheet and says ${changed.reason} (paySign does not verify). Nothing was paid.`)

  page.say('With the parameters untouched, the user pays:')
  const paid = await wechat.requestPayment(sheetFor(scene, again), 'confirm')
  if (paid.errMsg !== 'requestPayment:ok') throw new Error(`the payment failed: ${paid.errMsg} (${paid.reason})`)
  showSheet(page, paid)
}

async function showNotify({ page, protocol, wechat, merchant }: Scene): Promise<void> {
  page.step('5  Notification (支付通知)')
  page.say(`WeChat tells our server itself, at the notify_url of the prepay; the phone may be off by now.
    ${protocol.words.notify}`)
  const notify = await wechat.newest('/wechat/notify/')
  showRequest(page, notify, 'WeChat → server')
  const signed = await protocol.answerString(wechat, notify.headers, notify.body)
  page.signedString('what WeChat signed (通知签名串)', signed, protocol.labels.answer)

  const opened = await protocol.openNotify(merchant, notify)
  page.ok(`Opened with the same library and keys as the server's: ${protocol.words.opened}`)
  page.message({ way: 'server', start: protocol.words.openedName, body: JSON.stringify(opened) })
  page.say(`The server compares appid, mchid, out_trade_no, amount and payer with its own record, and writes the
    payment, the order's new status and the event in one transaction. Only then does it acknowledge (应答):`)
  showAnswer(page, notify, 'server → WeChat')
  if (!notify.verdict.ok) throw new Error(`the server did not acknowledge the notification (${notify.status})`)
  page.ok(`Acknowledged: ${protocol.words.acknowledgement}. Without it WeChat would send the notification again and
    again for a day; the server takes a second one for what it is, and nothing is paid twice.`)
}

async function check({ page, wechat, api, token, orderNumber }: Scene): Promise<Order> {
  page.step('6  Check (查单)')
  page.say(`wx.requestPayment said ok, but the phone believes only the server. The notification has settled the order
    already; had it been lost, the server would ask WeChat now, as after the cancel.`)
  page.message({ way: 'phone → server', start: 'POST /my/orders/chkOrder', body: orderBody(orderNumber) })
  const order = await api.checkOrder(token, orderNumber)
  expectStatus(order, 'paid')
  const { events, items: _, ...summary } = order
  page.message({ way: 'server → phone', start: '200', body: JSON.stringify(summary) })

  page.say(`The order's events, written with each change and never altered. An attempt (支付尝试) is one out_trade_no:
    intended before WeChat is called, prepaid with its prepay_id.`)
  page.facts(
    events.map(({ seq, kind, from, to, cause, at }) => [
      `${seq}  ${at.slice(11, 23)}  ${kind}`,
      `${from ?? ''}${from === undefined || from === to ? '' : ' → '}${from === to ? '' : to}  (by ${cause})`,
    ]),
  )
  const [known] = (await wechat.books()).orders
  if (known?.trade_state !== 'SUCCESS' || known.total !== order.total_fen) throw new Error("WeChat's books disagree")
  page.ok(`Our books say paid, ${order.total_fen} fen. WeChat's books say ${known.trade_state}, ${known.total} fen,
    transaction_id ${known.transaction_id}. They agree to the fen.`)
  return order
}

const orderBody = (orderNumber: string): string => JSON.stringify({ order_number: orderNumber })

const sheetFor = ({ appid }: Scene, pay: PaymentParameters): Record<string, string> => ({ appid, user, ...pay })

function expectStatus({ status, order_number: orderNumber }: Order, expected: Order['status']): void {
  if (status !== expected) throw new Error(`order ${orderNumber} is ${status}, not ${expected}`)
}

function showSheet(page: Page, { errMsg }: SheetAnswer): void {
  page.message({ way: 'phone', start: `wx.requestPayment(pay) → ${errMsg}` })
}

/** A call and its answer, without headers. */
function showExchange(page: Page, { method, path, body, status, response_body: answer }: LoggedMessage): void {
  page.message({ way: 'server → WeChat', start: `${method} ${path}`, body })
  page.message({ way: 'WeChat → server', start: String(status), body: answer })
}

function showRequest(page: Page, { method, path, headers, body }: LoggedMessage, way = 'server → WeChat'): void {
  page.message({ way, start: `${method} ${path}`, headers: telling(headers), body })
}

function showAnswer(page: Page, message: LoggedMessage, way = 'WeChat → server'): void {
  const { status, response_headers: headers, response_body: body } = message
  page.message({ way, start: String(status), headers: telling(headers), body })
}

/** Headers that belong to the protocol, without those of HTTP's own. */
const telling = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /^(authorization|wechatpay-|content-type)/i.test(name)))
