import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { after, before, test } from 'node:test'
import { startSimulator } from '@fenpay/simulator'
import { startPhone } from '../src/index.ts'
import { paySignedString } from '../src/server/signed-strings.ts'
import type { StoryEntry } from '../src/server/story-entry.ts'
import { ask, kiosk, Listener, type Stage, startStage, wxPost } from './stage.ts'

const user = '小明'
const stages: Partial<Record<'v2' | 'v3', Stage>> = {}

before(async () => {
  stages.v2 = await startStage('v2')
  stages.v3 = await startStage('v3')
})

after(async () => {
  await stages.v2?.close()
  await stages.v3?.close()
})

const stageOf = (payApi: 'v2' | 'v3'): Stage => {
  const stage = stages[payApi]
  assert.ok(stage)
  return stage
}

async function appidOf({ backEnd }: Stage): Promise<string> {
  return (await backEnd.merchant()).apps[0].appid
}

/** A purchase as the fixture makes it; `action` is what the person does with the payment sheet. */
async function buy(stage: Stage, action: 'confirm' | 'cancel'): Promise<Record<string, unknown>> {
  const { phone } = stage
  const appid = await appidOf(stage)
  const { code } = await ask(phone, 'wechat/login', { appid, user })
  const { token } = await wxPost(phone, '/login', { code })
  const { order_number: orderNumber } = await wxPost(phone, '/order/submit', {}, String(token))
  const { pay } = await wxPost(phone, '/order/prepay', { order_number: orderNumber }, String(token))
  const sheet = { appid, user, ...(pay as object) }
  await ask(phone, 'wechat/requestPayment', { ...sheet, action: 'preview' })
  await ask(phone, 'wechat/requestPayment', { ...sheet, action })
  return wxPost(phone, '/order/check', { order_number: orderNumber }, String(token))
}

const isNotify = (entry: StoryEntry): boolean => entry.kind === 'notify'
const isCheck = (entry: StoryEntry): boolean => entry.what === '问后端：付了吗' && entry.verdict !== undefined

for (const payApi of ['v3', 'v2'] as const) {
  test(`a purchase over ${payApi} is told in the order in which it happens, once each`, async () => {
    const stage = stageOf(payApi)
    const listener = await Listener.to(stage.phone)
    await ask(stage.phone, 'event', { kind: 'page', text: '打开页面 pages/buy/buy', detail: null })
    assert.deepEqual(await buy(stage, 'confirm'), { status: 'paid' })
    await listener.until('the notification', () => listener.entries.some(isNotify) && listener.entries.some(isCheck))
    listener.stop()
    const told = listener.entries.map(({ from, to, what }) => `${from} ${to} ${what}`)
    const withoutNotify = told.filter((line) => line !== 'wechat server 支付通知')
    assert.deepEqual(withoutNotify, [
      'phone phone 打开页面 pages/buy/buy',
      'phone wechat 微信给一个登录 code',
      'phone server 登录',
      'server wechat 用 code 换 openid',
      'phone server 提交订单',
      'phone server 请后端下单到微信',
      'server wechat 统一下单 JSAPI',
      'phone wechat 打开收银台',
      'phone wechat 用户输入密码，付款',
      'phone server 问后端：付了吗',
      'server wechat 查单',
    ])
    assert.equal(told.length, withoutNotify.length + 1)
    assert.ok(listener.entries.every(({ verdict, why, kind }) => verdict?.ok && (why !== '' || kind === 'event')))
  })
}

test('a line is told when it begins, without a verdict, and again with its answer', async () => {
  const { phone } = stageOf('v3')
  const listener = await Listener.to(phone)
  await wxPost(phone, '/order/submit', { items: [] })
  const versionsOf = () => listener.news.flatMap((news) => (news.type === 'entry' ? [news.entry] : []))
  await listener.until('both', () => versionsOf().length === 2)
  listener.stop()
  const [first, second] = versionsOf()
  assert.equal(first?.id, second?.id)
  assert.equal(first?.verdict, undefined)
  assert.match(first?.title ?? '', /^小程序 → 后端 {2}提交订单 {2}POST \/order\/submit {2}…$/)
  assert.match(second?.title ?? '', /^小程序 → 后端 {2}提交订单 {2}POST \/order\/submit {2}200$/)
  assert.equal(second?.request?.body, '{"items":[]}')
  assert.match(second?.answer?.body ?? '', /order_number/)
  assert.ok((second?.ms ?? -1) >= 0)
})

test('the strings under v3 signatures are the ones that were signed', async () => {
  const stage = stageOf('v3')
  const listener = await Listener.to(stage.phone)
  await buy(stage, 'confirm')
  await listener.until('the notification', () => listener.entries.filter(isNotify).length > 1)
  listener.stop()
  const merchant = await stage.backEnd.merchant()
  const ours = createPublicKey(merchant.certificate.private_key_pem)
  const prepay = listener.entries.findLast(({ what }) => what === '统一下单 JSAPI')
  const authorization = prepay?.request?.headers['authorization'] ?? ''
  const signature = /signature="([^"]+)"/.exec(authorization)?.[1] ?? ''
  assert.ok(isSigned(prepay?.signedString, signature, ours))

  const sheet = listener.entries.findLast(({ what }) => what === '打开收银台')
  const { paySign } = JSON.parse(sheet?.request?.body ?? '{}') as { paySign: string }
  assert.ok(isSigned(sheet?.signedString, paySign, ours))

  const notify = listener.entries.findLast(isNotify)
  const theirs = await wechatKey(stage, notify?.request?.headers['Wechatpay-Serial'] ?? '')
  assert.ok(isSigned(notify?.signedString, notify?.request?.headers['Wechatpay-Signature'] ?? '', theirs))
  const answered = prepay?.answer?.headers['Wechatpay-Signature'] ?? ''
  assert.ok(isSigned(prepay?.answerSignedString, answered, theirs))
  assert.equal((JSON.parse(notify?.decrypted ?? '{}') as { trade_state?: string }).trade_state, 'SUCCESS')
})

const isSigned = (text: string | undefined, signature: string, key: ReturnType<typeof createPublicKey>): boolean =>
  text !== undefined && verify('RSA-SHA256', Buffer.from(text), key, Buffer.from(signature, 'base64'))

async function wechatKey({ wechat }: Stage, serial: string) {
  const answer = await fetch(`${wechat.url}/_sim/merchants`)
  const { merchants } = (await answer.json()) as {
    merchants: [{ platform_certificates: { serial_no: string; certificate_pem: string }[] }]
  }
  const certificates = merchants[0].platform_certificates
  return createPublicKey(certificates.find(({ serial_no }) => serial_no === serial)?.certificate_pem ?? '')
}

test('what WeChat refuses is told with its reason and the string that it checked', async () => {
  for (const payApi of ['v2', 'v3'] as const) {
    const stage = stageOf(payApi)
    const listener = await Listener.to(stage.phone)
    const appid = await appidOf(stage)
    const { code } = await ask(stage.phone, 'wechat/login', { appid, user })
    const { token } = await wxPost(stage.phone, '/login', { code })
    const order = await wxPost(stage.phone, '/order/submit', {}, String(token))
    const { pay } = await wxPost(stage.phone, '/order/prepay', order, String(token))
    const changed = { appid, user, ...(pay as object), nonceStr: 'changed', action: 'preview' }
    const reply = await ask(stage.phone, 'wechat/requestPayment', changed)
    await listener.until('the sheet', () => listener.entries.at(-1)?.call === 'wx.requestPayment')
    listener.stop()
    const sheet = listener.entries.at(-1)
    assert.equal(sheet?.verdict?.ok, false)
    assert.equal(sheet.verdict.message, '支付签名验证失败')
    assert.equal(sheet.signedString, reply['signed_string'])
    // What is worked out here for a sheet that opens is what WeChat would check.
    assert.equal(paySignedString(appid, { ...(pay as object), nonceStr: 'changed' }), reply['signed_string'])
  }
})

test('a cancel is no failure, and a dropped notification is told (F1)', async () => {
  const stage = stageOf('v3')
  await fetch(`${stage.phone.url}/_phone/story`, { method: 'DELETE' })
  const listener = await Listener.to(stage.phone)
  assert.equal(listener.entries.length, 0)
  assert.deepEqual(await buy(stage, 'cancel'), { status: 'pending' })
  await listener.until('the check', () => listener.entries.some(isCheck))
  assert.equal(listener.entries.find(({ what }) => what === '用户关掉收银台')?.verdict?.ok, true)

  await ask(stage.phone, 'faults', { name: 'notify.drop', times: 1 })
  assert.deepEqual(await buy(stage, 'confirm'), { status: 'paid' })
  const lost = listener.entries.find(isNotify)
  assert.deepEqual([lost?.what, lost?.verdict?.ok, lost?.faults], ['支付通知丢了', false, ['notify.drop']])

  await ask(stage.phone, 'clock/advance', { seconds: 15 })
  await listener.until('the second delivery', () => listener.entries.filter(isNotify).length === 2)
  listener.stop()
  assert.ok(listener.entries.some(({ what, verdict }) => what === '快进 15 秒' && verdict?.ok))
  assert.equal(listener.entries.findLast(isNotify)?.verdict?.ok, true)
  const faults = await fetch(`${stage.phone.url}/_phone/faults`)
  assert.deepEqual(((await faults.json()) as { faults: unknown[] }).faults, [])
})

test('who comes later is told the whole story first', async () => {
  const stage = stageOf('v3')
  const first = await Listener.to(stage.phone)
  await wxPost(stage.phone, '/order/submit', {})
  await first.until('its end', () => first.entries.at(-1)?.verdict !== undefined)
  const second = await Listener.to(stage.phone)
  first.stop()
  second.stop()
  assert.ok(second.entries.length > 0)
  assert.deepEqual(second.entries, first.entries)
})

test('a WeChat that is away is told, and taken up again when it is back with new numbers', async () => {
  let wechat = await startSimulator({ port: 0 })
  const port = Number(new URL(wechat.url).port)
  const phone = await startPhone({ folder: kiosk, port: 0, wechatUrl: wechat.url })
  const listener = await Listener.to(phone)
  const told = (reachable: boolean) =>
    listener.news.some((news) => news.type === 'wechat' && news.reachable === reachable)
  try {
    await listener.until('WeChat is there', () => told(true))
    await fetch(`${wechat.url}/cgi-bin/token`)
    await listener.until('its message', () => listener.entries.length === 1)
    await wechat.close()
    await listener.until('WeChat is away', () => told(false))
    const answer = await fetch(`${phone.url}/_phone/wechat/login`, { method: 'POST', body: '{}' })
    assert.equal(answer.status, 502)
    assert.equal(((await answer.json()) as { code: string }).code, 'wechat_unreachable')
    wechat = await startSimulator({ port, securePort: 0 })
    await fetch(`${wechat.url}/cgi-bin/token`)
    await listener.until('the message of the new one', () => listener.entries.length === 2)
  } finally {
    listener.stop()
    await phone.close()
    await wechat.close()
  }
})
