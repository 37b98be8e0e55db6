/** Server processes behind a load balancer: duplicates that reach all of them, and their stops, falls and updates. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readConfig } from '@fenpay/server'
import { migrate, readMigrations } from '../../apps/server/src/storage/migrate.ts'
import { testDatabase } from '../../apps/server/test/database.ts'
import { startServerProcess, startStack, stopProcess } from '../../scripts/stack.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { startLoadBalancer } from '../support/load-balancer.ts'
import { apiAt, Shopper, Wechat } from '../support/shop.ts'

const database = await testDatabase()
const { sql } = database
const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-several-'))
const balancer = await startLoadBalancer()
const stack = await startStack({
  dataDir,
  serverPort: 0,
  wechatPort: 0,
  env: {
    DATABASE_URL: database.url,
    FENPAY_PUBLIC_URL: balancer.url,
    FENPAY_LOG_LEVEL: 'warn',
    FENPAY_OPEN_ORDERS_MAX: '1000',
    FENPAY_RATE_LIMIT_PER_MINUTE: '1000000',
  },
})
const wechat = new Wechat({ url: stack.wechatUrl })
const shop = { sql, wechat, config: readConfig(stack.serverEnv), api: apiAt(balancer.url) }

/** The servers that run, the oldest first. */
let servers = [{ process: stack.server, serverUrl: stack.serverUrl }]
balancer.targets = [stack.serverUrl]
after(async () => {
  await Promise.all(servers.map(({ process }) => stopProcess(process)))
  await stopProcess(stack.wechat)
  await balancer.close()
  await rm(dataDir, { recursive: true, force: true })
})

let started = 0
async function startOne(env: NodeJS.ProcessEnv = {}): Promise<string> {
  const logFile = join(dataDir, `server-${++started}.log`)
  const server = await startServerProcess({ ...stack.serverEnv, FENPAY_PORT: '0', ...env }, logFile)
  servers.push(server)
  balancer.targets.push(server.serverUrl)
  return logFile
}

const exitOf = (process: ChildProcess) => new Promise<number | null>((done) => process.once('exit', done))

/** The oldest server gets a signal, in the middle of what it is doing; new requests already go to the others. */
async function endOldest(signal: NodeJS.Signals): Promise<number | null> {
  const [oldest, ...rest] = servers
  if (oldest === undefined) throw new Error('no server runs')
  servers = rest
  balancer.targets = rest.map(({ serverUrl }) => serverUrl)
  // What was sent to it a moment ago is to be accepted: a closing listener resets what waits before it.
  await delay(200)
  const exit = exitOf(oldest.process)
  oldest.process.kill(signal)
  return exit
}

/** People who buy one thing after another while `work` is done; answers what they bought. */
async function whileShopping(work: () => Promise<void>): Promise<string[]> {
  let isOver = false
  const bought: string[] = []
  const buyers = Array.from({ length: 4 }, async () => {
    const shopper = await Shopper.arrive(shop)
    while (!isOver) {
      const orderNumber = await shopper.buy('tea-egg', 1)
      await shopper.check(orderNumber)
      bought.push(orderNumber)
    }
  })
  const shopping = Promise.all(buyers)
  try {
    await Promise.race([work(), shopping])
  } finally {
    isOver = true
  }
  await shopping
  return bought
}

async function allArePaid(orders: string[]): Promise<void> {
  const open = () => sql`select from orders where order_number = any(${orders}) and status <> 'paid'`
  await until('all are paid', async () => (await open()).length === 0, 60_000)
}

test('F3: twenty notifications at once over four processes have one effect, and all are acknowledged', async () => {
  while (servers.length < 4) await startOne()
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order('tea-egg', 1)
  const pay = await shopper.prepay(orderNumber)
  await wechat.control('/_sim/requests', undefined, 'DELETE')
  await wechat.fault('notify.duplicate', { options: { copies: 20, concurrent: true } })
  await shopper.pay(pay)
  const judged = () => sql<{ verdict: string; count: number }[]>`
    select verdict, count(*) from notify_inbox n join attempts a using (merchant_id, out_trade_no)
     where a.order_number = ${orderNumber} and verdict is not null group by verdict order by verdict`
  await until('all are judged', async () => (await judged()).reduce((sum, { count }) => sum + count, 0) === 20)
  assert.deepEqual(
    (await judged()).map(({ verdict, count }) => [verdict, count]),
    [
      ['applied', 1],
      ['repeated', 19],
    ],
  )
  const sent = async () => {
    const { requests } = await wechat.control<{ requests: { direction: string; path: string; status: number }[] }>(
      '/_sim/requests?path=/wechat/notify/',
    )
    return requests.map(({ status }) => status)
  }
  await until('all are answered', async () => (await sent()).length === 20)
  assert.deepEqual(new Set(await sent()), new Set([204]))
  const [effects] = await sql`
    select (select count(*) from order_events where order_number = ${orderNumber} and kind = 'paid') as events,
           (select count(*) from ledger_postings where order_number = ${orderNumber}) as postings,
           (select count(*) from stock_settlements where order_number = ${orderNumber}) as deliveries,
           (select max(n) from (select count(*) as n from outbox where order_number = ${orderNumber} group by kind) k) as told`
  assert.deepEqual(effects, { events: 1, postings: 1, deliveries: 1, told: 1 })
  await endsWell(shop)
})

test('F61: servers are replaced one after the other while people pay, and nobody gets a 5xx or a broken connection', async () => {
  balancer.failures = []
  // So that most requests are waiting for WeChat when the signal comes.
  await wechat.fault('network.jitter', { seconds: 3600, options: { loss_percent: 0, delay_ms: 200 } })
  const bought = await whileShopping(async () => {
    for (let replaced = 0; replaced < 3; replaced++) {
      await startOne()
      assert.equal(await endOldest('SIGTERM'), 0)
    }
  })
  assert.ok(bought.length >= 4)
  assert.deepEqual(balancer.failures, [])
  await wechat.clearFaults()
  await allArePaid(bought)
  await endsWell(shop)
})

test('F69: a promise that nobody looks after ends the process with its stack in the log; the next one goes on, and nothing is half done', async () => {
  while (servers.length > 0) await endOldest('SIGTERM')
  const bug = join(dataDir, 'bug.mjs')
  await writeFile(bug, `process.on('SIGUSR2', () => void Promise.reject(new Error('a bug of this test')))`)
  const logFile = await startOne({ NODE_OPTIONS: `--import=${bug}` })
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order('tea-egg', 1)
  await wechat.fault('call.timeout-after', { times: 1, match: { path: '/v3/pay/transactions/jsapi' } })
  const known = async () => (await wechat.books()).orders.length
  const before = await known()
  const prepaying = assert.rejects(shopper.prepay(orderNumber))
  await until('WeChat has the call', async () => (await known()) > before)
  assert.notEqual(await endOldest('SIGUSR2'), 0)
  await prepaying
  assert.match(await readFile(logFile, 'utf8'), /a bug of this test/)
  await startOne()
  assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
  await allArePaid([orderNumber])
  const attempts = await sql`select from attempts where order_number = ${orderNumber}`
  assert.equal(attempts.length, 1)
  await endsWell(shop)
})

test('F62: while the next release migrates the schema this one goes on selling and closing on it', async () => {
  balancer.failures = []
  while (servers.length < 2) await startOne()
  const directory = fileURLToPath(new URL('../../apps/server/src/storage/migrations', import.meta.url))
  const migrations = await readMigrations(directory)
  const expand = `
    alter table orders add column next_release text;
    alter table payments add column next_release text not null default '';
    create table next_release_facts (merchant_id text not null references merchants, fact text, primary key (merchant_id));`
  const next = { version: migrations.length + 1, title: 'next-release', sql: expand }
  let migrated: number[] = []
  const bought = await whileShopping(async () => {
    migrated = await migrate(sql, [...migrations, next])
  })
  assert.deepEqual(migrated, [next.version])
  const shopper = await Shopper.arrive(shop)
  bought.push(await shopper.buy('tea-egg', 1))
  const given = await shopper.order('tea-egg', 1)
  assert.equal((await shopper.api.cancelOrder(shopper.token, given)).status, 'closed')
  await allArePaid(bought)
  assert.deepEqual(balancer.failures, [])
  await endsWell(shop)
})
