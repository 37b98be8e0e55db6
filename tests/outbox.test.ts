/** The outbox itself: once, in order, by many workers, through crashes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { announce } from '../apps/server/src/commands/announce.ts'
import { deliverDueOutbox, deliverOutboxItem } from '../apps/server/src/commands/deliver-outbox.ts'
import { shipOrder } from '../apps/server/src/commands/ship-order.ts'
import { numberFromBytes } from '../apps/server/src/domain/number.ts'
import type { OutboxKind } from '../apps/server/src/domain/outbox.ts'
import { endsWell } from './support/ends-well.ts'
import { movableWorld, outboxParts } from './support/outbox-parts.ts'
import { Shopper, startShop } from './support/shop.ts'

const world = movableWorld()
const shop = await startShop({ world, env: { FENPAY_OPEN_ORDERS_MAX: '1000' } })
const { merchantId } = shop.config.merchant
const { signal } = new AbortController()
const express = { how: 'express', company: 'ZTO', trackingNo: '75812345678' } as const

async function paidOrder(): Promise<string> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  return orderNumber
}

const rows = (kind: OutboxKind, orderNumber?: string) => shop.sql<
  {
    outbox_id: string
    status: string
    attempts: number
    in_flight: boolean
    last_error: string | null
    order_number: string | null
  }[]
>`select * from outbox where kind = ${kind} and (${orderNumber ?? null}::text is null or order_number = ${orderNumber ?? null})
   order by created_at`

const clear = () =>
  shop.sql`update outbox set status = 'done', next_at = null, ended_at = now(), in_flight = false where status = 'pending'`

/** Items of a kind that nobody made by a purchase. */
async function fill(kind: OutboxKind, count: number, merchant = merchantId): Promise<void> {
  const parts = outboxParts(shop.sql, world)
  await parts.store.transaction(async (tx) => {
    for (let n = 0; n < count; n++) {
      const at = new Date(world.now().getTime() - (count - n) * 1000)
      const outboxId = numberFromBytes(world.randomBytes(16))
      const item = {
        merchantId: merchant,
        outboxId,
        kind,
        onceKey: outboxId,
        orderNumber: undefined,
        payload: { n, values: {} },
      }
      await tx.addOutbox({ ...item, createdAt: at, nextAt: at })
    }
  })
}

test('I15: a fact that is announced twice is in the outbox once, and one that was rolled back not at all', async () => {
  const orderNumber = await paidOrder()
  const parts = outboxParts(shop.sql, world)
  const tell = () =>
    parts.store.transaction(async (tx) => {
      const order = await tx.lockOrder(merchantId, orderNumber)
      if (order !== undefined) await announce(tx, world, merchantId, { type: 'order.paid', order })
    })
  await Promise.all([tell(), tell(), tell()])
  assert.equal((await rows('shipping_deadline', orderNumber)).length, 1)
  const other = await paidOrder()
  const before = (await rows('upload_shipping')).length
  await assert.rejects(
    parts.store.transaction(async (tx) => {
      const at = world.now()
      const item = {
        merchantId,
        outboxId: 'x',
        kind: 'upload_shipping',
        onceKey: 'x',
        orderNumber: other,
        payload: {},
      } as const
      await tx.addOutbox({ ...item, createdAt: at, nextAt: at })
      throw new Error('rolled back')
    }),
  )
  assert.equal((await rows('upload_shipping')).length, before)
})

test('F63, I25: two sweeps and a job at once tell WeChat of a shipment once', async () => {
  const orderNumber = await paidOrder()
  const parts = outboxParts(shop.sql, world)
  await shipOrder(parts, merchantId, orderNumber, express)
  const [item] = await rows('upload_shipping', orderNumber)
  await Promise.all([
    deliverDueOutbox(parts, signal),
    deliverDueOutbox(parts, signal),
    deliverOutboxItem(parts, merchantId, item?.outbox_id ?? ''),
  ])
  assert.deepEqual(parts.calls.shipping, [false])
  assert.equal((await rows('upload_shipping', orderNumber))[0]?.status, 'done')
  await endsWell(shop)
})

test('F64: a worker that slept past its lease writes nothing over what the next one found', async () => {
  const orderNumber = await paidOrder()
  const sleeper = outboxParts(shop.sql, world)
  await shipOrder(sleeper, merchantId, orderNumber, express)
  let wake = () => {}
  sleeper.answers.shipping = () =>
    new Promise((done) => {
      wake = () => done({ outcome: 'refused', error: 'an answer of long ago' })
    })
  const sleeping = deliverDueOutbox(sleeper, signal)
  while (sleeper.calls.shipping.length === 0) await new Promise((done) => setTimeout(done, 10))
  world.aheadMs += 10 * 60 * 1000
  const next = outboxParts(shop.sql, world)
  await deliverDueOutbox(next, signal)
  assert.deepEqual(next.calls.shipping, [true], 'the next one knows that an earlier try may have arrived')
  wake()
  await sleeping
  assert.deepEqual(sleeper.failures, [], 'it saw by itself that the item is not its own any more')
  const [item] = await rows('upload_shipping', orderNumber)
  assert.equal(item?.status, 'done')
  const flags = await shop.sql`select 1 from flags where order_number = ${orderNumber} and kind = 'outbox_dead'`
  assert.equal(flags.length, 0)
  await endsWell(shop)
})

test('a try that died on the way is told to the next one; a message that may have gone out is not sent again', async () => {
  await clear()
  const orderNumber = await paidOrder()
  const parts = outboxParts(shop.sql, world)
  await shipOrder(parts, merchantId, orderNumber, express)
  await fill('paid_message', 1)
  // Both are begun, and then the process is gone.
  const soon = new Date(world.now().getTime() + 60_000)
  const held = await parts.store.holdDueOutbox(world.now(), soon, 20)
  assert.equal(held.length, 2)
  for (const { outboxId } of held) assert.ok(await parts.store.claimOutbox(merchantId, outboxId, soon, soon))
  await deliverDueOutbox(parts, signal)
  assert.deepEqual(parts.calls, { shipping: [], messages: 0 }, "it is still that one's")
  world.aheadMs += 61_000
  await deliverDueOutbox(parts, signal)
  assert.deepEqual(parts.calls, { shipping: [true], messages: 0 })
  const [message] = (await rows('paid_message')).slice(-1)
  assert.equal(message?.status, 'done')
  assert.match(message?.last_error ?? '', /not sent twice/)
})

test('F65: a poison item is tried ever more rarely, given up and flagged, while the others flow', async () => {
  await clear()
  await fill('paid_message', 1)
  const [poison] = (await rows('paid_message')).slice(-1)
  const parts = outboxParts(shop.sql, world)
  parts.answers.message = async () => ({ outcome: 'later', error: 'busy' })
  for (let tries = 0; tries < 6; tries++) {
    await deliverDueOutbox(parts, signal)
    world.aheadMs += 2 * 60 * 60 * 1000
  }
  const [given] = await shop.sql<
    { status: string }[]
  >`select status from outbox where outbox_id = ${poison?.outbox_id ?? ''}`
  assert.equal(given?.status, 'dead')
  const flags = await shop.sql<{ evidence: { error: string } }[]>`
    select evidence from flags where kind = 'outbox_dead' and subject_id = ${poison?.outbox_id ?? ''}`
  assert.equal(flags[0]?.evidence.error, 'busy')

  const orderNumber = await paidOrder()
  await shipOrder(parts, merchantId, orderNumber, express)
  const throwing = outboxParts(shop.sql, world)
  throwing.answers.shipping = () => Promise.reject(new Error('a bug'))
  await deliverDueOutbox(throwing, signal)
  assert.equal(throwing.failures.length, 1)
  assert.equal((await rows('upload_shipping', orderNumber))[0]?.status, 'pending')
  world.aheadMs += 60_000
  await deliverDueOutbox(parts, signal)
  assert.equal((await rows('upload_shipping', orderNumber))[0]?.status, 'done')
  await endsWell(shop)
})

test('F66: of a backlog the newest that users wait for goes first, and every merchant has its turn', async () => {
  await clear()
  await shop.sql`insert into merchants (merchant_id, name, pay_api, sealed_keys) values ('1900000199', 'other', 'v3', '')`
  await fill('webhook', 30)
  await fill('paid_message', 60)
  await fill('paid_message', 2, '1900000199')
  const { store } = outboxParts(shop.sql, world)
  const held = await store.holdDueOutbox(world.now(), new Date(world.now().getTime() + 60_000), 20)
  const mine = held.filter((item) => item.merchantId === merchantId)
  assert.deepEqual(
    mine.filter(({ kind }) => kind === 'paid_message').map(({ payload }) => payload['n']),
    Array.from({ length: 20 }, (_, place) => 59 - place),
  )
  assert.deepEqual(
    mine.filter(({ kind }) => kind === 'webhook').map(({ payload }) => payload['n']),
    Array.from({ length: 20 }, (_, place) => place),
  )
  assert.ok(held.findIndex((item) => item.merchantId === '1900000199') <= 2, 'the small merchant does not wait')
  assert.equal(
    held.findIndex(({ kind }) => kind === 'webhook'),
    22,
  )
  await clear()
  await endsWell(shop)
})

test('the database keeps what an item says, and its end', async () => {
  await fill('paid_message', 1)
  const [item] = (await rows('paid_message')).slice(-1)
  const id = item?.outbox_id ?? ''
  await assert.rejects(shop.sql`update outbox set payload = '{}' where outbox_id = ${id}`, /may not change/)
  await assert.rejects(shop.sql`delete from outbox where outbox_id = ${id}`, /append-only/)
  await assert.rejects(shop.sql`update outbox set next_at = null where outbox_id = ${id}`, /outbox_pending_is_due/)
  await clear()
  await assert.rejects(
    shop.sql`update outbox set status = 'pending', next_at = now(), ended_at = null where outbox_id = ${id}`,
    /may not go from/,
  )
  const open = await (await Shopper.arrive(shop)).order()
  await assert.rejects(
    shop.sql`insert into shipments (merchant_id, order_number, how, status, recorded_at)
             values (${merchantId}, ${open}, 'pickup', 'recorded', now())`,
    /not paid/,
  )
  await endsWell(shop)
})
