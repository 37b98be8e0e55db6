/** Answers of WeChat that cannot be used or believed, on every call about money: none of them decides anything. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { refusedWith, Shopper } from '../support/shop.ts'
import { hireStaff } from '../support/staff.ts'
import { startTimedShop, type TimedShop } from '../support/timed-shop.ts'
import { seenMessages } from '../support/wechat-log.ts'

const unusable = (['html', 'empty', 'half'] as const).flatMap((kind) => [
  { kind, status: 502 },
  { kind, status: 200 },
])
const paths = {
  v3: {
    prepay: '/v3/pay/transactions/jsapi',
    query: '/out-trade-no/',
    close: '/close',
    refund: '/v3/refund/domestic/refunds',
  },
  v2: { prepay: '/pay/unifiedorder', query: '/pay/orderquery', close: '/pay/closeorder', refund: '/secapi/pay/refund' },
}

async function attemptOf(shop: TimedShop, orderNumber: string) {
  const attempts = await shop.sql<{ out_trade_no: string; status: string; prepay_id: string | null }[]>`
    select out_trade_no, status, prepay_id from attempts where order_number = ${orderNumber}`
  assert.equal(attempts.length, 1)
  return attempts[0] ?? { out_trade_no: '', status: '', prepay_id: null }
}

const noUsableAnswer = (error: unknown) =>
  refusedWith((error as { code?: string }).code === 'wechat_unverified' ? 'wechat_unverified' : 'wechat_unreachable')(
    error,
  )

for (const payApi of ['v3', 'v2-hmac-sha256'] as const) {
  const shop = await startTimedShop({ payApi, http: { timeoutMs: 1000, sleep: async () => {} } })
  const path = paths[payApi === 'v3' ? 'v3' : 'v2']
  const orderedFaults = async () => (await shop.wechat.control<{ faults: unknown[] }>('/_sim/faults')).faults
  const everyUnusable = async (work: (fault: { name: string; options: object }, what: string) => Promise<void>) => {
    for (const options of unusable) await work({ name: 'call.bad-body', options }, JSON.stringify(options))
  }

  test(`${payApi}: F10, a prepay that never reached WeChat is sent again with its number and its very words, and WeChat has one order`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shop.wechat.fault('call.timeout-before', { times: 1, match: { path: path.prepay } })
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
    const { out_trade_no, status } = await attemptOf(shop, orderNumber)
    assert.equal(status, 'unknown')
    const known = async () => (await shop.wechat.books()).orders.filter((order) => order.out_trade_no === out_trade_no)
    assert.equal((await known()).length, 0)
    await shop.wechat.clearFaults()
    assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
    const calls = await seenMessages(shop.wechat, path.prepay)
    const bodies = calls.filter(({ body }) => body.includes(out_trade_no)).map(({ body }) => withoutNonce(body))
    assert.equal(bodies.length, 2)
    assert.equal(bodies[0], bodies[1])
    await shop.passTime(60)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    assert.equal((await known()).length, 1)
    await endsWell(shop)
  })

  test(`${payApi}: F13, a prepay with any unusable answer is unknown, and the same number goes on`, async () => {
    const shopper = await Shopper.arrive(shop)
    await everyUnusable(async ({ name, options }, what) => {
      const orderNumber = await shopper.order('tea-egg', 1)
      await shop.wechat.fault(name, { seconds: 60, match: { path: path.prepay }, options })
      await assert.rejects(shopper.prepay(orderNumber), noUsableAnswer, what)
      const { status, prepay_id } = await attemptOf(shop, orderNumber)
      assert.deepEqual([status, prepay_id], ['unknown', null], what)
      await shop.wechat.clearFaults()
      assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok', what)
      assert.equal((await shopper.check(orderNumber)).status, 'paid', what)
    })
    await endsWell(shop)
  })

  test(`${payApi}: F13, a query with any unusable answer leaves the order as it is, and the next one pays it`, async () => {
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const orders: string[] = []
    await everyUnusable(async ({ name, options }) => {
      const orderNumber = await shopper.buy('tea-egg', 1)
      const { out_trade_no } = await attemptOf(shop, orderNumber)
      await shop.wechat.fault(name, { seconds: 60, match: { path: path.query, out_trade_no }, options })
      orders.push(orderNumber)
    })
    await shop.passTime(50)
    for (const orderNumber of orders) assert.equal((await shopper.show(orderNumber)).status, 'pending')
    await shop.wechat.clearFaults()
    await shop.passTime(60)
    for (const orderNumber of orders) assert.equal((await shopper.show(orderNumber)).status, 'paid')
    await endsWell(shop)
  })

  test(`${payApi}: F13, a close with any unusable answer closes nothing here before WeChat says CLOSED`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orders: string[] = []
    await everyUnusable(async ({ name, options }) => {
      const orderNumber = await shopper.order('tea-egg', 1)
      await shopper.prepay(orderNumber)
      await shopper.api.cancelOrder(shopper.token, orderNumber)
      const { out_trade_no } = await attemptOf(shop, orderNumber)
      // The query after the close does not answer either.
      for (const call of [path.close, path.query])
        await shop.wechat.fault(name, { seconds: 400, match: { path: call, out_trade_no }, options })
      orders.push(orderNumber)
    })
    await shop.skip(301)
    await shop.sweeper.sweep()
    for (const orderNumber of orders) assert.equal((await shopper.show(orderNumber)).status, 'closing')
    await shop.wechat.clearFaults()
    await shop.passTime(600)
    for (const orderNumber of orders) assert.equal((await shopper.show(orderNumber)).status, 'closed')
    await endsWell(shop)
  })

  test(`${payApi}: F13, I11, a refund with any unusable answer is asked about, and is made once`, async () => {
    const shopper = await Shopper.arrive(shop)
    const staff = hireStaff(shop, shop.world)
    const orders: string[] = []
    await everyUnusable(async ({ name, options }) => {
      const orderNumber = await shopper.buy('tea-egg', 1)
      const { out_trade_no } = await attemptOf(shop, orderNumber)
      assert.equal((await shopper.check(orderNumber)).status, 'paid')
      await shopper.api.askRefund(shopper.token, { order_number: orderNumber, reason: '面凉了' })
      await staff.accept(orderNumber)
      await shop.wechat.fault(name, { times: 1, match: { path: path.refund, out_trade_no }, options })
      orders.push(orderNumber)
    })
    await shop.passTime(300)
    const { refunds } = await shop.wechat.control<{ refunds: { out_trade_no: string }[] }>('/_sim/books')
    for (const orderNumber of orders) {
      const order = await shopper.show(orderNumber)
      assert.equal(order.refunded_fen, order.total_fen)
      const { out_trade_no } = await attemptOf(shop, orderNumber)
      assert.equal(refunds.filter((refund) => refund.out_trade_no === out_trade_no).length, 1)
    }
    await endsWell(shop)
  })

  test(`${payApi}: F14, an answer that drips is cut off by the limit of the whole call, and nobody else waits for it`, async () => {
    const shopper = await Shopper.arrive(shop)
    const other = await Shopper.arrive(shop)
    const orderNumber = await shopper.order('tea-egg', 1)
    const elsewhere = await other.order('tea-egg', 1)
    await shop.wechat.fault('call.slow-body', { times: 1, match: { path: path.prepay } })
    const startedMs = performance.now()
    const dripping = assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
    await until('it drips', async () => (await orderedFaults()).length === 0)
    await other.pay(await other.prepay(elsewhere))
    await dripping
    // At a byte a second the shortest of the answers takes three quarters of a minute.
    assert.ok(performance.now() - startedMs < 20_000)
    assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
    await shop.passTime(60)
    for (const number of [orderNumber, elsewhere]) {
      const [order] = await shop.sql`select status from orders where order_number = ${number}`
      assert.deepEqual(order, { status: 'paid' })
    }
    await endsWell(shop)
  })
}

/** v2 signs each request afresh; all else of a repeat is the same. */
function withoutNonce(body: string): string {
  return body.replaceAll(/<(nonce_str|sign)>.*?<\/\1>/g, '')
}

test('v3: F8, nothing is taken from an answer that is a probe, whichever call it answers, and the next one is believed', async () => {
  const shop = await startTimedShop({ http: { sleep: async () => {} } })
  const shopper = await Shopper.arrive(shop)
  await shop.wechat.fault('notify.drop', { seconds: 3600 })
  const paid = await shopper.buy('tea-egg', 1)
  const begun = await shopper.order('tea-egg', 1)
  await shop.wechat.fault('response.sign-probe', { seconds: 60 })
  await assert.rejects(shopper.prepay(begun), refusedWith('wechat_unverified'))
  const { status, prepay_id } = await attemptOf(shop, begun)
  assert.deepEqual([status, prepay_id], ['unknown', null])
  const shown = await shopper.check(paid)
  assert.deepEqual([shown.status, shown.pending_reason], ['pending', 'wechat_unverified'])
  await shop.wechat.clearFaults()
  // One probe alone is answered by a second call.
  await shop.wechat.fault('response.sign-probe')
  assert.equal((await shopper.pay(await shopper.prepay(begun))).errMsg, 'requestPayment:ok')
  await shop.passTime(60)
  for (const orderNumber of [paid, begun]) assert.equal((await shopper.show(orderNumber)).status, 'paid')
  await endsWell(shop)
})
