/** The outbox in a running server: jobs of pg-boss wake it, the sweep is the net, metrics tell of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '@fenpay/server'
import { addWebhook } from '../apps/server/src/commands/webhooks.ts'
import { createOutboxRunner } from '../apps/server/src/jobs/outbox-runner.ts'
import { createStore } from '../apps/server/src/storage/store.ts'
import { until } from '../scripts/until.ts'
import { masterKey, movableWorld, outboxParts } from './support/outbox-parts.ts'
import { Shopper, startShop } from './support/shop.ts'
import { startReceiver } from './support/webhook-receiver.ts'

const hour = 60 * 60 * 1000
const env = {
  FENPAY_WEBHOOK_ALLOW_LOOPBACK: 'yes',
  FENPAY_MASTER_KEY: masterKey.toString('base64'),
  FENPAY_METRICS_TOKEN: 'metrics-token-0123456789',
}
const world = movableWorld()
// One sweep at the start, and none again while the tests run: what is delivered was woken by a job.
const shop = await startShop({ world, env, sweepPauseMs: hour })
const receiver = await startReceiver()
const { merchantId } = shop.config.merchant
const parts = outboxParts(shop.sql, world)
await addWebhook({ ...parts, allowLoopback: true }, merchantId, { url: receiver.url, events: ['order.paid'] })

async function buy(): Promise<string> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  return orderNumber
}

test("a job wakes a worker as soon as the payment is committed, in the transaction of the application's own role", async () => {
  await until('the queue works', async () => {
    const [found] = await shop.sql`select to_regclass('pgboss.queue') as queue`
    if (found?.['queue'] === null) return false
    const queues = await shop.sql`select 1 from pgboss.queue where name = 'outbox'`
    return queues.length === 1
  })
  await until('a webhook comes', async () => {
    const before = receiver.received.length
    await buy()
    await new Promise((done) => setTimeout(done, 500))
    return receiver.received.length > before
  })
  const before = receiver.received.length
  await buy()
  // The next sweep is an hour away.
  await until('the next comes', () => receiver.received.length > before)
})

test('the application may put jobs into the queue and nothing else', async () => {
  const granted = async (right: string) => {
    const [row] = await shop.sql`select has_table_privilege('fenpay_app', 'pgboss.job', ${right}) as granted`
    return row?.['granted']
  }
  assert.deepEqual([await granted('insert'), await granted('update'), await granted('delete')], [true, false, false])
})

test('several servers share the queue, and each order is told once', async () => {
  await shop.startAnother({ world, env })
  const another = createOutboxRunner(shop.databaseUrl, 'fenpay_app', createLogger('silent'))
  another.run(outboxParts(shop.sql, world), hour)
  const before = receiver.received.length
  await Promise.all(Array.from({ length: 5 }, buy))
  await until('all five came', () => receiver.received.length >= before + 5)
  await new Promise((done) => setTimeout(done, 500))
  assert.equal(new Set(receiver.received.slice(before).map(({ headers }) => headers['webhook-id'])).size, 5)
  assert.equal(receiver.received.length, before + 5)
  await another.stop()
})

test('a job queue that fails takes nothing with it: the payment is kept, and the sweep delivers', async () => {
  const store = createStore(shop.sql, {
    random: () => 0,
    wake: async (execute) => {
      await execute('select * from no_such_table')
    },
  })
  const at = world.now()
  const item = { merchantId, outboxId: 'kept', kind: 'paid_message', onceKey: 'kept', orderNumber: undefined } as const
  await store.transaction((tx) => tx.addOutbox({ ...item, payload: { values: {} }, createdAt: at, nextAt: at }))
  assert.equal((await shop.sql`select 1 from outbox where outbox_id = 'kept'`).length, 1)
})

test('A68: metrics are for this machine and for who has the token, and tell how the outbox stands', async () => {
  const get = (headers: Record<string, string> = {}) => fetch(new URL('/metrics', shop.server.url), { headers })
  const local = await get()
  assert.equal(local.status, 200)
  const text = await local.text()
  for (const name of ['outbox_pending', 'open_flags', 'unknown_operations', 'oldest_undecided_order_seconds'])
    assert.match(text, new RegExp(`^# TYPE fenpay_${name} gauge`, 'm'))
  assert.match(text, /^fenpay_payments_last_hour\{source="(notify|query)"\} [1-9]/m)
  assert.match(text, /^fenpay_invariants_broken 0$/m)
  assert.doesNotMatch(text, /node|v24|version/i)
  const proxied = { 'x-forwarded-for': '127.0.0.1' }
  assert.equal((await get(proxied)).status, 404)
  assert.equal((await get({ ...proxied, authorization: 'Bearer metrics-token-0123456780' })).status, 404)
  assert.equal((await get({ ...proxied, authorization: `Bearer ${env.FENPAY_METRICS_TOKEN}` })).status, 200)
})
