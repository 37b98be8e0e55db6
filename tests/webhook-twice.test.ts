/** One address of the merchant's systems is one endpoint. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { addWebhook } from '../apps/server/src/commands/webhooks.ts'
import { hireOperator } from './cli/operator.ts'
import { masterKey, outboxParts } from './support/outbox-parts.ts'
import { startTimedShop } from './support/timed-shop.ts'

const env = { FENPAY_MASTER_KEY: masterKey.toString('base64') }
const shop = await startTimedShop({ env })
const { merchantId } = shop.config.merchant
const ports = { ...outboxParts(shop.sql, shop.world), allowLoopback: true }
const { fenpay } = hireOperator(shop, { env })
const addressesOf = async () => {
  const rows = await shop.sql<
    { url: string }[]
  >`select url from webhook_endpoints where status <> 'removed' order by url`
  return rows.map(({ url }) => url)
}

async function added(url: string): Promise<string> {
  const { code, out, err } = await fenpay('webhook-add', url)
  assert.equal(code, 0, err)
  return /^Webhook (\w+) is added\./.exec(out)?.[1] ?? ''
}

test('an address that an endpoint has is refused, however it is written, and the refusal names the endpoint', async () => {
  const id = await added('https://hooks.example.com')
  for (const url of ['https://hooks.example.com', 'https://HOOKS.example.com:443/', 'https://hooks.example.com/#x']) {
    const again = await fenpay('webhook-add', url, '--events', 'order.paid')
    assert.equal(again.code, 1)
    assert.equal(
      again.err,
      `webhook_exists: Webhook ${id} has this address already; it is enabled.\n  What to do: For a new secret: fenpay webhook-rotate ${id}. For other events remove it first: fenpay webhook-remove ${id}\n`,
    )
    assert.equal(again.out, '')
  }
  assert.deepEqual(await addressesOf(), ['https://hooks.example.com/'])
  await added('https://hooks.example.com/other')
})

test('one that was switched off keeps its address, and is to be switched on again; one that was removed does not', async () => {
  const id = await added('https://off.example.com/hook')
  await shop.sql`update webhook_endpoints set status = 'disabled' where endpoint_id = ${id}`
  const again = await fenpay('webhook-add', 'https://off.example.com/hook')
  assert.match(again.err, new RegExp(`^webhook_exists: .* it is disabled\\.\n.*fenpay webhook-enable ${id}\n$`))
  assert.equal((await fenpay('webhook-remove', id)).code, 0)
  assert.notEqual(await added('https://off.example.com/hook'), id)
})

test('endpoints that had one address before this was refused go on, all of them, and no further one is added', async () => {
  const url = 'https://old.example.com/hook'
  const elder = await added(url)
  const migrations = new URL('../apps/server/src/storage/migrations/', import.meta.url)
  const migration = readFileSync(new URL('0014-webhook-addresses.sql', migrations), 'utf8')
  await shop.sql.unsafe(
    'drop index webhook_endpoints_address; alter table webhook_endpoints drop column shares_address',
  )
  await shop.sql`
    insert into webhook_endpoints (merchant_id, endpoint_id, url, sealed_secrets, events, status, created_at)
    select merchant_id, 'LATER', url, sealed_secrets, events, status, created_at + interval '1 second'
      from webhook_endpoints where endpoint_id = ${elder}`
  await shop.sql.unsafe(migration)
  const enabled = await shop.sql`select from webhook_endpoints where url = ${url} and status = 'enabled'`
  assert.equal(enabled.length, 2)
  assert.match((await fenpay('webhook-add', url)).err, new RegExp(`^webhook_exists: Webhook ${elder} has`))
  assert.equal((await fenpay('webhook-enable', 'LATER')).code, 0)
})

test('of six that add one address at once one gets it, and the others read which', async () => {
  const url = 'https://race.example.com/hook'
  const all = await Promise.all(
    Array.from({ length: 6 }, () => addWebhook(ports, merchantId, { url, events: ['order.paid'] })),
  )
  const [winner, ...more] = all.flatMap((one) => ('secret' in one ? [one.endpointId] : []))
  assert.deepEqual(more, [])
  const holders = all.flatMap((one) => ('refused' in one ? [one.takenBy?.endpointId] : []))
  assert.deepEqual(holders, Array(5).fill(winner))
})
