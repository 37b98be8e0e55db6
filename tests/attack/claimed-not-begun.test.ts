/** What a worker took and never came to is not taken for something that may have gone out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliverDueOutbox } from '../../apps/server/src/commands/deliver-outbox.ts'
import { numberFromBytes } from '../../apps/server/src/domain/number.ts'
import { until } from '../../scripts/until.ts'
import { movableWorld, outboxParts } from '../support/outbox-parts.ts'
import { startShop } from '../support/shop.ts'

const world = movableWorld()
const shop = await startShop({ world })
const { merchantId } = shop.config.merchant

async function addMessages(count: number): Promise<void> {
  const { store } = outboxParts(shop.sql, world)
  await store.transaction(async (tx) => {
    for (let n = 0; n < count; n++) {
      const outboxId = numberFromBytes(world.randomBytes(16))
      const at = world.now()
      const item = { merchantId, outboxId, kind: 'paid_message', onceKey: outboxId, payload: { values: {} } } as const
      await tx.addOutbox({ ...item, orderNumber: undefined, createdAt: at, nextAt: at })
    }
  })
}

const messages = () => shop.sql<{ status: string; attempts: number; last_error: string | null }[]>`
  select status, attempts, last_error from outbox where kind = 'paid_message'`

test('F61, I15: of twenty messages that a server had taken when it was stopped, the next one sends those that it had not begun', async () => {
  await addMessages(20)
  const stopped = outboxParts(shop.sql, world)
  const stopping = new AbortController()
  stopped.answers.message = async () => {
    stopping.abort()
    return { outcome: 'delivered' }
  }
  await deliverDueOutbox(stopped, stopping.signal)
  assert(stopped.calls.messages < 20)
  world.aheadMs += 61_000
  const next = outboxParts(shop.sql, world)
  await deliverDueOutbox(next, new AbortController().signal)
  assert.equal(stopped.calls.messages + next.calls.messages, 20)
  assert.deepEqual(
    (await messages()).filter(({ status, attempts, last_error }) => status !== 'done' || attempts !== 1 || last_error),
    [],
  )
})

test('F65, F66: behind slow ones an item loses none of its tries', async () => {
  await addMessages(20)
  const slow = outboxParts(shop.sql, world)
  let claims = 0
  const { claimOutbox } = slow.store
  slow.store.claimOutbox = async (...item) => {
    claims += 1
    const claimed = await claimOutbox(...item)
    claims -= 1
    return claimed
  }
  slow.answers.message = async () => {
    // A claim that is under way takes no time.
    await until('nobody claims', () => claims === 0)
    // Eight at once take 24 seconds: the last of the row come to their turn when a minute is over.
    world.aheadMs += 3_000
    return { outcome: 'delivered' }
  }
  for (let round = 0; round < 4; round++) {
    await deliverDueOutbox(slow, new AbortController().signal)
    world.aheadMs += 61_000
  }
  assert.equal(slow.calls.messages, 20)
  assert((await messages()).every(({ status, attempts }) => status === 'done' && attempts === 1))
})
