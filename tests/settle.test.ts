/** The end of an order's life, and what happens when WeChat does not answer as it should. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
import { apiAt, refusedWith, Shopper, startShop } from './support/shop.ts'

/** The shop's clock, put forward together with WeChat's. */
let aheadMs = 0
const world: World = { now: () => new Date(Date.now() + aheadMs), randomBytes: (size) => randomBytes(size) }

for (const payApi of ['v3', 'v2-md5'] as const) {
  const shop = await startShop({ payApi, world, http: { timeoutMs: 1000 } })
  const pass = async (seconds: number) => {
    aheadMs += seconds * 1000
    await shop.wechat.advance(seconds)
  }
  const stockOf = async (sku: string) =>
    (await shop.api.products()).products.find((product) => product.sku === sku)?.stock
  const booked = async (orderNumber: string) => {
    const [attempt] = await shop.sql<
      { out_trade_no: string }[]
    >`select out_trade_no from attempts where order_number = ${orderNumber} order by seq desc`
    return (await shop.wechat.books()).orders.find((order) => order.out_trade_no === attempt?.out_trade_no)
  }

  test(`${payApi}: an order nobody began to pay is closed at once, and its stock is free again`, async () => {
    const shopper = await Shopper.arrive(shop)
    const before = await stockOf('tea-egg')
    const orderNumber = await shopper.order('tea-egg', 3)
    assert.equal(await stockOf('tea-egg'), (before ?? 0) - 3)
    assert.equal((await shopper.api.cancelOrder(shopper.token, orderNumber)).status, 'closed')
    assert.equal(await stockOf('tea-egg'), before)
    assert.equal((await shopper.api.cancelOrder(shopper.token, orderNumber)).status, 'closed', 'twice is no error')
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('order_closed'))
  })

  test(`${payApi}: F23, a cancelled payment is closed at WeChat only after five minutes, and holds its stock until then`, async () => {
    const shopper = await Shopper.arrive(shop)
    const before = await stockOf('soy-milk')
    const orderNumber = await shopper.order('soy-milk', 1)
    await shopper.prepay(orderNumber)
    assert.equal((await shopper.api.cancelOrder(shopper.token, orderNumber)).status, 'closing')
    assert.equal((await booked(orderNumber))?.trade_state, 'NOTPAY')
    assert.equal(await stockOf('soy-milk'), (before ?? 0) - 1)
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('order_closed'))
    await pass(301)
    assert.equal((await shopper.check(orderNumber)).status, 'closed')
    assert.equal((await booked(orderNumber))?.trade_state, 'CLOSED')
    assert.equal(await stockOf('soy-milk'), before)
  })

  test(`${payApi}: F20, a payment in the moment of the cancellation counts`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    const pay = await shopper.prepay(orderNumber)
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.wechat.fault('notify.drop')
    assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
    await pass(301)
    assert.equal((await shopper.check(orderNumber)).status, 'paid')
    await assert.rejects(shopper.api.cancelOrder(shopper.token, orderNumber), refusedWith('order_already_paid'))
  })

  test(`${payApi}: F21, a close that did not take effect releases nothing`, async () => {
    const shopper = await Shopper.arrive(shop)
    const before = await stockOf('soy-milk')
    const orderNumber = await shopper.order('soy-milk', 1)
    await shopper.prepay(orderNumber)
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await pass(301)
    await shop.wechat.fault('close.success-but-notpay')
    assert.equal((await shopper.check(orderNumber)).status, 'closing')
    assert.equal(await stockOf('soy-milk'), (before ?? 0) - 1)
    assert.equal((await shopper.check(orderNumber)).status, 'closed')
    assert.equal(await stockOf('soy-milk'), before)
  })

  test(`${payApi}: an order past its time takes no payment, and is closed by the next question`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shopper.prepay(orderNumber)
    await pass(30 * 60 + 1)
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('order_expired'))
    assert.equal((await shopper.check(orderNumber)).status, 'closed')
  })

  for (const [id, fault, options] of [
    ['F10', 'call.timeout-before', {}],
    ['F11', 'call.timeout-after', {}],
    ['F12', 'call.system-error', {}],
    ['F13', 'call.bad-body', { kind: 'html' }],
    ['F13', 'call.bad-body', { kind: 'half', status: 200 }],
    ['F14', 'call.slow-body', {}],
    ['F15', 'call.frequency-limited', {}],
    ['F42', 'call.reset', { when: 'after' }],
  ] as const) {
    test(`${payApi}: ${id}, prepay under ${fault} ${JSON.stringify(options)} is unknown, and the same number goes on`, async () => {
      const shopper = await Shopper.arrive(shop)
      const orderNumber = await shopper.order()
      const path = payApi === 'v3' ? '/v3/pay/transactions/jsapi' : '/pay/unifiedorder'
      await shop.wechat.fault(fault, { seconds: 3600, match: { path }, options })
      // Half of a signed v3 answer is an answer whose signature does not fit.
      const half = payApi === 'v3' && 'status' in options
      const refusal = assert.rejects(
        shopper.prepay(orderNumber),
        refusedWith(half ? 'wechat_unverified' : 'wechat_unreachable'),
      )
      await refusal.finally(() => shop.wechat.clearFaults())
      const [attempt] = await shop.sql`select status, out_trade_no from attempts where order_number = ${orderNumber}`
      assert.equal(attempt?.['status'], 'unknown')
      assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
      assert.equal((await shopper.check(orderNumber)).status, 'paid')
      const numbers = await shop.sql`select out_trade_no, status from attempts where order_number = ${orderNumber}`
      assert.deepEqual([...numbers], [{ out_trade_no: attempt?.['out_trade_no'], status: 'paid' }])
    })
  }

  test(`${payApi}: F16, a query that lags behind leaves the order open, and the next one pays it`, async () => {
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 60 })
    const orderNumber = await shopper.buy()
    await shop.wechat.fault('query.lag')
    assert.deepEqual(
      [(await shopper.check(orderNumber)).status, (await shopper.check(orderNumber)).status],
      ['pending', 'paid'],
    )
    await shop.wechat.clearFaults()
  })

  test(`${payApi}: when WeChat cannot be asked, chkOrder answers what is known and says so`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shopper.prepay(orderNumber)
    await shop.wechat.fault('call.timeout-before', { seconds: 3600 })
    const order = await shopper.check(orderNumber)
    assert.deepEqual([order.status, order.pending_reason], ['pending', 'wechat_unreachable'])
    await shop.wechat.clearFaults()
  })
}

const shop = await startShop({ world })

test('v3: F8, a probe on an answer is no answer; the call is repeated and succeeds', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  await shop.wechat.fault('response.sign-probe')
  assert.match((await shopper.prepay(orderNumber)).package, /^prepay_id=/)
})

test('v3: an unsigned or wrongly signed answer is not believed, and nothing is taken from it', async () => {
  for (const fault of ['response.unsigned', 'response.wrong-key']) {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shop.wechat.fault(fault, { seconds: 60 })
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unverified'))
    await shop.wechat.clearFaults()
    const [attempt] = await shop.sql`select status, prepay_id from attempts where order_number = ${orderNumber}`
    assert.deepEqual(attempt, { status: 'unknown', prepay_id: null })
  }
})

test('v3: F35, certificates that cannot be fetched do not stop what the public key verifies', async () => {
  await shop.wechat.fault('certificates.down', { seconds: 60 })
  const another = await shop.startAnother({ world })
  const shopper = await Shopper.arrive({ ...shop, api: apiAt(another.url) })
  const orderNumber = await shopper.buy()
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  await shop.wechat.clearFaults()
})
