/** Queries that lag or do not know, payments at the moment of the close, and calls without a usable answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsWell } from '../support/ends-well.ts'
import { heldFetch } from '../support/held-fetch.ts'
import { refusedWith, Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

for (const payApi of ['v3', 'v2-md5'] as const) {
  const held = heldFetch()
  const shop = await startTimedShop({ payApi, http: { fetch: held.fetch, timeoutMs: 1000 } })
  const prepayPath = payApi === 'v3' ? '/v3/pay/transactions/jsapi' : '/pay/unifiedorder'
  const closePath = payApi === 'v3' ? '/close' : '/pay/closeorder'
  const freeStock = async (sku: string) =>
    (await shop.api.products()).products.find((product) => product.sku === sku)?.stock ?? 0
  const attemptOf = async (orderNumber: string) => {
    const attempts = await shop.sql<{ out_trade_no: string; status: string }[]>`
      select out_trade_no, status from attempts where order_number = ${orderNumber} order by seq`
    assert.equal(attempts.length, 1)
    return attempts[0] ?? { out_trade_no: '', status: '' }
  }
  const callsOf = async (orderNumber: string) => {
    const { out_trade_no } = await attemptOf(orderNumber)
    const { calls } = await shop.wechat.control<{
      calls: { out_trade_no: string; counts: Record<string, number> }[]
    }>('/_sim/books')
    return Object.values(calls.find((row) => row.out_trade_no === out_trade_no)?.counts ?? {}).reduce(
      (a, b) => a + b,
      0,
    )
  }

  test(`${payApi}: F11, a prepay whose answer is lost is repeated under its number, and WeChat has one order`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shop.wechat.fault('call.timeout-after', { times: 3, match: { path: prepayPath } })
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
    await shop.wechat.clearFaults()
    assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
    await shop.passTime(60)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    await endsWell(shop)
  })

  test(`${payApi}: F12, a busy WeChat is asked three times at most, and then the user may try again`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shop.wechat.fault('call.system-error', { seconds: 60, match: { path: prepayPath } })
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
    assert.ok((await callsOf(orderNumber)) <= 3)
    await shop.wechat.clearFaults()
    await shopper.prepay(orderNumber)
    await endsWell(shop)
  })

  test(`${payApi}: F16, an order that is paid while the query lags is not given away at its expiry`, async () => {
    const shopper = await Shopper.arrive(shop)
    const before = await freeStock('tea-egg')
    await shop.wechat.fault('notify.drop', { seconds: 86_400 })
    const orderNumber = await shopper.buy('tea-egg', 2)
    await shop.wechat.fault('query.lag', { seconds: 45 * 60 })
    await shop.passTime(40 * 60)
    assert.notEqual((await shopper.show(orderNumber)).status, 'closed')
    assert.equal(await freeStock('tea-egg'), before - 2)
    await shop.wechat.clearFaults()
    await shop.passTime(15 * 60)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    await endsWell(shop)
  })

  test(`${payApi}: F17, whoever is typing the password at the expiry is not interrupted`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order('soy-milk', 1)
    await shopper.prepay(orderNumber)
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.wechat.fault('query.userpaying', { seconds: 20 * 60 })
    await shop.passTime(15 * 60)
    assert.equal((await shopper.show(orderNumber)).status, 'closing')
    const { out_trade_no } = await attemptOf(orderNumber)
    const state = async () => (await shop.wechat.books()).orders.find((row) => row.out_trade_no === out_trade_no)
    assert.equal((await state())?.trade_state, 'NOTPAY', 'no close was sent')
    await shop.wechat.clearFaults()
    await shop.passTime(10 * 60)
    assert.equal((await shopper.show(orderNumber)).status, 'closed')
    assert.equal((await state())?.trade_state, 'CLOSED')
    await endsWell(shop)
  })

  test(`${payApi}: F18, a number that WeChat does not know keeps its stock until no call can be under way, then gives it back once`, async () => {
    const shopper = await Shopper.arrive(shop)
    const before = await freeStock('soy-milk')
    const orderNumber = await shopper.order('soy-milk', 1)
    await shop.wechat.fault('call.timeout-before', { times: 3, match: { path: prepayPath } })
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
    await shop.wechat.clearFaults()
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.passTime(240)
    assert.equal(await freeStock('soy-milk'), before - 1)
    await shop.passTime(120)
    assert.equal((await shopper.show(orderNumber)).status, 'closed')
    assert.equal(await freeStock('soy-milk'), before)
    await endsWell(shop)
  })

  test(`${payApi}: F20, who pays between our last query and our close has paid`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    const pay = await shopper.prepay(orderNumber)
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.skip(301)
    await shop.wechat.fault('notify.drop', { seconds: 60 })
    const close = held.holdCall(closePath)
    const check = shopper.check(orderNumber)
    await close.arrived
    assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
    close.release()
    await check
    await shop.wechat.clearFaults()
    await shop.passTime(60)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    await endsWell(shop)
  })

  test(`${payApi}: F64, a worker that wakes ten minutes late with an old answer changes nothing`, async () => {
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const orderNumber = await shopper.order()
    const pay = await shopper.prepay(orderNumber)
    await shop.skip(10)
    const { out_trade_no } = await attemptOf(orderNumber)
    const slow = held.holdAnswer(payApi === 'v3' ? out_trade_no : '/pay/orderquery')
    const paused = shopper.check(orderNumber)
    await slow.arrived
    assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
    await shop.passTime(600)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    slow.release()
    assert.equal((await paused).status, 'paid')
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })
}
