/** WeChat wants fewer calls, or refuses our key on every one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../scripts/until.ts'
import { breakingFetch } from '../support/breaking-fetch.ts'
import { endsWell } from '../support/ends-well.ts'
import { refusedWith, Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

for (const payApi of ['v3', 'v2-md5'] as const) {
  const wechat = breakingFetch()
  const shop = await startTimedShop({
    payApi,
    http: { fetch: wechat.fetch, baseUrls: ['http://wechat.invalid'] },
    env: { FENPAY_OPEN_ORDERS_MAX: '100' },
  })
  wechat.target = shop.wechat.url

  test(`${payApi}: F15, while WeChat limits us the calls get fewer, the user is told to wait, and no order fails`, async () => {
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const orders: string[] = []
    while (orders.length < 12) orders.push(await shopper.buy('tea-egg', 1))
    await shop.wechat.fault('call.frequency-limited', { seconds: 3600 })
    const callsIn = async (seconds: number) => {
      const before = wechat.calls.length
      await shop.passTime(seconds)
      return wechat.calls.length - before
    }
    const first = await callsIn(60)
    const later = await callsIn(60)
    assert.ok(later < first && later <= 24, `${first} calls in the first minute, ${later} in the next`)
    const [one = ''] = orders
    const shown = await shopper.check(one)
    assert.deepEqual([shown.status, shown.pending_reason], ['pending', 'wechat_unreachable'])
    await assert.rejects(shopper.prepay(await shopper.order()), refusedWith('wechat_unreachable'))
    await shop.wechat.clearFaults()
    await shop.passTime(180)
    const paid = await shop.sql`select from orders where order_number = any(${orders}) and status = 'paid'`
    assert.equal(paid.length, orders.length)
    await endsWell(shop)
  })

  test(`${payApi}: F36, a key that WeChat refuses is not tried on and on: a flag, a call now and then, and all goes on when it works again`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.buy('tea-egg', 1)
    await until('it is paid', async () => (await shopper.show(orderNumber)).status === 'paid')
    const waiting: string[] = []
    while (waiting.length < 10) waiting.push(await shopper.order('tea-egg', 1))
    for (const number of waiting) await shopper.prepay(number)
    const flags = () =>
      shop.sql<{ resolved_by: string | null }[]>`select resolved_by from flags where kind = 'merchant_key_refused'`
    wechat.rule = (_, { init }) => wronglySigned(init)

    const before = wechat.calls.length
    await shop.passTime(300)
    const calls = wechat.calls.length - before
    // The three that open it, those that were under way beside them, and a probe after 5, 15, 35, 75 … seconds.
    assert.ok(calls <= 20, `${calls} calls in five minutes`)
    await until('it is flagged', async () => (await flags()).length > 0)
    assert.deepEqual([...(await flags())], [{ resolved_by: null }])

    wechat.rule = () => undefined
    await shop.passTime(120)
    await until('the flag settles itself', async () => (await flags()).every((flag) => flag.resolved_by === 'fenpay'))
    const [first = ''] = waiting
    assert.equal((await shopper.pay(await shopper.prepay(first))).errMsg, 'requestPayment:ok')
    await shop.passTime(60)
    assert.equal((await shopper.show(first)).status, 'paid')
    await endsWell(shop)
  })

  test(`${payApi}: F36, the running server says so in one line of its log, and answers its users`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orders: string[] = []
    while (orders.length < 6) orders.push(await shopper.order('tea-egg', 1))
    const seen = shop.log().length
    wechat.rule = (_, { init }) => wronglySigned(init)
    const before = wechat.calls.length
    for (const number of orders) await assert.rejects(shopper.prepay(number))
    assert.equal(wechat.calls.length - before, 3)
    const alarms = shop
      .log()
      .slice(seen)
      .filter((line) => line.includes('merchant_key_refused'))
    assert.equal(alarms.length, 1)
    wechat.rule = () => undefined
    await shop.passTime(60)
    for (const number of orders) await shopper.prepay(number)
    await endsWell(shop)
  })
}

/** As a call is seen by a WeChat that has another key of ours. */
function wronglySigned(init: RequestInit): RequestInit {
  const headers = new Headers(init.headers)
  const authorization = headers.get('authorization')
  if (authorization !== null) {
    headers.set('authorization', authorization.replace(/signature="..../, 'signature="AAAA'))
    return { ...init, headers }
  }
  return { ...init, body: String(init.body).replace(/(<sign><!\[CDATA\[|<sign>)..../, '$10000') }
}

test('F40: a busy login is told as such, and a code that WeChat has refused is not tried again', async () => {
  const shop = await startTimedShop()
  const appid = shop.config.merchant.apps[0]?.appid ?? ''
  const { code } = await shop.wechat.login(appid, '小明')
  const asked = async () => {
    const { requests } = await shop.wechat.control<{ requests: { path: string }[] }>(
      '/_sim/requests?path=jscode2session',
    )
    return requests.length
  }
  await shop.wechat.fault('login.busy', { times: 3, options: { errcode: 45011 } })
  await assert.rejects(shop.api.login({ code }), refusedWith('wechat_unreachable'))
  await shop.wechat.clearFaults()
  await shop.api.login({ code })
  const before = await asked()
  await assert.rejects(shop.api.login({ code }), refusedWith('wx_code_invalid'))
  assert.equal((await asked()) - before, 1)
})
