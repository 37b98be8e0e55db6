/** Issue 4, point 2: what the command line says to a wrong use of it, and what it never says. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'
import { type Ended, hireOperator } from './operator.ts'

const masterKey = { FENPAY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
const shop = await startTimedShop({ env: masterKey })
const { fenpay, order } = hireOperator(shop)
const shopper = await Shopper.arrive(shop)
const paid = await shopper.buy()
assert.equal((await shopper.check(paid)).status, 'paid')
const cli = fileURLToPath(new URL('../../apps/server/src/cli.ts', import.meta.url))
const emptyFolder = await mkdtemp(join(tmpdir(), 'fenpay-cli-'))
after(() => rm(emptyFolder, { recursive: true, force: true }))

/** The command line as a process of its own, in a folder without a `.env`. */
function asProcess(args: string[], env: Record<string, string>): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd: emptyFolder, env: { PATH: process.env['PATH'] ?? '', ...env } }
    const child = execFile(process.execPath, [cli, ...args], options, (_, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

/** A line with what is wrong, a line with what to do, and nothing of the program's inside. */
function isClear({ out, err }: Ended): void {
  assert.match(err, /^[a-z_]+: .+\n( {2}- .+\n)*(\(Did you mean .*\n)?( {2}What to do: .+|\(see: .+)\n$/)
  assert.doesNotMatch(err, /\n\s+at |\.ts:|node_modules|undefined|\[object/)
  assert.equal(out, '')
}

const wrongUses = [
  ['nonsense'],
  ['orders', '--nonsense'],
  ['order'],
  ['order', '--jsn', paid],
  ['order', paid, 'more'],
  ['orders', '--limit', '0'],
  ['orders', '--limit', 'ten'],
  ['ledger', '--account', 'treasure'],
  ['refund', paid],
  ['refund', paid, '--reason', '', '--yes'],
  ['refund', paid, '--reason', '字'.repeat(81), '--yes'],
  ['refund', paid, '--reason', 'x', '--amount', '1000', '--yes'],
  ['refund', paid, '--reason', 'x', '--amount', '0.00', '--yes'],
  ['refund', paid, '--reason', 'x', '--amount', '-1.00', '--yes'],
  ['refund', paid, '--reason', 'x', '--amount', '1e3.00', '--yes'],
  ['refund', paid, '--reason', 'x', '--amount', '1.00', '--item', 'beef-noodles', '--yes'],
  ['refund', paid, '--reason', 'x', '--item', 'beef-noodles=0', '--yes'],
  ['refund', paid, '--reason', 'x', '--amount', '1.00'],
  ['ship', paid],
  ['ship', paid, '--express', 'SF'],
  ['ship', paid, '--city', '--pickup'],
  ['ship', paid, '--city', '--tracking', '1'],
  ['settle-flag', 'x'],
  ['decline-refund', paid],
]

for (const args of wrongUses)
  test(`fenpay ${args.join(' ').replace(paid, '<number>').replace(/字+/, '字…')} is wrong use: exit code 2, and what to do (A29, A30)`, async () => {
    const ended = await fenpay(...args)
    assert.equal(ended.code, 2, ended.err)
    assert.match(ended.err, /^wrong_use: /)
    isClear({ ...ended, out: '' })
    assert.equal((await order(paid)).sum.left, 6560)
  })

const refusals: [string, ...string[]][] = [
  ['order_not_found', 'order', 'NOSUCH'],
  ['order_not_found', 'order', "x' or '1'='1"],
  ['order_not_found', 'refund', 'NOSUCH', '--reason', 'x', '--yes'],
  ['refund_exceeds_payment', 'refund', paid, '--amount', '65.61', '--reason', 'x', '--yes'],
  ['refund_item_unavailable', 'refund', paid, '--item', 'nope', '--reason', 'x', '--yes'],
  ['payment_not_found', 'refund-payment', 'NOSUCH', '--reason', 'x', '--yes'],
  ['refund_not_found', 'refund-settle', 'NOSUCH', '--note', 'x'],
  ['refund_not_found', 'refund-correct', 'NOSUCH'],
  ['refund_request_not_found', 'accept-refund', paid],
  ['flag_not_found', 'flag', 'NOSUCH'],
  ['flag_not_found', 'settle-flag', 'NOSUCH', '--note', 'x'],
  ['outbox_not_found', 'outbox-retry', 'NOSUCH'],
  ['webhook_not_found', 'webhook-remove', 'NOSUCH'],
  ['webhook_not_found', 'webhook-resend', 'NOSUCH'],
]

for (const [code, ...args] of refusals)
  test(`fenpay ${args.join(' ').replace(paid, '<number>')} is refused with ${code}: exit code 1, and what to do`, async () => {
    const ended = await fenpay(...args)
    assert.equal(ended.code, 1, ended.err)
    assert.equal(ended.err.split(':')[0], code)
    isClear(ended)
    assert.equal((await order(paid)).sum.left, 6560)
  })

test('without a database it says where it looked; with one that does not answer or refuses the login, that: never the password', async () => {
  const elsewhere = new URL(shop.databaseUrl)
  elsewhere.pathname = '/no_such_database'
  const password = 'hunter2hunter2'
  const cases: [string, number, Record<string, string>][] = [
    ['no_database', 2, { FENPAY_DATA_DIR: join(emptyFolder, 'nothing') }],
    ['database_unavailable', 1, { DATABASE_URL: `postgres://fenpay:${password}@127.0.0.1:1/fenpay` }],
    ['database_refused', 1, { DATABASE_URL: elsewhere.href }],
    ['configuration', 2, { DATABASE_URL: `mysql://fenpay:${password}@127.0.0.1/fenpay` }],
    ['merchant_unknown', 1, { DATABASE_URL: shop.databaseUrl, FENPAY_MCHID: '1' }],
  ]
  for (const [code, exitCode, env] of cases) {
    const ended = await asProcess(['orders'], env)
    assert.equal(ended.err.split(':')[0], code, ended.err)
    assert.equal(ended.code, exitCode)
    isClear(ended)
    assert.ok(!ended.err.includes(password) && (elsewhere.password === '' || !ended.err.includes(elsewhere.password)))
  }
})

test('the process ends with 0, 1 and 2 as the commands do, and help is no error', async () => {
  const env = { DATABASE_URL: shop.databaseUrl }
  const codes = [['orders'], ['--help'], ['order', 'NOSUCH'], ['nonsense'], []]
  assert.deepEqual(await Promise.all(codes.map(async (args) => (await asProcess(args, env)).code)), [0, 0, 1, 2, 2])
})

test('no command prints a secret of the merchant, the mini program, the database or the users (I23)', async () => {
  const { keys, apps } = shop.config.merchant
  const url = 'https://hooks.example.com/fenpay'
  const { merchantId } = shop.config.merchant
  const [key = ''] = (keys.certificate?.privateKeyPem ?? '').split('\n').slice(1)
  const secrets = [
    keys.apiV2Key,
    keys.apiV3Key,
    key,
    apps[0]?.secret,
    apps[0]?.push?.token,
    apps[0]?.push?.encodingAesKey,
    shopper.token,
    masterKey.FENPAY_MASTER_KEY,
    new URL(shop.databaseUrl).password,
  ].filter((secret) => secret !== undefined && secret !== '')
  assert.ok(secrets.length >= 5)
  const clerk = hireOperator(shop, { env: masterKey })
  const added = await clerk.fenpay('webhook-add', url)
  assert.equal(added.code, 0, added.err)
  const [, webhookSecret = ''] = /shown this once: (\S+)/.exec(added.out) ?? []
  assert.ok(webhookSecret.length > 20)
  const [row] = await shop.sql<{ transaction_id: string }[]>`
    select transaction_id from payments where merchant_id = ${merchantId}`
  const lists = 'orders payments refunds flags refund-requests webhooks webhook-deliveries outbox ledger check'.split(
    ' ',
  )
  for (const args of [...lists.map((name) => [name]), ['order', paid], ['order', row?.transaction_id ?? '']])
    for (const form of [args, [...args, '--json']]) {
      const { code, out, err } = await clerk.fenpay(...form)
      assert.equal(code, 0, err)
      for (const secret of [...secrets, webhookSecret])
        assert.ok(!`${out}${err}`.includes(secret ?? ''), `${form.join(' ')} prints a secret`)
    }
})
