/** What is configured wrongly is told at the start, or where it is met, and costs nothing. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ApiClient } from '@fenpay/contract'
import { ConfigError, readConfig } from '@fenpay/server'
import { hireOperator } from './cli/operator.ts'
import { codeBlocks, read } from './support/documents.ts'
import { apiAt, appidOf, Shopper } from './support/shop.ts'
import { startTimedShop } from './support/timed-shop.ts'

const keyOf = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const shop = await startTimedShop({ env: { FENPAY_MASTER_KEY: keyOf(7), FENPAY_MCHIDD: 'hunter2' } })
const startWith = (env: NodeJS.ProcessEnv) => shop.startAnother({ world: shop.world, env })
const isWrongKey = (error: unknown) => {
  assert.ok(error instanceof ConfigError, String(error))
  assert.match(error.message, /FENPAY_MASTER_KEY.*another key.*docs\/going-live\.md/s)
  for (const key of [keyOf(7), keyOf(8), keyOf(9)]) assert.ok(!error.message.includes(key))
  return true
}
const sealed = () => shop.sql`select sealed_keys from merchants`

test('the log of the start warns of a misspelt name, without its value', () => {
  const lines = shop.log().filter((line) => line.includes('FENPAY_MCHIDD is not known; did you mean FENPAY_MCHID?'))
  assert.equal(lines.length, 1)
  assert.ok(!shop.log().join().includes('hunter2'))
})

test('every name that a program or test of ours reads is known', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files = globSync(['{scripts,tests}/**/*.{ts,mjs}', 'packages/*/src/**/*.ts', 'apps/server/test/*.ts'], {
    cwd: root,
  })
  const read = files.flatMap((file) => [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /env(?:\.|\[')(FENPAY_[A-Z0-9_]+)|\bport\('(FENPAY_[A-Z0-9_]+)/g,
    ),
  ])
  const names = read.map(([, direct, port]) => direct ?? port ?? '')
  assert.ok(names.includes('FENPAY_PHONE_PORT') && names.includes('FENPAY_TEST_DATABASE_URL'))
  assert.throws(
    () => readConfig(Object.fromEntries(names.map((name) => [name, 'nonsense']))),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(
        error.problems.filter((problem) => problem.includes('not known')),
        [],
      )
      return true
    },
  )
})

test('a server with another master key, set or generated, ends at the start and seals nothing', async () => {
  const before = await sealed()
  await assert.rejects(startWith({ FENPAY_MASTER_KEY: keyOf(8) }), isWrongKey)
  await assert.rejects(startWith({}), isWrongKey)
  assert.deepEqual(await sealed(), before)
  await startWith({ FENPAY_MASTER_KEY: keyOf(7) })
})

test('the server itself cannot change whose key the database has', async () => {
  for (const change of ['delete from master_key', "update master_key set fingerprint = '\\x00'"])
    await assert.rejects(
      shop.sql.begin(async (tx) => {
        await tx`set local role fenpay_app`
        await tx.unsafe(change)
      }),
      /permission denied/,
    )
})

test('a command with another master key ends at its start; one that lies in the data directory is refused when it is needed', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-another-'))
  after(() => rm(dataDir, { recursive: true }))
  await writeFile(join(dataDir, 'master-key'), keyOf(8))
  const add = ['webhook-add', 'https://hooks.example.com/fenpay'] as const
  const set = hireOperator(shop, { env: { FENPAY_MASTER_KEY: keyOf(8) } })
  const lying = hireOperator(shop, { env: { FENPAY_DATA_DIR: dataDir } })
  const refused = [await set.fenpay('orders'), await set.fenpay(...add), await lying.fenpay(...add)]
  for (const { code, err } of refused) {
    assert.equal(code, 2)
    assert.match(err, /^configuration: .*FENPAY_MASTER_KEY.*another key/s)
  }
  assert.equal((await lying.fenpay('orders')).code, 0)
  assert.equal((await shop.sql`select from webhook_endpoints`).length, 0)
  const right = hireOperator(shop, { env: { FENPAY_MASTER_KEY: keyOf(7) } })
  assert.equal((await right.fenpay(...add)).code, 0)
})

test('of two servers that start at once on a new database with different keys one wins, and the other sees it', async () => {
  await shop.sql`delete from master_key`
  const starts = await Promise.allSettled([8, 9].map((byte) => startWith({ FENPAY_MASTER_KEY: keyOf(byte) })))
  const [lost, ...more] = starts.filter((start) => start.status === 'rejected')
  assert.deepEqual(more, [])
  assert.ok(lost !== undefined && isWrongKey(lost.reason))
  const winner = starts[0]?.status === 'fulfilled' ? 8 : 9
  await startWith({ FENPAY_MASTER_KEY: keyOf(winner) })
  await assert.rejects(startWith({ FENPAY_MASTER_KEY: keyOf(17 - winner) }), isWrongKey)
  await shop.sql`delete from master_key`
  await startWith({ FENPAY_MASTER_KEY: keyOf(7) })
})

test('a lost master key is replaced as docs/going-live.md says, and all that is sealed can be made anew', async () => {
  const shopper = await Shopper.arrive(shop)
  const bindPhone = async (api: ApiClient) => {
    const { code } = await shop.wechat.control<{ code: string }>('/_sim/wx/phoneNumber', {
      appid: appidOf(shop.config),
      user: shopper.user,
    })
    return (await api.bindPhone(shopper.token, { code })).phone
  }
  const phone = await bindPhone(shop.api)
  assert.ok(phone !== undefined)

  const [statements = ''] = codeBlocks(read('docs/going-live.md'), 'sql')
  await shop.sql.unsafe(statements)
  const newKey = { FENPAY_MASTER_KEY: keyOf(10) }
  const api = apiAt((await startWith(newKey)).url)
  assert.equal((await api.profile(shopper.token)).phone, undefined)
  assert.equal(await bindPhone(api), phone)
  const { fenpay } = hireOperator(shop, { env: newKey })
  const [webhook] = await shop.sql<{ endpoint_id: string }[]>`select endpoint_id from webhook_endpoints`
  assert.equal((await fenpay('webhook-remove', webhook?.endpoint_id ?? '')).code, 0)
  assert.equal((await fenpay('webhook-add', 'https://hooks.example.com/fenpay')).code, 0)
  const { order_number } = await api.submitOrder(shopper.token, { items: [{ sku: 'tea-egg', quantity: 1 }] })
  assert.equal((await api.prepayOrder(shopper.token, order_number)).pay.signType, 'RSA')
})
