/** I10 by the sum alone: where the minute between two refunds of WeChat's holds nobody back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { isDatabaseUnavailable } from '../../apps/server/src/storage/connect.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchant } = shop.config
const { merchantId } = merchant
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now })
const store = createStore(shop.sql, { random: Math.random })
const by = { source: 'staff', actor: 'staff:eve' } as const

async function paidOrder(sku: string, quantity: number): Promise<{ shopper: Shopper; orderNumber: string }> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy(sku, quantity)
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  return { shopper, orderNumber }
}

/** A refund decided by somebody whose clock is so many minutes ahead. */
function refundAfter(minutes: number, orderNumber: string, amountFen: number) {
  const { now, randomBytes } = shop.world
  const world = { now: () => new Date(now().getTime() + minutes * 61_000), randomBytes }
  return refundOrder({ store, payment, world }, merchantId, orderNumber, { reason: '面凉了', amountFen }, by)
}

test('I10: of fifty refunds of random size at once, none too soon after another, as many are taken as fit', async () => {
  const { shopper, orderNumber } = await paidOrder('beef-noodles', 5)
  const { total_fen } = await shopper.show(orderNumber)
  const sizes = Array.from({ length: 50 }, () => 1 + Math.floor((Math.random() * total_fen) / 3))
  // Whoever has the order's lock is a minute later than whoever had it before.
  let looks = 0
  const lookedAt = () => new Date(shop.world.now().getTime() + ++looks * 61_000)
  const world = { ...shop.world, now: lookedAt }
  const results = await Promise.allSettled(
    sizes.map((amountFen) =>
      refundOrder({ store, payment, world }, merchantId, orderNumber, { reason: '面凉了', amountFen }, by),
    ),
  )
  // On a slow machine some wait too long for the order's lock and are told to come again, which nobody does here.
  const decided = results.filter((result) => result.status === 'fulfilled' || !isDatabaseUnavailable(result.reason))
  let takenFen = 0
  const refusals: unknown[] = []
  for (const result of decided) {
    if (result.status === 'fulfilled') takenFen += result.value.amountFen
    else refusals.push((result.reason as { code?: string }).code)
  }
  assert.ok(decided.length - refusals.length >= 2, 'two are taken at least')
  assert.deepEqual([...new Set(refusals)], ['refund_exceeds_payment'])
  const [held] = await shop.sql<{ reserved_fen: number; paid_fen: number }[]>`
    select reserved_fen, paid_fen from payment_balances b join payments p using (merchant_id, transaction_id)
     where p.order_number = ${orderNumber}`
  assert.deepEqual({ ...held }, { reserved_fen: takenFen, paid_fen: total_fen })
  assert.ok(takenFen <= total_fen)

  // All of them are due at once now. WeChat takes one a minute, and none is lost for that.
  await shop.skip((looks + 1) * 61)
  for (let hours = 0; hours < 4 && (await shopper.show(orderNumber)).refunded_fen < takenFen; hours++)
    await shop.passTime(60 * 60)
  const order = await shopper.show(orderNumber)
  assert.deepEqual(new Set(order.refunds.map(({ status }) => status)), new Set(['succeeded']))
  assert.equal(order.refunded_fen, takenFen)
  await endsWell(shop)
})

test('A28: one fen and a hundred thousand yuan are paid and given back to the fen', async () => {
  await shop.sql`
    insert into products (merchant_id, sku, name, category, kind, price_fen, stock_total)
    values (${merchantId}, 'one-fen', '一分', '面', 'physical', 1, 10),
           (${merchantId}, 'feast', '满汉全席', '面', 'physical', 10000000, 10)`
  const small = await paidOrder('one-fen', 1)
  const large = await paidOrder('feast', 1)
  await refundAfter(0, small.orderNumber, 1)
  await refundAfter(0, large.orderNumber, 9_999_999)
  await assert.rejects(refundAfter(1, large.orderNumber, 2), { code: 'refund_exceeds_payment' })
  await refundAfter(1, large.orderNumber, 1)
  await shop.skip(61)
  await shop.passTime(400)
  assert.equal((await small.shopper.show(small.orderNumber)).refunded_fen, 1)
  assert.equal((await large.shopper.show(large.orderNumber)).refunded_fen, 10_000_000)
  await endsWell(shop)
})
