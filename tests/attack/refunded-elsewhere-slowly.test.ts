/** F30, F76: a refund made in the merchant platform that has no result yet is asked about like one of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsWell } from '../support/ends-well.ts'
import { sendToOwnCard } from '../support/send-to-own-card.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop, type TimedShop } from '../support/timed-shop.ts'

const http = { timeoutMs: 500 }
const shops = { v3: await startTimedShop({ http }), 'v2-md5': await startTimedShop({ http, payApi: 'v2-md5' }) }

const openFlags = async (shop: TimedShop, orderNumber: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind }) => kind)
}

const numberOf = async (shop: TimedShop, orderNumber: string) => {
  const [row] = await shop.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  return row?.out_trade_no ?? ''
}

test('v2-md5: F30, F76, a refund made outside that takes an hour is known to have succeeded, although nobody tells', async () => {
  const shop = shops['v2-md5']
  const { merchantId } = shop.config.merchant
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { arrives_after_seconds: 3600 })
  const shopper = await Shopper.arrive(shop)
  await shop.wechat.fault('notify.drop', { seconds: 7200 })
  const orderNumber = await shopper.buy()
  await shop.wechat.control('/_sim/refunds', { out_trade_no: await numberOf(shop, orderNumber), amount: 100 })
  await shop.passTime(60)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'processing')
  await shop.passTime(4500)
  await shop.wechat.clearFaults()
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
  assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund'])
  await endsWell(shop)
})

test('v3: F28, F76, an abnormal refund made outside that was mended outside is over, although nobody tells', async () => {
  const shop = shops.v3
  const { merchantId } = shop.config.merchant
  const notify_url = `${shop.server.url}/wechat/notify/v2-md5/${merchantId}`
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { notify_url })
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  await shop.wechat.fault('refund.abnormal', { times: 1 })
  await shop.wechat.control('/_sim/refunds', { out_trade_no: await numberOf(shop, orderNumber), amount: 100 })
  await shop.passTime(60)
  assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund', 'refund_abnormal'])
  const [refund] = await shop.sql<{ out_refund_no: string }[]>`
    select out_refund_no from refunds where order_number = ${orderNumber}`
  assert.ok(refund !== undefined)
  await shop.wechat.fault('notify.drop', { seconds: 100_000 })
  await sendToOwnCard(shop, refund.out_refund_no)
  await shop.passTime(2 * 3600)
  await shop.wechat.clearFaults()
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
  assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund'])
  await endsWell(shop)
})
