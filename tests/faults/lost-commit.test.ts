/** The connection to the database dies while it commits: nobody knows whether it did, until the same key is read again. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ApiError } from '@fenpay/contract'
import { until } from '../../scripts/until.ts'
import { DatabaseTap } from '../crash/database-tap.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

let tap: DatabaseTap | undefined
const shop = await startTimedShop({
  throughTap: async (databaseUrl) => {
    const started = await DatabaseTap.start(databaseUrl)
    tap = started.tap
    return started.url
  },
})
after(() => tap?.close())

/** The transaction that made a write seen while `work` ran, as the tap names it. */
async function writeOf(table: string, work: () => Promise<unknown>): Promise<string> {
  const seen = tap?.writes.length ?? 0
  await work()
  const write = tap?.writes.slice(seen).find((name) => name.includes(table))
  assert.ok(write !== undefined, `nothing was written to ${table}`)
  return write
}

/** Does `work` while the connection is cut on the given side of the commit of `write`. */
async function cutAt(write: string, side: 'before' | 'after', work: () => Promise<unknown>): Promise<unknown> {
  const reached = tap?.hold({ write, side })
  const working = work().catch((error: unknown) => error)
  await reached
  tap?.cut()
  return working
}

const count = async (query: Promise<{ count: number }[]>) => (await query)[0]?.count

for (const side of ['before', 'after'] as const) {
  test(`F48: an order whose commit was cut ${side} it took effect is there once when the same key asks again`, async () => {
    const shopper = await Shopper.arrive(shop)
    const submit = (key: string) =>
      shop.api.submitOrder(shopper.token, { items: [{ sku: 'tea-egg', quantity: 1 }] }, key)
    const write = await writeOf('insert orders', () => submit(`whole-order-${side}-1`))
    const before = await count(shop.sql<{ count: number }[]>`select count(*) from orders`)
    const lost = await cutAt(write, side, () => submit(`cut-order-${side}-1`))
    assert.ok(lost instanceof ApiError && lost.code === 'database_unavailable', String(lost))
    const again = await submit(`cut-order-${side}-1`)
    assert.deepEqual(await submit(`cut-order-${side}-1`), again)
    assert.equal(await count(shop.sql<{ count: number }[]>`select count(*) from orders`), (before ?? 0) + 1)
    await endsWell(shop)
  })

  test(`F48: a payment whose commit was cut ${side} it took effect is not acknowledged, and the next message finds it applied once`, async () => {
    const shopper = await Shopper.arrive(shop)
    const write = await writeOf('insert payments', async () => {
      const orderNumber = await shopper.buy('tea-egg', 1)
      await until('it is paid', async () => (await shopper.show(orderNumber)).status === 'paid')
    })
    const orderNumber = await shopper.order('tea-egg', 1)
    const pay = await shopper.prepay(orderNumber)
    await cutAt(write, side, () => shopper.pay(pay))
    const { notifications } = await shop.wechat.control<{
      notifications: { deliveries: { outcome: string; status?: number }[] }[]
    }>('/_sim/books')
    assert.notEqual(notifications.at(-1)?.deliveries.at(-1)?.outcome, 'acknowledged')
    await shop.passTime(30)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    const events = shop.sql<
      { count: number }[]
    >`select count(*) from order_events where order_number = ${orderNumber} and kind = 'paid'`
    assert.equal(await count(events), 1)
    await endsWell(shop)
  })
}
