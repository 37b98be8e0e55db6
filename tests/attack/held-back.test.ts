/** F36: while WeChat refuses the merchant's key, no call of any kind goes on hammering at it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { Shopper, startShop } from '../support/shop.ts'

const shop = await startShop({ payApi: 'v2-md5' })
const { merchant } = shop.config
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] }, { now: () => 0 })
const store = createStore(shop.sql, { random: Math.random })

const calls = async () => {
  const { requests } = await shop.wechat.control<{ requests: { path: string; direction: string }[] }>(
    '/_sim/requests?limit=1000',
  )
  return requests.filter(({ direction, path }) => direction === 'in' && path.startsWith('/pay/')).length
}

test('F36: with the key refused neither a query nor the list of refunds is sent any more', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  await shopper.prepay(orderNumber)
  const attempt = await store.reads.liveAttempt(merchant.merchantId, orderNumber)
  assert.ok(attempt)
  await shop.wechat.fault('merchant.key-revoked', { seconds: 3600 })
  for (let tries = 0; tries < 3; tries++) await payment.query(attempt)
  const before = await calls()
  await payment.query(attempt)
  assert.equal((await payment.listRefunds(attempt)).outcome, 'unknown')
  assert.equal(await calls(), before)
})
