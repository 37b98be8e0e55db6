/** What was decided while WeChat was away is due at once when it is back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchant } = shop.config
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now })
const store = createStore(shop.sql, { random: Math.random })
const by = { source: 'staff', actor: 'staff:eve' } as const

test('F15, F31: refunds of one payment that wait for WeChat are sent a minute apart, and WeChat refuses none of them', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy('beef-noodles', 2)
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  for (const amountFen of [100, 200, 300]) {
    const ask = { reason: '面凉了', amountFen }
    await refundOrder({ store, payment, world: shop.world }, merchant.merchantId, orderNumber, ask, by)
    await shop.skip(61)
  }
  await shop.passTime(200)
  assert.equal((await shopper.show(orderNumber)).refunded_fen, 600)
  const { requests } = await shop.wechat.control<{ requests: { method: string; path: string; status: number }[] }>(
    '/_sim/requests',
  )
  const calls = requests.filter(({ method, path }) => method === 'POST' && path === '/v3/refund/domestic/refunds')
  assert.deepEqual(
    calls.map(({ status }) => status),
    [200, 200, 200],
  )
  await endsWell(shop)
})
