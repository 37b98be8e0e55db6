/** Numbers that WeChat hears of too late, or never: nothing of them stays open there, and no stock stays away for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashToken } from '../../apps/server/src/commands/log-in.ts'
import { type PaymentSettings, prepayOrder } from '../../apps/server/src/commands/prepay-order.ts'
import { settleOrder } from '../../apps/server/src/commands/settle-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import type { PaymentGateway, Store } from '../../apps/server/src/ports.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { heldFetch } from '../support/held-fetch.ts'
import { refusedWith, Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const wechat = heldFetch()
const shop = await startTimedShop({ http: { fetch: wechat.fetch } })
const { world, sweeper } = shop
const { merchant } = shop.config
const { merchantId } = merchant
const store = createStore(shop.sql, { random: Math.random })
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, {
  clock: Date.now,
  baseUrls: [shop.wechat.url],
  fetch: wechat.fetch,
})
const settings: PaymentSettings = {
  payApi: async () => 'v3',
  notifyUrl: () => `${shop.server.url}/wechat/notify/v3/${merchantId}`,
  description: async () => merchant.name,
}

const prepayPath = '/v3/pay/transactions/jsapi'
const statusOf = async (orderNumber: string) => {
  const [order] = await shop.sql<{ status: string }[]>`select status from orders where order_number = ${orderNumber}`
  return order?.status
}
const numberOf = async (orderNumber: string) => {
  const [attempt] = await shop.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  return attempt?.out_trade_no ?? ''
}
const stateAtWeChat = async (orderNumber: string) => {
  const number = await numberOf(orderNumber)
  return (await shop.wechat.books()).orders.find((order) => order.out_trade_no === number)?.trade_state
}
const soyMilkLeft = async () =>
  (await shop.api.products()).products.find((product) => product.sku === 'soy-milk')?.stock ?? 0

/** A person with an order that WeChat has heard nothing of. */
async function unheard() {
  const shopper = await Shopper.arrive(shop)
  const session = await store.reads.session(merchantId, hashToken(shopper.token))
  assert.ok(session)
  return { shopper, session, orderNumber: await shopper.order('soy-milk', 1) }
}

test('F64: who fell asleep before asking WeChat for a payment does not ask any more when it was given up meanwhile', async () => {
  const { shopper, session, orderNumber } = await unheard()
  const sleepy: Store = {
    ...store,
    async transaction(work) {
      const result = await store.transaction(work)
      await shopper.api.cancelOrder(shopper.token, orderNumber)
      await shop.passTime(600)
      assert.equal(await statusOf(orderNumber), 'closed')
      return result
    },
  }
  const asleep = prepayOrder({ store: sleepy, payment, world, settings }, session, orderNumber, '127.0.0.1')
  await assert.rejects(asleep, { name: 'Refusal', code: 'wechat_unreachable' })
  assert.equal(await stateAtWeChat(orderNumber), undefined)
  await endsWell(shop)
})

test('F73: an order is not closed on what WeChat said before a server whose clock is behind asked it for the payment', async () => {
  const { session, shopper, orderNumber } = await unheard()
  await shop.wechat.fault('call.timeout-before', { times: 3, match: { path: prepayPath } })
  await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
  await shop.wechat.clearFaults()
  await shop.sql`update orders set next_check_at = now() + interval '1 day' where order_number = ${orderNumber}`
  const [order] = await shop.sql<{ expires_at: Date }[]>`
    select expires_at from orders where order_number = ${orderNumber}`
  const leftMs = (order?.expires_at.getTime() ?? 0) - world.now().getTime()
  await shop.skip(Math.ceil(leftMs / 1000) + 10)
  const behind = { ...world, now: () => new Date(world.now().getTime() - 30_000) }
  let late: Promise<unknown> = Promise.resolve()
  const call = wechat.holdCall(prepayPath)
  const meanwhile: PaymentGateway = {
    ...payment,
    async close(attempt) {
      const answer = await payment.close(attempt)
      late = prepayOrder({ store, payment, world: behind, settings }, session, orderNumber, '127.0.0.1')
      await call.arrived
      return answer
    },
  }
  const found = await store.reads.order(merchantId, session.userId, orderNumber)
  assert.ok(found)
  await settleOrder({ store, payment: meanwhile, world }, found)
  call.release()
  await late.catch(() => undefined)
  assert.equal(await statusOf(orderNumber), 'pending')
  await shop.sql`update orders set next_check_at = ${world.now()} where order_number = ${orderNumber}`
  await shop.passTime(400)
  await sweeper.sweep()
  assert.deepEqual([await statusOf(orderNumber), await stateAtWeChat(orderNumber)], ['closed', 'CLOSED'])
  await endsWell(shop)
})

/** What v3 says to the close of an order that it never had is in no public document. */
const closeAnswers: Record<string, (number: string) => Promise<void>> = {
  async 'takes its close for done'(number) {
    await shop.wechat.fault('close.success-but-notpay', { seconds: 3600, match: { out_trade_no: number } })
  },
  async 'has no word for closing it'(number) {
    for (let time = 0; time < 30; time++) {
      const body = JSON.stringify({ code: 'INVALID_REQUEST', message: '无效请求' })
      wechat.replace(`${number}/close`, new Response(body, { status: 400 }))
    }
  },
}
for (const [what, answer] of Object.entries(closeAnswers)) {
  test(`F10, F18: the stock of an order that never came to WeChat is free again, also where WeChat ${what}`, async () => {
    const before = await soyMilkLeft()
    const { shopper, orderNumber } = await unheard()
    await shop.wechat.fault('call.timeout-before', { times: 3, match: { path: prepayPath } })
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'))
    await shop.wechat.clearFaults()
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.skip(400)
    await answer(await numberOf(orderNumber))
    await shop.passTime(120)
    assert.deepEqual([await statusOf(orderNumber), await soyMilkLeft()], ['closed', before])
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })
}
