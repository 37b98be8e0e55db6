/** A server whose clock was hours ahead is stopped, and started again when the clock is right. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { apiAt, Shopper, startShop } from '../support/shop.ts'

const eightHoursMs = 8 * 3_600_000
let aheadMs = eightHoursMs
const world: World = { now: () => new Date(Date.now() + aheadMs), randomBytes: (size) => randomBytes(size) }
const shop = await startShop({ world, sweepPauseMs: 50 })
const { merchant } = shop.config
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] })
const store = createStore(shop.sql, { random: Math.random })

test('P1, P5, F71: what a server whose clock was hours ahead was to look at next is looked at by the next server within a minute', async () => {
  const early = await Shopper.arrive(shop)
  await shop.wechat.fault('notify.drop', { seconds: 7200 })
  const refunded = await early.buy()
  await early.check(refunded)
  const by = { source: 'staff', actor: 'staff:eve' } as const
  await refundOrder({ store, payment, world }, merchant.merchantId, refunded, { reason: '面凉了' }, by)
  await until('WeChat has the refund', async () => (await early.show(refunded)).refunds[0]?.status === 'processing')
  const unpaid = await early.order()
  const pay = await early.prepay(unpaid)
  const left = await early.order()
  const unwanted = await early.order('soy-milk', 1)
  await early.prepay(unwanted)
  await shop.server.stop()

  aheadMs = 0
  const server = await shop.startAnother({ world })
  const shopper = await Shopper.arrive({ ...shop, api: apiAt(server.url) }, early.user)
  await early.pay(pay)
  aheadMs += 60_000
  await shop.wechat.advance(60)
  await until('the money is seen', async () => (await shopper.show(unpaid)).status === 'paid')
  aheadMs += 60_000
  await shop.wechat.advance(60)
  await until('the refund is seen', async () => (await shopper.show(refunded)).refunds[0]?.status === 'succeeded')
  const [waiting] = await shop.sql`
    select next_check_at = expires_at as is_at_its_end from orders where order_number = ${left}`
  assert.equal(waiting?.['is_at_its_end'], true, 'nobody can pay it: only its end matters')

  await shopper.api.cancelOrder(shopper.token, unwanted)
  aheadMs += 301_000
  await shop.wechat.advance(301)
  await until('what nobody wants is closed', async () => (await shopper.show(unwanted)).status === 'closed')
  await shop.wechat.clearFaults()
  await endsWell(shop)
})
