/** I23: the address of a webhook is a key to whoever takes them: robots of chat programs are called by it alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliverDueOutbox } from '../../apps/server/src/commands/deliver-outbox.ts'
import { addWebhook } from '../../apps/server/src/commands/webhooks.ts'
import { movableWorld, outboxParts } from '../support/outbox-parts.ts'
import { Shopper, startShop } from '../support/shop.ts'
import { startReceiver } from '../support/webhook-receiver.ts'

const world = movableWorld()
const shop = await startShop({ world })
const robot = await startReceiver()
const listener = await startReceiver()
const { merchantId } = shop.config.merchant
const parts = outboxParts(shop.sql, world)
const ports = { ...parts, allowLoopback: true }
const { signal } = new AbortController()

test('I23: that an address was switched off is told to the others without the secret in it', async () => {
  const url = `${robot.url}/robot-canary?key=query-canary`
  await addWebhook(ports, merchantId, { url, events: ['order.paid'] })
  await addWebhook(ports, merchantId, { url: listener.url, events: ['flag.opened'] })
  const shopper = await Shopper.arrive(shop)
  await shopper.check(await shopper.buy())
  robot.answer = { status: 410 }
  await deliverDueOutbox(parts, signal)
  await deliverDueOutbox(parts, signal)
  const told = listener.received.map(({ body }) => body).join()
  assert.match(told, /webhook_disabled/)
  assert.doesNotMatch(told, /canary/)
  const flags = await shop.sql<{ evidence: Record<string, unknown> }[]>`
    select evidence from flags where kind = 'webhook_disabled'`
  assert.equal(flags[0]?.evidence['address'], new URL(robot.url).origin)
  assert.doesNotMatch(JSON.stringify(flags), /canary/)
})
