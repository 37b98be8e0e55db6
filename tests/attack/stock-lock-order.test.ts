/** I12: who reserves and who settles takes the products in one order, whatever the database thinks of upper case. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reserveStock, settleStock } from '../../apps/server/src/storage/products.ts'
import { until } from '../../scripts/until.ts'
import { Shopper, startShop } from '../support/shop.ts'

const shop = await startShop()
const { sql } = shop
const { merchantId } = shop.config.merchant

test('I12: an order that is made while another one is settled does not meet it in a circle, under any collation', async () => {
  // A database that somebody made with their country's sorting: b before T, where the program sorts T before b.
  await sql.unsafe(`alter table products alter column sku type text collate "en-x-icu";
                    alter table order_lines alter column sku type text collate "en-x-icu"`)
  await sql`
    insert into products (merchant_id, sku, name, category, kind, price_fen, stock_total)
    values (${merchantId}, 'Tea', '茶', '喝', 'physical', 300, 100), (${merchantId}, 'bun', '包子', '吃', 'physical', 200, 100)`
  const shopper = await Shopper.arrive(shop)
  const { order_number: orderNumber } = await shopper.api.submitOrder(shopper.token, {
    items: [
      { sku: 'bun', quantity: 1 },
      { sku: 'Tea', quantity: 1 },
    ],
  })

  let settling: Promise<unknown> = Promise.resolve()
  await sql.begin(async (making) => {
    await reserveStock(making, merchantId, 'Tea', 1)
    settling = sql.begin((tx) => settleStock(tx, merchantId, orderNumber, 'released'))
    settling.catch(() => undefined)
    await until('the settlement waits', async () => {
      const waiting = await sql`select 1 from pg_locks where not granted`
      return waiting.length > 0
    })
    assert.ok('name' in (await reserveStock(making, merchantId, 'bun', 1)))
  })
  await settling
  const [deadlocks] = await sql<{ count: number }[]>`
    select deadlocks as count from pg_stat_database where datname = current_database()`
  assert.equal(deadlocks?.count, 0)
})
