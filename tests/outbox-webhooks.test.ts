/** Webhooks to the merchant's own systems: signed by Standard Webhooks, logged, repeated, and nowhere else. */
import assert from 'node:assert/strict'
import type { lookup } from 'node:dns'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { deliverDueOutbox } from '../apps/server/src/commands/deliver-outbox.ts'
import {
  addWebhook,
  enableWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  resendDelivery,
  rotateWebhookSecret,
} from '../apps/server/src/commands/webhooks.ts'
import { createWebhookPoster } from '../apps/server/src/gateway/webhook-post.ts'
import { masterKey, movableWorld, outboxParts } from './support/outbox-parts.ts'
import { Shopper, startShop } from './support/shop.ts'
import { startReceiver } from './support/webhook-receiver.ts'

const world = movableWorld()
const shop = await startShop({
  world,
  env: { FENPAY_WEBHOOK_ALLOW_LOOPBACK: 'yes', FENPAY_MASTER_KEY: masterKey.toString('base64') },
})
const receiver = await startReceiver()
const { merchantId } = shop.config.merchant
const { signal } = new AbortController()
const parts = outboxParts(shop.sql, world)
const ports = { ...parts, allowLoopback: true }

async function add(
  events: Parameters<typeof addWebhook>[2]['events'],
): Promise<{ endpointId: string; secret: string }> {
  const added = await addWebhook(ports, merchantId, { url: receiver.url, events })
  assert.ok('secret' in added)
  return added
}

async function buy(): Promise<string> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  return orderNumber
}

const pass = (seconds: number) => {
  world.aheadMs += seconds * 1000
}
/** The verifier has a clock of its own; what is checked is who signed. */
function verify(
  secret: string,
  place = -1,
): { type: string; data: { order: { order_number: string; status: string } } } {
  const request = receiver.received.at(place)
  assert.ok(request !== undefined)
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  return new Webhook(secret).verify(request.body, headers) as ReturnType<typeof verify>
}

test('a paid order is told, signed so that the referee of Standard Webhooks believes it, in the shapes of the API', async () => {
  const { secret, endpointId } = await add(['order.paid'])
  const orderNumber = await buy()
  await deliverDueOutbox(parts, signal)
  assert.equal(receiver.received.length, 1)
  const { type, data } = verify(secret)
  assert.equal(type, 'order.paid')
  assert.deepEqual(
    { number: data.order.order_number, status: data.order.status },
    { number: orderNumber, status: 'paid' },
  )
  assert.throws(() => verify(`whsec_${Buffer.alloc(24).toString('base64')}`))
  const [delivery] = await listDeliveries(parts, merchantId)
  assert.deepEqual([delivery?.status, delivery?.error, delivery?.event], [204, undefined, 'order.paid'])
  assert.ok(!JSON.stringify([await listWebhooks(parts, merchantId), delivery]).includes(secret.slice(6)))
  const [row] = await shop.sql<{ sealed_secrets: Buffer }[]>`select sealed_secrets from webhook_endpoints`
  assert.ok(row !== undefined && !row.sealed_secrets.includes(Buffer.from(secret.slice(6))), 'it is sealed')
  await removeWebhook(parts, merchantId, endpointId)
})

test('through a rotation both secrets sign for a day, then the new one alone', async () => {
  const { endpointId, secret: old } = await add(['order.paid'])
  const fresh = await rotateWebhookSecret(parts, merchantId, endpointId)
  assert.ok(fresh !== undefined)
  await buy()
  await deliverDueOutbox(parts, signal)
  verify(old)
  verify(fresh)
  await shop.sql`select 1`
  const tries = receiver.received.length
  pass(24 * 60 * 60 + 1)
  await resendDelivery(parts, merchantId, (await listDeliveries(parts, merchantId))[0]?.outboxId ?? '')
  await deliverDueOutbox(parts, signal)
  assert.equal(receiver.received.length, tries + 1)
  assert.equal(String(receiver.received.at(-1)?.headers['webhook-signature']).split(' ').length, 1)
  world.aheadMs = 0
  await removeWebhook(parts, merchantId, endpointId)
})

test('a try that is not taken is repeated under the same id, each one in the log; and once more on demand', async () => {
  const { endpointId } = await add(['order.paid'])
  receiver.answer = { status: 500 }
  await buy()
  const before = receiver.received.length
  await deliverDueOutbox(parts, signal)
  receiver.answer = { status: 200, body: 'thank you' }
  await deliverDueOutbox(parts, signal)
  assert.equal(receiver.received.length, before + 1, 'not before its time')
  pass(6)
  await deliverDueOutbox(parts, signal)
  const [second, first] = await listDeliveries(parts, merchantId, { endpointId })
  assert.deepEqual([first?.status, second?.status], [500, 200])
  const failed = await listDeliveries(parts, merchantId, { endpointId, failed: true, limit: 1 })
  assert.deepEqual(
    failed.map(({ status }) => status),
    [500],
    'a failure is found behind what arrived later',
  )
  assert.equal(await resendDelivery(parts, merchantId, second?.outboxId ?? ''), true)
  await deliverDueOutbox(parts, signal)
  const ids = receiver.received.slice(before).map(({ headers }) => headers['webhook-id'])
  assert.deepEqual(ids, Array(3).fill(second?.outboxId))
  assert.equal(await resendDelivery(parts, merchantId, 'no such item'), false)
  await removeWebhook(parts, merchantId, endpointId)
})

test('an address that takes nothing for three days is switched off and flagged; switched on, what was missed can be resent', async () => {
  const { endpointId } = await add(['order.paid'])
  receiver.answer = { status: 503 }
  await buy()
  const { outboxId } = await (async () => {
    await deliverDueOutbox(parts, signal)
    const [delivery] = await listDeliveries(parts, merchantId, { endpointId })
    return delivery ?? { outboxId: '' }
  })()
  const statusOf = async () =>
    (await listWebhooks(parts, merchantId)).find((one) => one.endpointId === endpointId)?.status
  for (let tries = 0; tries < 12 && (await statusOf()) === 'enabled'; tries++) {
    pass(24 * 60 * 60)
    await deliverDueOutbox(parts, signal)
  }
  assert.equal(await statusOf(), 'disabled')
  const flagged = () =>
    shop.sql`select 1 from flags where kind = 'webhook_disabled' and subject_id = ${endpointId} and resolved_at is null`
  assert.equal((await flagged()).length, 1)
  await enableWebhook(parts, merchantId, endpointId)
  assert.equal((await flagged()).length, 0)
  receiver.answer = { status: 204 }
  pass(24 * 60 * 60)
  await deliverDueOutbox(parts, signal)
  await resendDelivery(parts, merchantId, outboxId)
  await deliverDueOutbox(parts, signal)
  assert.equal((await listDeliveries(parts, merchantId, { endpointId }))[0]?.status, 204)
  await removeWebhook(parts, merchantId, endpointId)
})

test('A51: a redirect is not followed, a large or slow answer is cut, and each is a failed try', async () => {
  const poster = createWebhookPoster({ allowLoopback: true, clock: Date.now })
  const post = () => poster.post(receiver.url, { 'content-type': 'application/json' }, '{}')
  const before = receiver.received.length
  receiver.answer = { status: 302, headers: { location: receiver.url } }
  assert.equal(((await post()) as { status: number }).status, 302)
  assert.equal(receiver.received.length, before + 1)
  receiver.answer = { status: 200, body: 'x'.repeat(70 * 1024) }
  assert.match(((await post()) as { error: string }).error, /64 KiB/)
  receiver.answer = { status: 200, delayMs: 6_000 }
  const slow = await post()
  assert.match((slow as { error: string }).error, /5 s/)
  assert.ok(slow.durationMs >= 4_900 && slow.durationMs < 5_900)
  receiver.answer = { status: 204 }
})

test('A51: no webhook reaches a private address, by whatever name, and no name may change its meaning in between', async () => {
  const before = receiver.received.length
  const { port } = new URL(receiver.url)
  const closed = createWebhookPoster({ allowLoopback: false, clock: Date.now })
  for (const url of [
    receiver.url,
    `https://127.0.0.1:${port}/`,
    `https://2130706433:${port}/`,
    `https://[::1]:${port}/`,
  ])
    assert.ok('error' in (await closed.post(url, {}, '{}')), url)
  // A name that is public for who checks it, and ours for who connects: there is one look-up only.
  const answers = [['93.184.216.34', '127.0.0.1'], ['127.0.0.1']]
  let asked = 0
  const rebinding = ((_name: string, _options: unknown, callback: (error: null, addresses: unknown) => void) => {
    const addresses = answers[asked++] ?? []
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    )
  }) as unknown as typeof lookup
  const tricked = createWebhookPoster({ allowLoopback: false, clock: Date.now, lookup: rebinding })
  for (const _ of answers) {
    const result = await tricked.post(`https://rebind.example:${port}/`, {}, '{}')
    assert.match((result as { error: string }).error, /public internet/)
  }
  assert.equal(asked, 2)
  assert.equal(receiver.received.length, before)
  const refused = await addWebhook({ ...ports, allowLoopback: false }, merchantId, {
    url: receiver.url,
    events: ['order.paid'],
  })
  assert.ok('refused' in refused)
})

test('every event that an address asked for is told, and none that it did not', async () => {
  const { endpointId } = await add(['order.closed'])
  const before = receiver.received.length
  const shopper = await Shopper.arrive(shop)
  const open = await shopper.order()
  await shopper.api.cancelOrder(shopper.token, open)
  await buy()
  await deliverDueOutbox(parts, signal)
  const told = receiver.received.slice(before).map(({ body }) => JSON.parse(body) as { type: string })
  assert.deepEqual(
    told.map(({ type }) => type),
    ['order.closed'],
  )
  await removeWebhook(parts, merchantId, endpointId)
})

for (const [status, end] of [
  [204, 'done'],
  [500, 'pending'],
] as const) {
  test(`F66: sixty events for one address that answers ${status} go out at once, and no worker waits for another`, async () => {
    const { endpointId } = await add(['order.paid'])
    const at = world.now()
    await parts.store.transaction(async (tx) => {
      for (let n = 0; n < 60; n++) {
        const payload = { endpoint_id: endpointId, body: { type: 'order.paid', n } }
        const item = {
          merchantId,
          outboxId: `${endpointId}${n}`,
          kind: 'webhook',
          onceKey: `${endpointId} ${n}`,
        } as const
        await tx.addOutbox({ ...item, orderNumber: undefined, payload, createdAt: at, nextAt: at })
      }
    })
    receiver.answer = { status }
    const before = receiver.received.length
    await Promise.all(Array.from({ length: 3 }, () => deliverDueOutbox(parts, signal)))
    receiver.answer = { status: 204 }
    assert.deepEqual(parts.failures, [])
    const ended = await shop.sql`
      select 1 from outbox where outbox_id like ${`${endpointId}%`} and status = ${end} and not in_flight`
    assert.equal(ended.length, 60)
    assert.equal(receiver.received.length, before + 60)
    await removeWebhook(parts, merchantId, endpointId)
  })
}
