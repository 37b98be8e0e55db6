/** A clock that was far ahead wrote when something is tried next, and how long a prepay_id lives; then it is right again. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
import type { OutboxKind } from '../../apps/server/src/domain/outbox.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper, startShop } from '../support/shop.ts'

let aheadMs = 0
const world: World = { now: () => new Date(Date.now() + aheadMs), randomBytes: (size) => randomBytes(size) }
const shop = await startShop({ world })
const { merchantId } = shop.config.merchant
const store = createStore(shop.sql, { random: Math.random })
const hour = 3600

/** Writes an item after so many tries that is due so many seconds from now; whether it is called back. */
async function isRecalled(kind: OutboxKind, attempts: number, seconds: number): Promise<boolean> {
  const outboxId = randomBytes(8).toString('hex')
  const createdAt = world.now()
  const nextAt = new Date(createdAt.getTime() + seconds * 1000)
  const item = { merchantId, outboxId, kind, onceKey: outboxId, orderNumber: undefined, payload: {}, createdAt, nextAt }
  await store.transaction((tx) => tx.addOutbox(item))
  await shop.sql`update outbox set attempts = ${attempts} where outbox_id = ${outboxId}`
  const now = world.now()
  await store.recallStrays(now)
  const [row] = await shop.sql<{ next_at: Date }[]>`
    update outbox set status = 'done', ended_at = ${now}, next_at = null where outbox_id = ${outboxId}
    returning old.next_at`
  return row?.next_at.getTime() === now.getTime()
}

test('F71: what a clock that was ahead put off in the outbox is called back, and what waits its turn is not', async () => {
  for (const kind of ['upload_shipping', 'paid_message', 'webhook'] as const) {
    assert.equal(await isRecalled(kind, 0, 60), false, `${kind}: held by a sweep`)
    assert.equal(await isRecalled(kind, 0, 8 * hour), true, `${kind}: not tried yet`)
    assert.equal(await isRecalled(kind, 1, 8 * hour), true, `${kind}: tried once`)
  }
  assert.equal(await isRecalled('webhook', 9, 24 * hour), false)
  assert.equal(await isRecalled('webhook', 9, 25 * hour), true)
  assert.equal(await isRecalled('upload_shipping', 13, 8 * hour), false)
  assert.equal(await isRecalled('upload_shipping', 13, 9 * hour), true)
  // When the shipping is due WeChat's clock says; later it is looked at each hour while the money is on its way back.
  assert.equal(await isRecalled('shipping_deadline', 0, 36 * hour), false)
  assert.equal(await isRecalled('shipping_deadline', 1, hour), false)
  assert.equal(await isRecalled('shipping_deadline', 20, hour), false)
  assert.equal(await isRecalled('shipping_deadline', 20, 9 * hour), true)
})

test('F71: a prepay_id whose end a clock that was ahead has dated is not handed out after WeChat has dropped it', async () => {
  const shopper = await Shopper.arrive(shop)
  aheadMs += 8 * hour * 1000
  const orderNumber = await shopper.order()
  const early = await shopper.prepay(orderNumber)
  aheadMs -= 8 * hour * 1000
  await store.recallStrays(world.now())

  aheadMs += 3 * hour * 1000
  await shop.wechat.advance(3 * hour)
  assert.notEqual((await shopper.pay(early)).errMsg, 'requestPayment:ok')
  const pay = await shopper.prepay(orderNumber)
  assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  await endsWell(shop)
})
