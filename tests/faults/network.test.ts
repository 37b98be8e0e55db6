/** A host that is down, and a line that loses and delays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { restartablePort } from '../crash/free-port.ts'
import { seededRandom } from '../crash/seeded-random.ts'
import { breakingFetch } from '../support/breaking-fetch.ts'
import { endsWell } from '../support/ends-well.ts'
import { refusedWith, Shopper } from '../support/shop.ts'
import { hireStaff } from '../support/staff.ts'
import { startTimedShop } from '../support/timed-shop.ts'

for (const payApi of ['v3', 'v2-md5'] as const) {
  const wechat = breakingFetch()
  const baseUrls = ['http://api.invalid', 'http://api2.invalid']
  const shop = await startTimedShop({ payApi, http: { fetch: wechat.fetch, baseUrls, sleep: async () => {} } })
  const prepayPath = payApi === 'v3' ? '/v3/pay/transactions/jsapi' : '/pay/unifiedorder'
  wechat.target = shop.wechat.url

  test(`${payApi}: F41, F42, with the first host down every purchase goes through the second, and soon without trying the first`, async () => {
    wechat.rule = (host) => (host === 'api.invalid' ? 'refuse' : undefined)
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const orders = []
    for (let purchase = 0; purchase < 10; purchase++) orders.push(await shopper.buy('tea-egg', 1))
    await shop.passTime(60)
    const paid = await shop.sql`select from orders where order_number = any(${orders}) and status = 'paid'`
    assert.equal(paid.length, 10)
    const inVain = wechat.calls.filter((host) => host === 'api.invalid').length
    assert.ok(inVain <= 16, `${inVain} calls to a host that is down`)
    wechat.rule = () => undefined
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })

  const knownAtWeChat = async (orderNumber: string) => {
    const [attempt] = await shop.sql<{ out_trade_no: string; status: string }[]>`
      select out_trade_no, status from attempts where order_number = ${orderNumber}`
    const { orders } = await shop.wechat.books()
    return [attempt?.status, orders.filter((order) => order.out_trade_no === attempt?.out_trade_no).length]
  }

  test(`${payApi}: F42, a call that cannot even be sent, for its name, its connection or its TLS, is unknown here and unheard there, and goes on under its number`, async () => {
    const nobody = `http://127.0.0.1:${await restartablePort()}`
    const untrusted = shop.config.wechatSecure?.url ?? ''
    for (const nowhere of ['http://nobody.invalid', nobody, wechat.target.replace('http:', 'https:'), untrusted]) {
      const shopper = await Shopper.arrive(shop)
      const orderNumber = await shopper.order('tea-egg', 1)
      wechat.rule = () => new URL(nowhere)
      await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'), nowhere)
      assert.deepEqual(await knownAtWeChat(orderNumber), ['unknown', 0], nowhere)
      // One host that can be reached is enough, and the user notices nothing.
      wechat.rule = (host) => (host === 'api.invalid' ? new URL(nowhere) : undefined)
      assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
      wechat.rule = () => undefined
      await shop.passTime(60)
      assert.equal((await shopper.show(orderNumber)).status, 'paid')
      assert.deepEqual(await knownAtWeChat(orderNumber), ['paid', 1], nowhere)
    }
    await endsWell(shop)
  })

  test(`${payApi}: F42, a call whose connection breaks while it is sent, before or after its effect is asked again under its number`, async () => {
    for (const [name, options, arrived] of [
      ['call.reset-while-sending', {}, 0],
      ['call.reset', { when: 'before' }, 0],
      ['call.reset', { when: 'after' }, 1],
    ] as const) {
      const shopper = await Shopper.arrive(shop)
      const orderNumber = await shopper.order('tea-egg', 1)
      await shop.wechat.fault(name, { seconds: 600, options, match: { path: prepayPath } })
      await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'), name)
      assert.deepEqual(await knownAtWeChat(orderNumber), ['unknown', arrived], name)
      await shop.wechat.clearFaults()
      assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
      await shop.passTime(60)
      assert.equal((await shopper.show(orderNumber)).status, 'paid')
      assert.deepEqual(await knownAtWeChat(orderNumber), ['paid', 1], name)
    }
    await endsWell(shop)
  })

  test(`${payApi}: F47, P1, half an hour of lost messages and jitter breaks nothing, and who has paid is paid within a minute`, async () => {
    const shopper = await Shopper.arrive(shop)
    const random = seededRandom(20260501)
    const chance = (share: number) => random.integer(1, 1000) <= share * 1000
    wechat.rule = () => (chance(0.02) ? 'lose' : chance(0.02) ? 'refuse' : undefined)
    await shop.wechat.fault('network.jitter', { seconds: 1800, options: { loss_percent: 1, delay_ms: 300 } })
    const all: string[] = []
    for (let round = 0; round < 6; round++) {
      const orders: string[] = []
      while (orders.length < 4) orders.push(await shopper.order('tea-egg', 1))
      await Promise.all(
        orders.map(async (orderNumber) => {
          await delay(random.integer(0, 60))
          if (chance(0.2)) await shop.wechat.fault('notify.drop')
          const pay = await shopper.prepay(orderNumber).catch(() => shopper.prepay(orderNumber))
          assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
        }),
      )
      await shop.passTime(60)
      const paid = await shop.sql`select from orders where order_number = any(${orders}) and status = 'paid'`
      assert.equal(paid.length, orders.length)
      all.push(...orders)
      await shop.skip(240)
    }
    wechat.rule = () => undefined
    await shop.wechat.clearFaults()
    const [slowest] = await shop.sql<{ seconds: number }[]>`
      select extract(epoch from max(e.at - p.success_time))::float8 as seconds
        from order_events e join payments p using (merchant_id, order_number)
       where e.kind = 'paid' and order_number = any(${all})`
    // WeChat dates the money in whole seconds.
    assert.ok((slowest?.seconds ?? 99) <= 61, `${slowest?.seconds} s`)
    await endsWell(shop)
  })
}

for (const kind of ['reset', 'wrong-certificate']) {
  test(`v2-hmac-sha256: F42, a refund whose TLS fails by ${kind} is not made, and is made once when it works again`, async () => {
    const shop = await startTimedShop({ payApi: 'v2-hmac-sha256' })
    const staff = hireStaff(shop, shop.world)
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.buy('tea-egg', 1)
    assert.equal((await shopper.check(orderNumber)).status, 'paid')
    await shopper.api.askRefund(shopper.token, { order_number: orderNumber, reason: '面凉了' })
    await shop.wechat.fault('tls.refused', { seconds: 600, options: { kind } })
    await staff.accept(orderNumber)
    await shop.passTime(60)
    assert.deepEqual(
      (await shopper.show(orderNumber)).refunds.map(({ status }) => status),
      ['pending'],
    )
    await shop.wechat.clearFaults()
    await shop.passTime(300)
    const order = await shopper.show(orderNumber)
    assert.deepEqual([order.refunds.length, order.refunded_fen], [1, order.total_fen])
    await endsWell(shop)
  })
}

test('F44, I20: a client that loses the answer to its order asks again with its key, many times at once, and has one order', async () => {
  const shop = await startTimedShop()
  const shopper = await Shopper.arrive(shop)
  const before = await shop.api.products()
  const submit = async (isLost: boolean) => {
    const response = await fetch(new URL('/order/submit', shop.server.url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${shopper.token}`,
        'idempotency-key': 'the-answer-was-lost-1',
      },
      body: JSON.stringify({ items: [{ sku: 'tea-egg', quantity: 2 }] }),
    })
    const text = await response.text()
    if (isLost) throw new Error('the connection broke')
    return `${response.status} ${text}`
  }
  await assert.rejects(submit(true))
  const answers = new Set(await Promise.all(Array.from({ length: 10 }, () => submit(false))))
  assert.equal(answers.size, 1, [...answers].join('\n'))
  const orders = await shop.sql<{ order_number: string }[]>`select order_number from orders`
  assert.equal(orders.length, 1)
  const stock = (products: typeof before.products) => products.find(({ sku }) => sku === 'tea-egg')?.stock ?? 0
  assert.equal(stock((await shop.api.products()).products), stock(before.products) - 2)
  const pay = await shopper.prepay(orders[0]?.order_number ?? '')
  assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
  await shop.passTime(60)
  await endsWell(shop)
})
