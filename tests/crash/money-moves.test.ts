import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readConfig } from '@fenpay/server'
import { Refusal } from '../../apps/server/src/domain/refusal.ts'
import type { WebhookEvent } from '../../apps/server/src/domain/webhook.ts'
import { connect } from '../../apps/server/src/storage/connect.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { masterKey } from '../support/outbox-parts.ts'
import { counterAt } from './counter.ts'
import { CrashStack, type Victim } from './crash-stack.ts'
import { EventReceiver } from './event-receiver.ts'
import { assertAcknowledgedRefundsAreOver, assertAllIsTold, assertRefundsAgree } from './money-books.ts'
import { OwnDatabase } from './own-database.ts'
import { dueNow, leasesEnd } from './pass-time.ts'
import {
  cancel,
  check,
  logIn,
  type Purchase,
  pay,
  plannedPurchase,
  prepay,
  type Shoppers,
  submit,
} from './patient-shopper.ts'
import { crashSeed, seededRandom } from './seeded-random.ts'

/**
 * F60: orders are paid, cancelled and left to expire, shipped, given back in part and whole, and all of it is told, while
 * processes are killed at random, a hundred times. After the last start everything comes to its end, and once.
 */
const seed = crashSeed()
const random = seededRandom(seed)
/** The seed replays what becomes of each order and who is killed after how long; the system's own timing it cannot. */
console.log(`the seed of this run: FENPAY_CRASH_SEED=${seed}`)

const fates = ['keep', 'ship', 'part', 'ship and part', 'whole', 'cancel at once', 'cancel', 'leave'] as const
type Fate = (typeof fates)[number]
const partFen = 500
const webhookEvents: WebhookEvent[] = ['order.paid', 'order.closed', 'order.shipped', 'refund.succeeded']
const crowd = 6

const times = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item)
/** 94 kills; each of the six parts ends with one more, of the server. */
const rounds = random.shuffle<Victim[]>([
  ...times<Victim[]>(27, ['server']),
  ...times<Victim[]>(20, ['server', 'wechat']),
  ...times<Victim[]>(15, ['wechat']),
  ...times<Victim[]>(3, ['database']),
  ...times<Victim[]>(3, ['server', 'wechat', 'database']),
])
const parts = [0, 1, 2, 3, 4, 5].map((index) => ({
  name: `part-${index + 1}`,
  payApi: ['v3', 'v2-md5', 'v2-hmac-sha256'][index % 3] ?? 'v3',
  rounds: rounds.filter((_, round) => round % 6 === index),
  /** Who comes early in the first half has expired by the second. */
  leavers: index < 3 ? 3 : 0,
}))

const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-moves-'))
// As root the database runs under another user, who must be able to pass.
await chmod(dataDir, 0o711)
const database = await OwnDatabase.start(join(dataDir, 'database'))
const sql = connect(database.url, { applicationName: 'test' })
const receiver = await EventReceiver.start()
const stack = await CrashStack.start(dataDir, {
  DATABASE_URL: database.url,
  FENPAY_PAY_API: 'v3',
  FENPAY_MASTER_KEY: masterKey.toString('base64'),
})
let failed = false
afterEach((context) => {
  failed ||= 'passed' in context && !context.passed
})
after(async () => {
  await stack.stop()
  receiver.close()
  await sql.end({ timeout: 5 })
  await database.stop()
  if (failed) console.error(`a test failed: FENPAY_CRASH_SEED=${seed}, data and logs are kept in ${dataDir}`)
  else await rm(dataDir, { recursive: true, force: true })
})
const { wechat } = stack
const counter = counterAt(sql, readConfig(stack.serverEnv))
const failures = new Map<string, number>()
/** What the crowd has done so far: kills follow that and not the clock, so that each meets something. */
let steps = 0
const onStep = () => {
  steps += 1
}
const shop: Shoppers = { api: stack.api, wechat, appid: stack.appid, onStep, failures }
const dealt: { purchase: Purchase; fate: Fate }[] = []
let kills = 0

/** Staff try again until the database has taken what they decided. */
async function atCounter(work: () => Promise<unknown>): Promise<void> {
  const end = Date.now() + 120_000
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      if (error instanceof Refusal || Date.now() > end) throw error
      await delay(250)
    }
  }
}

async function live(purchase: Purchase, fate: Fate): Promise<void> {
  await logIn(shop, purchase)
  shop.onStep()
  const orderNumber = await submit(shop, purchase)
  shop.onStep()
  if (fate === 'cancel' || fate === 'leave') await prepay(shop, purchase, orderNumber)
  if (fate === 'leave') return
  if (fate === 'cancel' || fate === 'cancel at once') await cancel(shop, purchase, orderNumber)
  else await buyAndServe(purchase, orderNumber, fate)
  shop.onStep()
}

async function buyAndServe(purchase: Purchase, orderNumber: string, fate: Fate): Promise<void> {
  await pay(shop, purchase, orderNumber)
  // While WeChat is dead, nobody can know yet.
  while ((await check(shop, purchase, orderNumber)).status !== 'paid') await delay(250)
  shop.onStep()
  if (fate.includes('ship')) await atCounter(() => counter.ship(orderNumber))
  if (fate.includes('part')) await atCounter(() => counter.refund(orderNumber, { amountFen: partFen }, orderNumber))
  if (fate === 'whole') await atCounter(() => counter.refund(orderNumber, {}, orderNumber))
}

/** Deals orders to the crowd until `isOver`. */
async function trade(part: string, isOver: () => boolean): Promise<void> {
  await Promise.all(
    Array.from({ length: crowd }, async (_, place) => {
      for (let number = place; !isOver(); number += crowd) {
        // Whoever leaves has come before the killing: see `leaveOrders`.
        const fate = fates[number % (fates.length - 1)] ?? 'keep'
        const item = { sku: random.pick(['beef-noodles', 'wonton-soup']), quantity: random.integer(1, 2) }
        const purchase = plannedPurchase(`${part} ${place}`, `${part}-order-${number}`, [item])
        dealt.push({ purchase, fate })
        await live(purchase, fate)
      }
    }),
  )
}

/** Orders that nobody pays, made while an order lives for a minute: they expire among the kills of a later part. */
async function leaveOrders(part: string, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const purchase = plannedPurchase(`${part} leaver`, `${part}-left-${number}`, [{ sku: 'tea-egg', quantity: 1 }])
    dealt.push({ purchase, fate: 'leave' })
    await live(purchase, 'leave')
  }
}

/** The server anew, on the part's protocol. */
async function open({ name, payApi, leavers }: (typeof parts)[number]): Promise<void> {
  await stack.stopServer()
  if (leavers > 0) {
    await stack.startServer({ FENPAY_PAY_API: payApi, FENPAY_ORDER_TTL_SECONDS: '60' })
    await leaveOrders(name, leavers)
    await stack.stopServer()
  }
  await stack.startServer({ FENPAY_PAY_API: payApi, FENPAY_ORDER_TTL_SECONDS: String(24 * 60 * 60) })
  if (receiver.secret !== '') return
  await atCounter(() => counter.subscribe(receiver, webhookEvents))
}

async function killInTurn(victims: readonly Victim[]): Promise<void> {
  const from = steps + random.integer(2, 12)
  await until('the crowd gets on', () => steps >= from, 120_000)
  await delay(random.integer(0, 200))
  for (const victim of random.shuffle(victims)) {
    await delay(random.integer(0, 60))
    await (victim === 'database' ? database.kill() : stack.kill(victim))
    kills += 1
  }
  if (victims.includes('database')) await database.restart()
  await stack.restart(victims.filter((victim) => victim !== 'database'))
}

/** Dead for a minute, and back: nobody holds a claim any more, and an order of a few minutes may be closed. */
async function lastKill(): Promise<void> {
  await stack.kill('server')
  kills += 1
  await leasesEnd(sql)
  await sql`
    update attempts set created_at = created_at - interval '6 minutes',
           last_call_at = last_call_at - interval '6 minutes'
     where status in ('intended', 'unknown', 'prepaid')`
  await wechat.advance(360)
  await stack.restart(['server'])
}

/** Time passes, here and at WeChat, until nothing waits any more but for the end of an order's minute. */
async function settle(): Promise<void> {
  let open: readonly unknown[] = []
  const isSettled = async () => {
    open = await sql`
      select 'order' as what, order_number as id, status from orders
       where status not in ('paid', 'closed') and not (expires_at > now() and order_number = any(${left()}))
      union all select 'refund', out_refund_no, status from refunds where status <> 'succeeded'
      union all select kind, outbox_id, last_error from outbox where status = 'pending' and kind <> 'shipping_deadline'`
    if (open.length === 0) return true
    await wechat.advance(20)
    await dueNow(sql)
    await delay(200)
    return false
  }
  await until('nothing waits', isSettled, 120_000).catch((error: unknown) => {
    throw new Error(`${open.length} things still wait: ${JSON.stringify(open.slice(0, 5))}`, { cause: error })
  })
}

/** The orders of those who left. */
function left(): string[] {
  return dealt.filter(({ fate }) => fate === 'leave').flatMap(({ purchase }) => [...purchase.orderNumbers])
}

/** What was promised to whoever bought, and what staff decided, is so. */
async function assertFate({ purchase, fate }: { purchase: Purchase; fate: Fate }): Promise<void> {
  assert.equal(purchase.orderNumbers.size, 1, 'one Idempotency-Key gave two orders')
  const [orderNumber = ''] = purchase.orderNumbers
  const [order] = await sql<
    { status: string; refunded_fen: number; total_fen: number; shipped: number; expired: boolean }[]
  >`
    select status, refunded_fen, total_fen, expires_at <= now() as expired,
           (select count(*) from shipments s where s.order_number = o.order_number and s.status = 'uploaded') as shipped
      from orders o where order_number = ${orderNumber}`
  // A later part sees its end.
  if (fate === 'leave' && order?.status === 'pending' && !order.expired) return
  const givenFen = fate === 'whole' ? order?.total_fen : fate.includes('part') ? partFen : 0
  assert.deepEqual(
    [order?.status, order?.refunded_fen, order?.shipped],
    [fate.includes('cancel') || fate === 'leave' ? 'closed' : 'paid', givenFen, fate.includes('ship') ? 1 : 0],
    `order ${orderNumber}, to ${fate}`,
  )
}

/** Every event was told to the shop's own systems, under one id each. */
async function assertEventsCame(): Promise<void> {
  assert.deepEqual(receiver.refused, [])
  const told = await sql<{ outbox_id: string; type: string }[]>`
    select outbox_id, payload -> 'body' ->> 'type' as type from outbox where kind = 'webhook'`
  assert.deepEqual([...receiver.taken.keys()].sort(), told.map((event) => event.outbox_id).sort())
  const [facts] = await sql`
    select (select count(*) from orders where status = 'paid') as "order.paid",
           (select count(*) from orders where status = 'closed') as "order.closed",
           (select count(*) from shipments) as "order.shipped",
           (select count(*) from refunds) as "refund.succeeded"`
  const counts = Object.fromEntries(
    Object.keys({ ...facts }).map((type) => [type, told.filter((event) => event.type === type).length]),
  )
  assert.deepEqual(counts, { ...facts })
}

for (const part of parts) {
  const count = part.rounds.flat().length + 1
  test(`F60: money moves over ${part.payApi} while ${count} processes are killed (${part.name}): all of it ends, once`, async (t) => {
    await open(part)
    let isOver = false
    const killing = async () => {
      for (const victims of part.rounds) if (!isOver) await killInTurn(victims)
    }
    const over = () => {
      isOver = true
    }
    // Both to their end, also when one fails: nobody is killed in the next part.
    const ends = await Promise.allSettled([killing().finally(over), trade(part.name, () => isOver).finally(over)])
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    await lastKill()
    await assertAcknowledgedRefundsAreOver(sql, wechat)
    await settle()
    await assertRefundsAgree(sql, wechat)
    await assertAllIsTold(sql, wechat)
    await assertEventsCame()
    await endsWell({ sql, wechat })
    for (const one of dealt) await assertFate(one)
    const twice = [...receiver.taken.values()].filter((event) => event.times > 1).length
    t.diagnostic(`${dealt.length} orders so far, ${twice} events told more than once, ${kills} kills`)
    t.diagnostic(`asked again after: ${JSON.stringify(Object.fromEntries(failures))}`)
  })
}

test('a hundred processes were killed, and every order has come to its end', async () => {
  assert.equal(kills, 100)
  const open = await sql`select order_number, status from orders where status not in ('paid', 'closed')`
  assert.deepEqual([...open], [])
})
