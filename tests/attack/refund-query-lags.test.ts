/** F16 for refunds: WeChat's query can lag behind what WeChat itself has accepted a moment ago. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { breakingFetch } from '../support/breaking-fetch.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

/** A machine of WeChat's that has not heard of any refund. */
const lagging = createServer((_, response) => {
  response.writeHead(404, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code: 'RESOURCE_NOT_EXISTS', message: '退款单不存在' }))
})
await new Promise<void>((done) => lagging.listen(0, '127.0.0.1', done))
const laggingUrl = `http://127.0.0.1:${(lagging.address() as AddressInfo).port}`
after(() => lagging.close())

const wechat = breakingFetch()
const shop = await startTimedShop({ http: { fetch: wechat.fetch, baseUrls: ['http://api.invalid'] } })
wechat.target = shop.wechat.url
const { merchant } = shop.config
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now })
const store = createStore(shop.sql, { random: Math.random })

const lag = (isLagging: boolean) => {
  wechat.rule = (_, { url, init }) =>
    isLagging && init.method === 'GET' && url.pathname.startsWith('/v3/refund/') ? new URL(laggingUrl) : undefined
}

async function acceptedRefund() {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  const by = { source: 'staff', actor: 'staff:eve' } as const
  const ports = { store, payment, world: shop.world }
  await refundOrder(ports, merchant.merchantId, orderNumber, { reason: '面凉了' }, by)
  await shop.passTime(5)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'processing')
  return { shopper, orderNumber }
}

const flags = async (orderNumber: string) => {
  const rows = await shop.sql<{ kind: string; is_open: boolean }[]>`
    select kind, resolved_at is null as is_open from flags where order_number = ${orderNumber} order by opened_at`
  return rows.map(({ kind, is_open }) => [kind, is_open])
}

test('F16: a refund that a query does not know yet, a moment after it was accepted, alarms nobody', async () => {
  await shop.wechat.fault('notify.drop', { seconds: 86_400 })
  lag(true)
  const { shopper, orderNumber } = await acceptedRefund()
  await shop.passTime(60)
  lag(false)
  await shop.passTime(300)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
  assert.deepEqual(await flags(orderNumber), [])
  await shop.wechat.clearFaults()
  await endsWell(shop)
})

test('F16: one that stays unknown for long is flagged, and the flag is over when WeChat knows it after all', async () => {
  await shop.wechat.fault('notify.drop', { seconds: 86_400 })
  lag(true)
  const { shopper, orderNumber } = await acceptedRefund()
  await shop.passTime(30 * 60)
  assert.deepEqual(await flags(orderNumber), [['refund_contradiction', true]])
  lag(false)
  await shop.passTime(30 * 60)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
  assert.deepEqual(await flags(orderNumber), [['refund_contradiction', false]])
  await shop.wechat.clearFaults()
  await endsWell(shop)
})
