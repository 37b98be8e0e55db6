/** Many orders that are due at once, and one that cannot be looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sweepOrders } from '../../apps/server/src/commands/sweep-orders.ts'
import type { Attempt } from '../../apps/server/src/domain/attempt.ts'
import type { PaymentGateway } from '../../apps/server/src/ports.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const store = createStore(shop.sql, { random: () => 0 })
const { signal } = new AbortController()
const mine = shop.config.merchant.merchantId

/** WeChat as far as a sweep asks it: nobody has paid, and some numbers bring the bug out. */
function askedGateway(asked: string[], isPoison: (attempt: Attempt) => boolean): Pick<PaymentGateway, 'query'> {
  return {
    query: async (attempt) => {
      asked.push(attempt.orderNumber)
      if (isPoison(attempt)) throw new TypeError('a bug')
      return { outcome: 'not_paid' }
    },
  }
}

const sweepWith = (gateway: Pick<PaymentGateway, 'query'>, onFailure: (orderNumber: string) => void) =>
  sweepOrders(
    {
      store,
      payment: gateway as PaymentGateway,
      world: shop.world,
      onFailure: ({ orderNumber }) => onFailure(orderNumber),
    },
    signal,
  )

test('F65: an order that can never be looked at does not keep the others waiting, and is tried again later', async () => {
  const shopper = await Shopper.arrive(shop)
  const orders = []
  for (let count = 0; count < 6; count++) {
    const orderNumber = await shopper.order('tea-egg', 1)
    await shopper.prepay(orderNumber)
    orders.push(orderNumber)
  }
  const [poison = ''] = orders
  const asked: string[] = []
  const failed: string[] = []
  for (let round = 0; round < 3; round++) {
    await shop.skip(70)
    await sweepWith(
      askedGateway(asked, (attempt) => attempt.orderNumber === poison),
      (orderNumber) => failed.push(orderNumber),
    )
  }
  for (const orderNumber of orders) assert.equal(asked.filter((number) => number === orderNumber).length, 3)
  assert.deepEqual(failed, [poison, poison, poison])
  await endsWell(shop)
})

test('F66, P1: behind a backlog of 20,000 orders of two merchants a fresh order is looked at by the next sweep', async (t) => {
  const shopper = await Shopper.arrive(shop)
  await shopper.order('tea-egg', 1)
  const other = '1900000999'
  await addBacklog(mine, 10_000)
  await shop.sql`insert into merchants (merchant_id, name, pay_api, sealed_keys) values (${other}, 'other', 'v3', '\\x00')`
  await shop.sql`insert into apps (merchant_id, appid, sealed_secret) select ${other}, appid, sealed_secret from apps`
  await shop.sql`insert into users (merchant_id, user_id, appid, openid)
                 select ${other}, user_id, appid, openid from users where merchant_id = ${mine}`
  await addBacklog(other, 10_000)

  const newcomer = await Shopper.arrive(shop)
  const fresh = await newcomer.order('tea-egg', 1)
  await shop.sql`update orders set next_check_at = ${shop.world.now()} where order_number = ${fresh}`
  const now = new Date(shop.world.now().getTime() + 1000)
  const startedMs = performance.now()
  const claimed = await store.claimDueOrders(now, new Date(now.getTime() + 60_000), 20)
  const claimMs = performance.now() - startedMs
  t.diagnostic(`a claim out of 20,000 took ${claimMs.toFixed(1)} ms`)
  assert.ok(
    claimed.some(({ order }) => order.orderNumber === fresh),
    'the fresh order is among the first',
  )
  const byMerchant = (merchantId: string) => claimed.filter(({ order }) => order.merchantId === merchantId).length
  assert.deepEqual([byMerchant(mine), byMerchant(other)], [20, 20])
  assert.ok(claimMs < 500, `${claimMs} ms`)
})

/** Orders of yesterday that nobody has looked at, as a stopped server leaves them behind. */
async function addBacklog(merchantId: string, count: number): Promise<void> {
  await shop.sql.begin(async (tx) => {
    // The guards would be most of the time this takes.
    await tx`alter table orders disable trigger user`
    await tx`alter table order_events disable trigger user`
    await tx`
      insert into orders (merchant_id, order_number, user_id, appid, openid, status, total_fen, created_at, expires_at,
                          next_check_at, event_count)
      select ${merchantId}, 'backlog-' || n, user_id, appid, openid, 'pending', total_fen, created_at - interval '1 day',
             expires_at - interval '1 day', created_at - interval '1 day' + n * interval '1 second', 1
        from generate_series(1, ${count}::int) n, (select * from orders where merchant_id = ${mine} order by created_at limit 1) pattern`
    await tx`
      insert into order_events (merchant_id, order_number, seq, kind, to_status, cause, actor, at)
      select merchant_id, order_number, 1, 'submitted', status, 'submit', 'fenpay', created_at
        from orders where merchant_id = ${merchantId} and order_number like 'backlog-%'`
    await tx`alter table orders enable trigger user`
    await tx`alter table order_events enable trigger user`
  })
}
