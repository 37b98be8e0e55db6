/** The machine's clock is an hour too far ahead, everything is scheduled by it, and then somebody puts it right. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper, startShop } from '../support/shop.ts'

let aheadMs = 3_600_000
const world: World = { now: () => new Date(Date.now() + aheadMs), randomBytes: (size) => randomBytes(size) }
const shop = await startShop({ world, sweepPauseMs: 50 })
const { merchant } = shop.config
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now })
const store = createStore(shop.sql, { random: Math.random })
const pass = async (seconds: number) => {
  aheadMs += seconds * 1000
  await shop.wechat.advance(seconds)
}

test('P1, P5: money and refunds that were due soon by a clock an hour ahead are seen within a minute after it was put right', async () => {
  const shopper = await Shopper.arrive(shop)
  await shop.wechat.fault('notify.drop', { seconds: 7200 })
  const refunded = await shopper.buy()
  await shopper.check(refunded)
  const by = { source: 'staff', actor: 'staff:eve' } as const
  await refundOrder({ store, payment, world }, merchant.merchantId, refunded, { reason: '面凉了' }, by)
  const statusOf = async () => (await shopper.show(refunded)).refunds[0]?.status
  await until('WeChat has the refund', async () => (await statusOf()) === 'processing')
  const unpaid = await shopper.order()
  const pay = await shopper.prepay(unpaid)
  const deadlines = () => shop.sql<{ next_at: Date }[]>`select next_at from outbox where kind = 'shipping_deadline'`
  const [before] = await deadlines()

  aheadMs -= 3_600_000
  await shopper.pay(pay)
  await pass(60)
  await until('the money is seen', async () => (await shopper.show(unpaid)).status === 'paid')
  await pass(60)
  await until('the refund is seen', async () => (await statusOf()) === 'succeeded')
  await shop.wechat.clearFaults()
  const [after] = await deadlines()
  assert.deepEqual(after?.next_at, before?.next_at, 'a deadline is counted from the payment')
  await endsWell(shop)
})

test('F71: what was given back by a clock an hour ahead keeps nobody from the next refund when it was put right', async () => {
  aheadMs += 3_600_000
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  const by = { source: 'staff', actor: 'staff:eve' } as const
  const part = () =>
    refundOrder({ store, payment, world }, merchant.merchantId, orderNumber, { amountFen: 100, reason: '面凉了' }, by)
  await part()
  aheadMs -= 3_600_000
  await pass(90)
  await part()
  await until('both are back', async () => {
    await pass(10)
    return (await shopper.show(orderNumber)).refunded_fen === 200
  })
  await endsWell(shop)
})
