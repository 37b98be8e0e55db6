/** A database without a free connection, and one that a hand has edited. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '@fenpay/contract'
import { watchInvariants } from '../../apps/server/src/commands/watch-money.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { sql } = shop

test('F54: with every connection of the shoppers taken a notification is applied at once, and they are told to come again', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order('tea-egg', 1)
  const pay = await shopper.prepay(orderNumber)
  const crowd = await Shopper.arrive(shop)
  const wanted = await crowd.order('tea-egg', 1)
  const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = sql.begin(async (tx) => {
    await tx`set local idle_in_transaction_session_timeout = 0`
    await tx`select from orders where order_number = ${wanted} for update`
    held.resolve()
    await release.promise
  })
  await held.promise
  const codes: string[] = []
  const crowded = Promise.all(
    Array.from({ length: 100 }, () =>
      crowd.prepay(wanted).then(
        () => codes.push('ok'),
        (error: unknown) => codes.push(error instanceof ApiError ? error.code : String(error)),
      ),
    ),
  )
  const waiting = async () => {
    const rows = await sql`
      select from pg_stat_activity where application_name = 'fenpay' and wait_event_type = 'Lock'`
    return rows.length
  }
  await until('every connection waits', async () => (await waiting()) === 10)
  assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
  await until('the notification is applied', async () => {
    const paid = await sql`select from orders where order_number = ${orderNumber} and status = 'paid'`
    return paid.length === 1
  })
  assert.ok((await waiting()) > 0, 'they wait still')
  await until('the first of them are told', () => codes.length > 0)
  release.resolve()
  await holding
  await crowded
  assert.deepEqual(new Set(codes), new Set(['database_unavailable', 'ok']))
  assert.equal((await crowd.pay(await crowd.prepay(wanted))).errMsg, 'requestPayment:ok')
  await shop.passTime(60)
  await endsWell(shop)
})

test('F79, I6: a hand in the database is refused; one that takes the guards away first is found and flagged', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy('tea-egg', 1)
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  const other = await shopper.order('tea-egg', 1)
  await assert.rejects(sql`update orders set status = 'pending' where order_number = ${orderNumber}`)
  await assert.rejects(sql`delete from order_events where order_number = ${orderNumber}`, /append-only/)

  const edit = (status: string) =>
    sql.begin(async (tx) => {
      await tx`alter table orders disable trigger user`
      await tx`update orders set status = ${status} where order_number = ${other}`
      await tx`alter table orders enable trigger user`
    })
  await edit('closing')
  const store = createStore(sql, { random: Math.random })
  const broken = await watchInvariants({ store, world: shop.world }, shop.config.merchant.merchantId)
  assert.ok(broken > 0)
  const flags = await sql<{ subject_id: string; evidence: { first: string } }[]>`
    select subject_id, evidence from flags where kind = 'invariant_broken' and resolved_at is null`
  assert.ok(flags.some(({ subject_id }) => subject_id === 'I6'))
  assert.ok(flags.every(({ evidence }) => evidence.first.includes(other)))
  await edit('pending')
  await endsWell(shop)
})
