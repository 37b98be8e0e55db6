/** Many orders that are due at once, and one that cannot be looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sweepOrders } from '../../apps/server/src/commands/sweep-orders.ts'
import { watchOverdue } from '../../apps/server/src/commands/watch-money.ts'
import type { Merchant } from '../../apps/server/src/domain/merchant.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { apiAt, Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const store = createStore(shop.sql, { random: () => 0 })
const { signal } = new AbortController()
const { merchant } = shop.config
const mine = merchant.merchantId

/** One round of the sweep with these keys; answers the orders that could not be looked at. */
async function sweepOnce(keys: Merchant['keys']): Promise<string[]> {
  const has = { ...merchant, keys }
  const merchants = { find: async () => has, ofApp: async () => has }
  const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] })
  const failed: string[] = []
  const onFailure = ({ orderNumber }: { orderNumber: string }) => void failed.push(orderNumber)
  await sweepOrders({ store, payment, world: shop.world, onFailure }, signal)
  return failed
}

test('F65: an order that no look can get through keeps no other waiting, is flagged, and goes on once its cause is mended', async () => {
  const shopper = await Shopper.arrive(shop)
  const others = [await shopper.order('tea-egg', 1), await shopper.order('tea-egg', 1)]
  for (const orderNumber of others) await shopper.prepay(orderNumber)
  // Made over v2, whose key is then one that no client takes.
  const old = await shop.startAnother({ world: shop.world, env: { FENPAY_PAY_API: 'v2-md5' } })
  const poison = await shopper.order('tea-egg', 1)
  await apiAt(old.url).prepayOrder(shopper.token, poison)
  const brokenV2 = { ...merchant.keys, apiV2Key: 'no key' }
  const flags = async () => {
    await watchOverdue({ store, world: shop.world })
    const rows = await shop.sql<{ kind: string; order_number: string }[]>`
      select kind, order_number from flags where resolved_at is null`
    return rows.map(({ kind, order_number }) => [kind, order_number])
  }

  for (let round = 0; round < 3; round++) {
    await shop.skip(70)
    assert.deepEqual(await sweepOnce(brokenV2), [poison])
  }
  for (let minute = 0; minute < 50; minute++) {
    await shop.skip(60)
    await sweepOnce(brokenV2)
  }
  const open = await shop.sql<{ order_number: string }[]>`
    select order_number from orders where status in ('pending', 'closing')`
  assert.deepEqual([...open], [{ order_number: poison }])
  assert.deepEqual(await flags(), [['order_undecided', poison]])

  await shop.passTime(120)
  assert.equal((await shopper.show(poison)).status, 'closed')
  assert.deepEqual(await flags(), [])
  await endsWell(shop)
})

test('F66, P1: behind a backlog of 20,000 orders of two merchants the next sweep finds the money of a fresh order', async (t) => {
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
  await shop.wechat.fault('notify.drop', { seconds: 600 })
  const fresh = await newcomer.buy('tea-egg', 1)
  await shop.skip(10)
  const now = shop.world.now()
  const startedMs = performance.now()
  assert.deepEqual(await sweepOnce(merchant.keys), [])
  t.diagnostic(`a sweep with 20,000 waiting took ${(performance.now() - startedMs).toFixed(0)} ms`)
  assert.equal((await newcomer.show(fresh)).status, 'paid')
  const looked = await shop.sql<{ merchant_id: string; count: number }[]>`
    select merchant_id, count(*) from orders
     where order_number like 'backlog-%' and (status = 'closed' or next_check_at > ${now}) group by 1 order by 1`
  assert.deepEqual(
    looked.map(({ merchant_id, count }) => [merchant_id, count]),
    [
      [mine, 19],
      [other, 20],
    ].sort(),
    'each merchant has its turn',
  )
  await endsWell(shop)
})

/** Orders of yesterday that nobody has looked at, as a stopped server leaves them behind. */
async function addBacklog(merchantId: string, count: number): Promise<void> {
  const guarded = ['orders', 'order_events', 'order_lines']
  await shop.sql.begin(async (tx) => {
    await tx`set local statement_timeout = 0`
    // The guards would be most of the time this takes.
    for (const table of guarded) await tx`alter table ${tx(table)} disable trigger user`
    await tx`
      insert into products (merchant_id, sku, name, category, kind, price_fen, stock_total, stock_reserved)
      select ${merchantId}, 'backlog', '旧单', '旧单', 'virtual', 1, ${count}::int, ${count}::int`
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
    await tx`
      insert into order_lines (merchant_id, order_number, line, sku, name, price_fen, quantity)
      select merchant_id, order_number, 1, 'backlog', '旧单', total_fen, 1
        from orders where merchant_id = ${merchantId} and order_number like 'backlog-%'`
    for (const table of guarded) await tx`alter table ${tx(table)} enable trigger user`
  })
}
