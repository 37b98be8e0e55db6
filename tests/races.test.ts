/** Two workers on one order, met at the worst moment: an answer of WeChat is held back while the other one goes on. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
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
