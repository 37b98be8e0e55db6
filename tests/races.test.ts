/** Two workers on one order, met at the worst moment: an answer of WeChat is held back while the other one goes on. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
import { refundOrder } from '../apps/server/src/commands/refund-order.ts'
import { settleRefund } from '../apps/server/src/commands/settle-refund.ts'
import { createWeChatGateway } from '../apps/server/src/gateway/wechat-gateway.ts'
import type { Store } from '../apps/server/src/ports.ts'
import { createStore } from '../apps/server/src/storage/store.ts'
import { endsWell } from './support/ends-well.ts'
import { heldFetch } from './support/held-fetch.ts'
import { refusedWith, Shopper, startShop } from './support/shop.ts'

let aheadMs = 0
const world: World = { now: () => new Date(Date.now() + aheadMs), randomBytes: (size) => randomBytes(size) }
const wechat = heldFetch()
const shop = await startShop({ world, http: { fetch: wechat.fetch, timeoutMs: 20_000 } })
const pass = async (seconds: number) => {
  aheadMs += seconds * 1000
  await shop.wechat.advance(seconds)
}
const attemptsOf = (orderNumber: string) =>
  shop.sql<{ status: string; out_trade_no: string }[]>`
    select status, out_trade_no from attempts where order_number = ${orderNumber} order by seq`
const prepayPath = '/v3/pay/transactions/jsapi'
const { merchant } = shop.config
const store = createStore(shop.sql, { random: Math.random })
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, {
  clock: Date.now,
  baseUrls: [shop.wechat.url],
  fetch: wechat.fetch,
  timeoutMs: 20_000,
})

async function intendedRefund() {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  const by = { source: 'staff', actor: 'staff:eve' } as const
  const ports = { store, payment, world }
  return refundOrder(ports, merchant.merchantId, orderNumber, { reason: '面凉了', amountFen: 100 }, by)
}

test('I1: an old CLOSED in a slow hand does not close an order with a new payment under way', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  await shopper.prepay(orderNumber)
  // WeChat closes the number by itself two hours later, while the order can still be paid here.
  const [first] = await attemptsOf(orderNumber)
  await pass(31 * 60)
  aheadMs -= 31 * 60_000
  const slow = wechat.holdAnswer(first?.out_trade_no ?? '')
  const slowCheck = shopper.check(orderNumber)
  await slow.arrived
  await shopper.check(orderNumber)
  const pay = await shopper.prepay(orderNumber)
  await shopper.api.cancelOrder(shopper.token, orderNumber)
  slow.release()
  await slowCheck
  assert.equal((await shopper.show(orderNumber)).status, 'closing')
  await shop.wechat.fault('notify.drop', { times: 10 })
  assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  await shop.wechat.clearFaults()
})

test('I2: the refusal of one of two equal calls does not make a second number beside the one that WeChat has', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const held = wechat.holdAnswer(prepayPath)
  const first = shopper.prepay(orderNumber)
  await held.arrived
  const no = JSON.stringify({ code: 'SIGN_ERROR', message: '签名错误' })
  wechat.replace(prepayPath, new Response(no, { status: 401, headers: { 'content-type': 'application/json' } }))
  await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_refused'))
  held.release()
  const pay = await first
  assert.equal((await shopper.prepay(orderNumber)).package, pay.package)
  assert.equal((await attemptsOf(orderNumber)).length, 1)
})

test('no parameters are handed out for an order that was closed while WeChat was asked', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const held = wechat.holdAnswer(prepayPath)
  const prepay = shopper.prepay(orderNumber)
  await held.arrived
  assert.equal((await shopper.api.cancelOrder(shopper.token, orderNumber)).status, 'closing')
  held.release()
  await assert.rejects(prepay, refusedWith('order_closed'))
  await pass(301)
  assert.equal((await shopper.check(orderNumber)).status, 'closed')
})

test('F23: the five minutes before a close count from the last call, under which the order may have come to WeChat', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  await shop.wechat.fault('call.frequency-limited', { times: 1, match: { path: prepayPath } })
  await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
  await pass(6 * 60)
  await shopper.prepay(orderNumber)
  assert.equal((await shopper.api.cancelOrder(shopper.token, orderNumber)).status, 'closing')
  await pass(301)
  assert.equal((await shopper.check(orderNumber)).status, 'closed')
})

test('F19: a refund made outside is flagged also when the notification of the payment overtakes the query', async () => {
  const shopper = await Shopper.arrive(shop)
  await shop.wechat.fault('notify.drop', { times: 1 })
  const orderNumber = await shopper.buy()
  const [attempt] = await attemptsOf(orderNumber)
  const out_trade_no = attempt?.out_trade_no ?? ''
  await shop.wechat.control('/_sim/refunds', { out_trade_no, amount: 100 })
  const query = wechat.holdAnswer(out_trade_no)
  const check = shopper.check(orderNumber)
  await query.arrived
  await pass(60)
  assert.equal((await shopper.show(orderNumber)).status, 'paid')
  query.release()
  await check
  const flags = await shop.sql`
    select 1 from flags where order_number = ${orderNumber} and kind = 'external_refund' and resolved_at is null`
  assert.equal(flags.length, 1)
})

test('I25: whoever looks at a refund does not wait for its payment, which a notification locks before the refund', async () => {
  const { outRefundNo, transactionId } = await intendedRefund()
  await shop.sql.begin(async (sql) => {
    await sql`select 1 from payment_balances where transaction_id = ${transactionId} for update`
    const claimed = await store.claimDueRefunds(world.now(), new Date(world.now().getTime() + 60_000), 20)
    assert(claimed.some(({ refund }) => refund.outRefundNo === outRefundNo))
  })
  await endsWell(shop)
})

test('F64: who fell asleep before the call of a refund does not make it after waking up', async () => {
  const refund = await intendedRefund()
  const sleepy: Store = {
    ...store,
    async transaction(work) {
      const result = await store.transaction(work)
      await pass(600)
      return result
    },
  }
  await settleRefund({ store: sleepy, payment, world }, refund)
  const { refunds } = await shop.wechat.control<{ refunds: { out_refund_no: string }[] }>('/_sim/books')
  assert(!refunds.some(({ out_refund_no }) => out_refund_no === refund.outRefundNo))
  await settleRefund({ store, payment, world }, refund)
  await endsWell(shop)
})
