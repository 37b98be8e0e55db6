import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readConfig } from '@fenpay/server'
import { testDatabase } from '../../apps/server/test/database.ts'
import { startServerProcess, startStack, stopProcess } from '../../scripts/stack.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { masterKey } from '../support/outbox-parts.ts'
import { apiAt, Wechat } from '../support/shop.ts'
import { counterAt } from './counter.ts'
import { DatabaseTap } from './database-tap.ts'
import { EventReceiver } from './event-receiver.ts'
import { restartablePort } from './free-port.ts'
import { assertAllIsTold, assertRefundsAgree, moneyBooks } from './money-books.ts'
import { dueNow, leasesEnd } from './pass-time.ts'
import { SlowWire } from './slow-wire.ts'
import { paidTemplate } from './subscription.ts'

/**
 * F64, I25: a server is stopped (SIGSTOP) in the middle of something that it tells WeChat or the shop's own systems. Its
 * claim runs out, another server does it, and then the first one wakes up with what it knew.
 */
const database = await testDatabase()
const { sql } = database
const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-paused-'))
const receiver = await EventReceiver.start()
const { tap, url: tapUrl } = await DatabaseTap.start(database.url)
/** Where WeChat tells what it has to tell: nobody listens, so that the servers have to find out. */
const publicUrl = `http://127.0.0.1:${await restartablePort()}`
const stack = await startStack({
  dataDir,
  serverPort: 0,
  wechatPort: 0,
  env: {
    DATABASE_URL: database.url,
    FENPAY_PUBLIC_URL: publicUrl,
    FENPAY_LOG_LEVEL: 'warn',
    FENPAY_PAY_API: 'v3',
    FENPAY_RATE_LIMIT_PER_MINUTE: '1000000',
    FENPAY_MASTER_KEY: masterKey.toString('base64'),
  },
})
const { wire, url: wireUrl } = await SlowWire.start(stack.wechatUrl)
const wechat = new Wechat({ url: stack.wechatUrl })
const template = await paidTemplate(wechat)
const counter = counterAt(sql, readConfig(stack.serverEnv))
const servers: ChildProcess[] = [stack.server]
after(async () => {
  await stopServers()
  await stopProcess(stack.wechat)
  wire.close()
  receiver.close()
  await tap.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function stopServers(): Promise<void> {
  for (const server of servers) server.kill('SIGCONT')
  await Promise.all(servers.splice(0).map(stopProcess))
}

async function startServer(env: NodeJS.ProcessEnv): Promise<{ process: ChildProcess; serverUrl: string }> {
  const all = { ...stack.serverEnv, ...template.env, FENPAY_PORT: '0', ...env }
  const started = await startServerProcess(all, join(dataDir, `server-${servers.length}.log`))
  servers.push(started.process)
  return started
}

/** One server alone, which the test sees through. */
const startFirst = () => startServer({ DATABASE_URL: tapUrl, FENPAY_WECHAT_URL: wireUrl })

let shoppers = 0
async function paidOrder(serverUrl: string): Promise<{ orderNumber: string; user: string }> {
  const user = `shopper ${++shoppers}`
  const api = apiAt(serverUrl)
  const { code } = await wechat.login(stack.appid, user)
  const { token } = await api.login({ code })
  const subscribe = { appid: stack.appid, user, tmplIds: [template.id], answer: 'accept' }
  await wechat.control('/_sim/wx/requestSubscribeMessage', subscribe)
  const { order_number: orderNumber } = await api.submitOrder(token, { items: [{ sku: 'wonton-soup', quantity: 1 }] })
  const { pay } = await api.prepayOrder(token, orderNumber)
  assert.equal((await wechat.requestPayment(stack.appid, user, pay)).errMsg, 'requestPayment:ok')
  assert.equal((await api.checkOrder(token, orderNumber)).status, 'paid')
  await wechat.advance(10)
  return { orderNumber, user }
}

const refundPath = '/v3/refund/domestic/refunds'

interface Pause {
  what: string
  /** Begins it on the first server; resolves when that one is in the middle of it. */
  begin(orderNumber: string): Promise<void>
  /** Whether the other server has done it. */
  isDone(orderNumber: string): Promise<boolean>
  /** What the first one has missed comes to it. */
  release(): void
}

const statusOf = async (orderNumber: string) => {
  const [refund] = await sql<{ status: string }[]>`select status from refunds where order_number = ${orderNumber}`
  return refund?.status
}

/** All that is to be told of it by now. */
const isTold = async (orderNumber: string) => {
  const items = await sql<{ status: string }[]>`
    select status from outbox where order_number = ${orderNumber} and kind <> 'shipping_deadline'`
  return items.every(({ status }) => status === 'done')
}

const pauses: Pause[] = [
  {
    what: 'a refund whose call is counted and not yet made',
    async begin(orderNumber) {
      const reached = tap.hold({ write: 'update refunds', side: 'after' })
      await counter.refund(orderNumber, {}, orderNumber)
      await reached
    },
    isDone: async (orderNumber) => (await statusOf(orderNumber)) === 'succeeded',
    release: () => tap.release(),
  },
  {
    what: 'a refund whose answer is on its way',
    async begin(orderNumber) {
      const reached = wire.keepAnswer(refundPath)
      await counter.refund(orderNumber, {}, orderNumber)
      await reached
    },
    isDone: async (orderNumber) => (await statusOf(orderNumber)) === 'succeeded',
    release: () => wire.release(),
  },
  {
    what: 'the shipping of an order, whose answer is on its way',
    async begin(orderNumber) {
      const reached = wire.keepAnswer('/wxa/sec/order/upload_shipping_info')
      await counter.ship(orderNumber)
      await reached
    },
    isDone: isTold,
    release: () => wire.release(),
  },
  {
    what: 'a webhook whose answer is on its way',
    async begin(orderNumber) {
      const reached = receiver.hold('after')
      await counter.ship(orderNumber, { how: 'pickup' })
      await reached
      // Else it may be stopped with WeChat half told, and the test is about two things.
      await until('WeChat is told', async () => {
        const [item] = await sql`
          select status from outbox where order_number = ${orderNumber} and kind = 'upload_shipping'`
        return item?.['status'] === 'done'
      })
    },
    isDone: isTold,
    release: () => receiver.release(),
  },
]

/** Stops the first server where `pause` says, lets another one do its work, and wakes the first one up. */
async function pausedAt(pause: Pause, orderNumber: string, first: ChildProcess): Promise<void> {
  await pause.begin(orderNumber)
  await until('it is in no transaction', async () => (await openSessions()).length === 0)
  first.kill('SIGSTOP')
  await leasesEnd(sql)
  await startServer({})
  const isDone = async () => {
    if (await pause.isDone(orderNumber)) return true
    await wechat.advance(5)
    await dueNow(sql)
    return false
  }
  // The first one may have begun a transaction all the same. Its locks cost the other one some of its tries, and the next
  // ones are minutes apart.
  await until('the other server has done it', isDone, 180_000).catch(async (cause: unknown) => {
    throw new Error(`what is open: ${JSON.stringify(await openSessions())}`, { cause })
  })
  const before = await historyOf(orderNumber)
  pause.release()
  first.kill('SIGCONT')
  // A server stops in order when what it was at has ended.
  await stopProcess(first)
  assert.deepEqual(await historyOf(orderNumber), before, 'what the first one knew has changed something')
}

/** The servers' sessions that are in a transaction. */
const openSessions = () => sql`
  select application_name, state, wait_event, now() - xact_start as age, left(query, 200) as query
    from pg_stat_activity
   where datname = current_database() and application_name like 'fenpay%' and xact_start is not null`

/** Everything that is known of an order's money and of what is told of it. */
async function historyOf(orderNumber: string): Promise<unknown[]> {
  const rows = await Promise.all([
    sql`select seq, kind, detail from order_events where order_number = ${orderNumber} order by seq`,
    sql`select out_refund_no, status, success_time, decided_at from refunds where order_number = ${orderNumber}`,
    sql`select kind, status, ended_at, last_error from outbox where order_number = ${orderNumber} order by outbox_id`,
    sql`select kind, source_id from ledger_postings where order_number = ${orderNumber} order by kind, source_id`,
    sql`select status, uploaded_at from shipments where order_number = ${orderNumber}`,
    sql`select count(*) from webhook_deliveries d join outbox o using (merchant_id, outbox_id)
         where o.order_number = ${orderNumber}`,
  ])
  return rows.map((table) => table.map((row) => ({ ...row })))
}

for (const pause of pauses) {
  test(`F64: a server that is stopped at ${pause.what}, and wakes when another one has done it, changes nothing`, async () => {
    await stopServers()
    if (receiver.secret === '') await counter.subscribe(receiver, ['order.shipped'])
    const first = await startFirst()
    const { orderNumber } = await paidOrder(first.serverUrl)
    await until('the user is told', () => isTold(orderNumber))
    await pausedAt(pause, orderNumber, first.process)
    await assertRefundsAgree(sql, wechat)
    await assertAllIsTold(sql, wechat)
    assert.deepEqual(receiver.refused, [])
    await endsWell({ sql, wechat })
  })
}

test('F64: a message to the user that a stopped server has sent is not sent again by the next one', async () => {
  await stopServers()
  const first = await startFirst()
  const kept = wire.keepAnswer('/cgi-bin/message/subscribe/send')
  const { orderNumber, user } = await paidOrder(first.serverUrl)
  const message: Pause = {
    what: 'a message',
    begin: () => kept,
    isDone: () => isTold(orderNumber),
    release: () => wire.release(),
  }
  await pausedAt(message, orderNumber, first.process)
  const { messages } = await moneyBooks(wechat)
  assert.equal(messages.filter((one) => one.user === user && one.template_id === template.id).length, 1)
  await assertAllIsTold(sql, wechat)
})
