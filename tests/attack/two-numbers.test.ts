/** Two numbers of one order that can both still be paid at WeChat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchOverdue } from '../../apps/server/src/commands/watch-money.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchant } = shop.config
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] })
const store = createStore(shop.sql, { random: Math.random })

/** An order whose first number was closed at WeChat by somebody, and which can now be paid by a second one. */
async function twoNumbers() {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const first = await shopper.prepay(orderNumber)
  await shop.skip(6 * 60)
  const attempt = await store.reads.liveAttempt(merchant.merchantId, orderNumber)
  assert.ok(attempt)
  assert.equal((await payment.close(attempt)).outcome, 'closed')
  await shopper.check(orderNumber)
  const second = await shopper.prepay(orderNumber)
  await shop.wechat.fault('pay.after-close', { times: 1 })
  await shopper.pay(first)
  await until('the order is paid', async () => (await shopper.show(orderNumber)).status === 'paid')
  return { shopper, orderNumber, second }
}

const numbersOf = async (orderNumber: string) => {
  const rows = await shop.sql<{ status: string; is_looked_at: boolean }[]>`
    select a.status, o.next_check_at is not null as is_looked_at from attempts a join orders o using (merchant_id, order_number)
     where order_number = ${orderNumber} order by a.seq`
  return rows.map(({ status, is_looked_at }) => [status, is_looked_at])
}

const openFlags = async (orderNumber: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where order_number = ${orderNumber} and resolved_at is null`
  return rows.map(({ kind }) => kind)
}

test('I2, F24: when an order is paid by its closed number, the one that can still be paid is closed by itself', async () => {
  const { shopper, orderNumber, second } = await twoNumbers()
  assert.deepEqual(await numbersOf(orderNumber), [
    ['paid', true],
    ['prepaid', true],
  ])
  await shop.passTime(6 * 60)
  assert.deepEqual(await numbersOf(orderNumber), [
    ['paid', false],
    ['closed', false],
  ])
  assert.notEqual((await shopper.pay(second)).errMsg, 'requestPayment:ok')
  assert.equal((await shopper.show(orderNumber)).status, 'paid')
  await endsWell(shop)
})

test('I2, F24: when an order is paid by both of its numbers, the second payment goes back, told of or not', async () => {
  const { shopper, orderNumber, second } = await twoNumbers()
  await shop.wechat.fault('notify.drop', { seconds: 3600 })
  assert.equal((await shopper.pay(second)).errMsg, 'requestPayment:ok')
  await shop.passTime(240)
  await shop.wechat.clearFaults()
  const back = await shop.sql<{ reason: string; status: string }[]>`
    select p.reason, r.status from payments p join refunds r using (merchant_id, transaction_id)
     where p.order_number = ${orderNumber}`
  assert.deepEqual(
    [...back].map((row) => ({ ...row })),
    [{ reason: 'duplicate_payment', status: 'succeeded' }],
  )
  assert.deepEqual(await numbersOf(orderNumber), [
    ['paid', false],
    ['paid', false],
  ])
  await endsWell(shop)
})

test('P6, F24: that WeChat does not let us close the other number of a paid order is flagged after a day, until it is closed', async () => {
  const { orderNumber } = await twoNumbers()
  await shop.wechat.fault('call.system-error', {
    seconds: 2 * 86_400,
    match: { path: '/v3/pay/transactions/out-trade-no/' },
  })
  await shop.skip(86_400 - 60)
  await shop.sweeper.sweep()
  await watchOverdue({ store, world: shop.world })
  assert.deepEqual(await openFlags(orderNumber), [])
  await shop.skip(120)
  await shop.sweeper.sweep()
  await watchOverdue({ store, world: shop.world })
  assert.deepEqual(await openFlags(orderNumber), ['attempt_not_closed'])
  await shop.wechat.clearFaults()
  await shop.skip(60)
  await shop.sweeper.sweep()
  await watchOverdue({ store, world: shop.world })
  assert.deepEqual(await openFlags(orderNumber), [])
  assert.equal((await numbersOf(orderNumber))[1]?.[0], 'closed')
  await endsWell(shop)
})

test('I2, F24, F31: a second payment that is learnt of after a year cannot go back: its flag stays, and no invariant is broken', async () => {
  const { shopper, orderNumber, second } = await twoNumbers()
  await shop.wechat.fault('notify.drop', { seconds: 366 * 86_400 })
  assert.equal((await shopper.pay(second)).errMsg, 'requestPayment:ok')
  await shop.skip(366 * 86_400)
  await shop.sweeper.sweep()
  await shop.wechat.clearFaults()
  assert.deepEqual(await openFlags(orderNumber), ['duplicate_payment'])
  assert.deepEqual(await store.brokenInvariants(), [])
})
