/** The job queue only wakes workers: whoever has its tables locked, as VACUUM FULL does, keeps no payment from its order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { masterKey } from '../support/outbox-parts.ts'
import { Shopper, startShop } from '../support/shop.ts'

// The queue works, and no sweep comes in between.
const shop = await startShop({ env: { FENPAY_MASTER_KEY: masterKey.toString('base64') }, sweepPauseMs: 60 * 60 * 1000 })
const { merchantId } = shop.config.merchant

test('F55: an order that is paid while the tables of the job queue are locked is paid all the same', async () => {
  await shop.sql`update apps set paid_message = '{"templateId": "t", "fields": {"thing1": "items"}}'`
  const woken = async () => {
    const shopper = await Shopper.arrive(shop)
    await shopper.check(await shopper.buy())
    return (await shop.sql`select 1 from pgboss.job where data ->> 'merchantId' = ${merchantId}`).length > 0
  }
  await until('the queue works', () => woken().catch(() => false))
  const shoppers = await Promise.all(Array.from({ length: 4 }, () => Shopper.arrive(shop)))
  await shop.sql.begin(async (tx) => {
    await tx`set local idle_in_transaction_session_timeout = 0`
    await tx`lock table pgboss.job in access exclusive mode`
    const waitsMs: number[] = []
    for (const shopper of shoppers) {
      const startedAt = performance.now()
      const orderNumber = await shopper.buy()
      // Told to come again while the notification's transaction waits for the queue.
      await until(
        'it is paid',
        async () => (await shopper.check(orderNumber).catch(() => undefined))?.status === 'paid',
      )
      waitsMs.push(performance.now() - startedAt)
    }
    // The first one waits as long as for any lock; the others do not wait for what is locked anyway.
    const [first = 0, ...others] = waitsMs
    assert(Math.min(...others) < first / 2, waitsMs.join())
  })
  await endsWell(shop)
})

test('F55: who gives up waiting for a locked job queue keeps what it is about, and the sweep delivers that', async () => {
  const store = createStore(shop.sql, {
    random: () => 0,
    wake: async (execute) => {
      await execute('select 1 from pgboss.job limit 1')
    },
  })
  const at = new Date()
  const item = { merchantId, outboxId: 'kept', kind: 'paid_message', onceKey: 'kept', orderNumber: undefined } as const
  await shop.sql.begin(async (tx) => {
    await tx`lock table pgboss.job in access exclusive mode`
    await store.transaction((writes) => writes.addOutbox({ ...item, payload: {}, createdAt: at, nextAt: at }))
  })
  assert.equal((await shop.sql`select 1 from outbox where outbox_id = 'kept'`).length, 1)
})
