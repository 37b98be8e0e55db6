/** F19, F76: what was given back outside and could not be recorded when it was seen is recorded later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordUntoldRefunds } from '../../apps/server/src/commands/record-untold-refunds.ts'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop, type TimedShop } from '../support/timed-shop.ts'

const http = { timeoutMs: 500 }
const shops = { v3: await startTimedShop({ http }), 'v2-md5': await startTimedShop({ http, payApi: 'v2-md5' }) }

function portsOf(shop: TimedShop) {
  const { merchant } = shop.config
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  return {
    store: createStore(shop.sql, { random: Math.random }),
    payment: createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] }).payment,
    world: shop.world,
    onFailure: (_: unknown, error: unknown) => {
      throw error
    },
  }
}

const openFlags = async (shop: TimedShop, orderNumber: string) => {
  const rows = await shop.sql<{ kind: string; subject_type: string }[]>`
    select kind, subject_type from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind, subject_type }) => `${kind} of a ${subject_type}`)
}

const numberOf = async (shop: TimedShop, orderNumber: string) => {
  const [row] = await shop.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  return row?.out_trade_no ?? ''
}

test('v2-md5: F19, the list of refunds that WeChat did not give when the payment was found is asked for again', async () => {
  const shop = shops['v2-md5']
  const shopper = await Shopper.arrive(shop)
  await shop.wechat.fault('notify.drop', { seconds: 7200 })
  await shop.wechat.fault('call.timeout-before', { seconds: 7200, match: { path: '/pay/refundquery' } })
  const orderNumber = await shopper.buy()
  await shop.wechat.control('/_sim/refunds', { out_trade_no: await numberOf(shop, orderNumber), amount: 100 })
  await shop.passTime(10)
  assert.equal((await shopper.show(orderNumber)).status, 'paid')
  await recordUntoldRefunds(portsOf(shop))
  assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund of a payment'])
  await shop.wechat.clearFaults()
  await recordUntoldRefunds(portsOf(shop))
  assert.equal((await shopper.show(orderNumber)).refunded_fen, 100)
  assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund of a refund'])
  await endsWell(shop)
})

test('v3: F76, a refund made outside while one of ours held the money is recorded when that one came to nothing', async () => {
  const shop = shops.v3
  const { merchantId } = shop.config.merchant
  const notify_url = `${shop.server.url}/wechat/notify/v2-md5/${merchantId}`
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { notify_url })
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  const { total_fen } = await shopper.check(orderNumber)
  await shop.wechat.fault('refund.not-enough', { times: 1 })
  const by = { source: 'staff', actor: 'staff:eve' } as const
  await refundOrder(portsOf(shop), merchantId, orderNumber, { reason: '面凉了' }, by)
  await shop.passTime(20)
  await shop.wechat.control('/_sim/refunds', { out_trade_no: await numberOf(shop, orderNumber), amount: total_fen })
  await shop.passTime(10)
  // WeChat comes again for a day; what it says then is lost.
  await shop.wechat.fault('notify.drop', { seconds: 2 * 86_400 })
  await shop.passTime(4 * 3600)
  const [ours] = (await shopper.show(orderNumber)).refunds
  assert.equal(ours?.status, 'failed')
  await recordUntoldRefunds(portsOf(shop))
  const order = await shopper.show(orderNumber)
  assert.deepEqual(
    order.refunds.map(({ status, amount_fen }) => [status, amount_fen]),
    [
      ['failed', total_fen],
      ['succeeded', total_fen],
    ],
  )
  assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund of a refund', 'refund_failed of a refund'])
  await shop.wechat.clearFaults()
  await endsWell(shop)
})
