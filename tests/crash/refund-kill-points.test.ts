import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { PaymentParameters } from '@fenpay/contract'
import { readConfig } from '@fenpay/server'
import { testDatabase } from '../../apps/server/test/database.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { masterKey } from '../support/outbox-parts.ts'
import { counterAt } from './counter.ts'
import { CrashStack } from './crash-stack.ts'
import { DatabaseTap } from './database-tap.ts'
import { EventReceiver } from './event-receiver.ts'
import { assertAcknowledgedRefundsAreOver, assertAllIsTold, assertRefundsAgree, moneyBooks } from './money-books.ts'
import { dueNow, leasesEnd } from './pass-time.ts'
import { cancel, check, logIn, type Purchase, pay, plannedPurchase, prepay, submit } from './patient-shopper.ts'
import { type Call, callPoints, killedAt, type Point, writePoints } from './points.ts'
import { paidTemplate } from './subscription.ts'

/**
 * F60: what happens to money after a payment, and the server killed at each step of it. As with purchases the steps are
 * found by runs without a kill: each write and each call is a point before and a point after. The command line of the
 * staff is a process of its own, and is killed as well.
 */
const database = await testDatabase()
const { sql } = database
const { tap, url } = await DatabaseTap.start(database.url)
const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-refund-kill-'))
const receiver = await EventReceiver.start()
const payApis = ['v3', 'v2-md5', 'v2-hmac-sha256']
const stack = await CrashStack.start(dataDir, {
  DATABASE_URL: url,
  FENPAY_PAY_API: 'v3',
  FENPAY_MASTER_KEY: masterKey.toString('base64'),
  // WeChat's clock is put forward by minutes; no order expires by that.
  FENPAY_ORDER_TTL_SECONDS: String(24 * 60 * 60),
})
after(async () => {
  await stack.stop()
  receiver.close()
  await tap.close()
  await rm(dataDir, { recursive: true, force: true })
})
const { wechat, appid } = stack
const shop = { api: stack.api, wechat, appid, onStep: () => {}, failures: new Map<string, number>() }
const counter = counterAt(sql, readConfig(stack.serverEnv))
const template = await paidTemplate(wechat)

/** The command that is under way. */
let command: ChildProcess | undefined
const cli = resolve(fileURLToPath(new URL('../../apps/server/src/cli.ts', import.meta.url)))

/** As staff do it who see the command die: the same one again. `isOver`: whether such a repetition has ended well. */
async function byCommand(args: string[], isOver: (code: unknown) => boolean): Promise<void> {
  for (let killed = false; ; killed = true) {
    command = spawn(process.execPath, [cli, ...args], {
      env: { ...stack.serverEnv, DATABASE_URL: url },
      stdio: ['ignore', 'ignore', killed ? 'ignore' : 'inherit'],
    })
    const [code, signal]: unknown[] = await once(command, 'exit')
    if (code === 0 || (killed && isOver(code))) return
    assert.equal(signal, 'SIGKILL', `the command ended with ${code}`)
  }
}

/** Under the same key it is the same refund (F77). */
function refundByCommand(orderNumber: string): Promise<void> {
  return byCommand(['refund', orderNumber, '--reason', '面凉了', '--key', `k-${orderNumber}`, '--yes'], () => false)
}

/** Again after a command that died it may be put right already, and is refused. */
async function correctByCommand(orderNumber: string): Promise<void> {
  const [refund] = await sql<{ out_refund_no: string }[]>`
    select out_refund_no from refunds where order_number = ${orderNumber}`
  assert(refund !== undefined)
  await byCommand(['refund-correct', refund.out_refund_no], (code) => code === 1)
}

interface Story {
  what: string
  /**
   * What is told of it: each kind of outbox item has points of its own. Of shipping the sweep alone knows, since what
   * `counter` writes wakes no worker.
   */
  tells: 'message' | 'shipping' | 'webhook'
  calls: Call[]
  /** What comes before it, with nobody killed. */
  prepare(purchase: Purchase): Promise<void>
  /** Plays it to its end; `killed` tells whether a process has been killed, so that nobody waits for more. */
  play(orderNumber: string, purchase: Purchase, killed: () => boolean): Promise<void>
  /** Fails unless it has ended as it should. */
  assertEnd(orderNumber: string, purchase: Purchase): Promise<void>
}

const refundCall = { name: 'refund', paths: ['/v3/refund/domestic/refunds', '/secapi/pay/refund'] }
const refundQuery = { name: 'query of the refund', paths: ['/v3/refund/domestic/refunds/', '/pay/refundquery'] }

/** What a story of a refund has in common with the others. */
const refundStory = {
  tells: 'webhook' as const,
  prepare: paid,
  assertEnd: (orderNumber: string) => assertGivenBack(orderNumber, { total: true }),
}

/** What the payment sheet of an order is opened with. */
const sheets = new Map<string, PaymentParameters>()

async function prepared(purchase: Purchase, orderNumber: string): Promise<void> {
  const parameters = await prepay(shop, purchase, orderNumber)
  assert(parameters !== 'paid')
  sheets.set(orderNumber, parameters)
}

function sheetOf(orderNumber: string): PaymentParameters {
  const parameters = sheets.get(orderNumber)
  assert(parameters !== undefined)
  return parameters
}

const stories: Story[] = [
  {
    ...refundStory,
    what: 'a whole refund, and WeChat notifies',
    calls: [refundCall],
    async play(orderNumber, _, killed) {
      await counter.refund(orderNumber, {}, orderNumber)
      await acceptedBy(orderNumber, killed)
      await wechat.advance(5)
      await until('it is told', async () => killed() || (await isTold(orderNumber, 'refund.succeeded')))
    },
  },
  {
    ...refundStory,
    what: 'a whole refund by the command line',
    calls: [],
    async play(orderNumber, _, killed) {
      await refundByCommand(orderNumber)
      await acceptedBy(orderNumber, killed)
      await wechat.advance(5)
    },
  },
  {
    ...refundStory,
    what: 'a part, and the answer to it is lost',
    calls: [refundQuery],
    async play(orderNumber, _, killed) {
      // Each call is tried three times.
      const match = { path: '/refund' }
      await wechat.fault('call.reset', { times: 3, options: { when: 'after' }, match })
      await counter.refund(orderNumber, { amountFen: 1000 }, orderNumber)
      await until('it is unknown', async () => killed() || (await statusOf(orderNumber)) === 'unknown')
      await wechat.control('/_sim/faults?name=call.reset', undefined, 'DELETE')
      await until('it is known', async () => {
        await dueNow(sql)
        return killed() || (await statusOf(orderNumber)) === 'processing'
      })
    },
    assertEnd: (orderNumber) => assertGivenBack(orderNumber, { fen: 1000 }),
  },
  {
    ...refundStory,
    what: 'a refund whose notification is lost, and the sweep finds its end',
    calls: [],
    async play(orderNumber, _, killed) {
      await wechat.fault('notify.drop', { times: 100 })
      await counter.refund(orderNumber, {}, orderNumber)
      await acceptedBy(orderNumber, killed)
      await wechat.advance(5)
      await until('it is over', async () => {
        await dueNow(sql)
        return killed() || (await statusOf(orderNumber)) === 'succeeded'
      })
    },
  },
  {
    ...refundStory,
    what: 'a late payment, given back by itself',
    calls: [],
    async prepare(purchase) {
      await logIn(shop, purchase)
      const orderNumber = await submit(shop, purchase)
      await prepared(purchase, orderNumber)
      await sql`
        update attempts set created_at = created_at - interval '6 minutes',
               last_call_at = last_call_at - interval '6 minutes'
         where order_number = ${orderNumber}`
      await wechat.advance(360)
      await cancel(shop, purchase, orderNumber)
      assert.equal((await check(shop, purchase, orderNumber)).status, 'closed')
    },
    async play(orderNumber, { user }, killed) {
      await wechat.fault('pay.after-close', { times: 1 })
      await wechat.requestPayment(appid, user, sheetOf(orderNumber))
      await acceptedBy(orderNumber, killed)
      await wechat.advance(5)
      await until('it is over', async () => killed() || (await statusOf(orderNumber)) === 'succeeded')
    },
    async assertEnd(orderNumber, purchase) {
      await assertGivenBack(orderNumber, { total: true })
      assert.equal((await check(shop, purchase, orderNumber)).status, 'closed')
      const open = await sql`select kind from flags where order_number = ${orderNumber} and resolved_at is null`
      assert.deepEqual([...open], [])
    },
  },
  {
    ...refundStory,
    what: 'a refund that WeChat refused and made is put right',
    calls: [refundQuery],
    async prepare(purchase) {
      await paid(purchase)
      const [orderNumber = ''] = purchase.orderNumbers
      await wechat.fault('notify.drop', { times: 100 })
      await wechat.fault('refund.refused-but-made')
      await counter.refund(orderNumber, {}, orderNumber)
      await until('it is refused, and told', () => isTold(orderNumber, 'refund.failed'))
      await wechat.advance(5)
    },
    async play(orderNumber, _, killed) {
      await correctByCommand(orderNumber)
      await until('it is put right', async () => killed() || (await statusOf(orderNumber)) === 'succeeded')
    },
    async assertEnd(orderNumber) {
      await assertGivenBack(orderNumber, { total: true }, ['refund.failed', 'refund.succeeded'])
      const corrections = await sql`
        select from order_events where order_number = ${orderNumber} and kind = 'refund_corrected'`
      assert.equal(corrections.length, 1)
      const open = await sql`select kind from flags where order_number = ${orderNumber} and resolved_at is null`
      assert.deepEqual([...open], [])
    },
  },
  {
    what: 'a paid order is told to the user',
    tells: 'message',
    calls: [{ name: 'message', paths: ['/cgi-bin/message/subscribe/send'] }],
    async prepare(purchase) {
      await logIn(shop, purchase)
      await wechat.control('/_sim/wx/requestSubscribeMessage', {
        appid,
        user: purchase.user,
        tmplIds: [template.id],
        answer: 'accept',
      })
      const orderNumber = await submit(shop, purchase)
      await prepared(purchase, orderNumber)
    },
    async play(orderNumber, { user }, killed) {
      await wechat.requestPayment(appid, user, sheetOf(orderNumber))
      await until('it is told', async () => killed() || (await isDone(orderNumber, 'paid_message')))
    },
    async assertEnd(orderNumber, { user }) {
      await inTheEnd(orderNumber, 'the message is sent', () => isDone(orderNumber, 'paid_message'))
      const [item] = await sql<{ last_error: string | null }[]>`
        select last_error from outbox where order_number = ${orderNumber} and kind = 'paid_message'`
      const shown = (await moneyBooks(wechat)).messages.filter(
        (message) => message.user === user && message.template_id === template.id,
      )
      // Where nobody can know whether it went out, it is not sent twice.
      const isInDoubt = item?.last_error?.includes('not sent twice') === true
      assert(shown.length === 1 || (isInDoubt && shown.length === 0), `${shown.length} messages, ${item?.last_error}`)
    },
  },
  {
    what: 'shipping is told to WeChat',
    tells: 'shipping',
    calls: [{ name: 'upload of the shipping', paths: ['/wxa/sec/order/upload_shipping_info'] }],
    prepare: paid,
    async play(orderNumber, _, killed) {
      // A push about it that is faster than the answer's commit would leave that one less to write.
      await wechat.fault('push.drop', { times: 100 })
      await counter.ship(orderNumber)
      await until('it is told', async () => killed() || (await isDone(orderNumber, 'upload_shipping')))
    },
    async assertEnd(orderNumber) {
      await inTheEnd(orderNumber, 'WeChat knows', () => isDone(orderNumber, 'upload_shipping'))
      const [shipment] = await sql`select status from shipments where order_number = ${orderNumber}`
      assert.equal(shipment?.['status'], 'uploaded')
    },
  },
]

async function paid(purchase: Purchase): Promise<void> {
  await logIn(shop, purchase)
  const orderNumber = await submit(shop, purchase)
  await pay(shop, purchase, orderNumber)
  assert.equal((await check(shop, purchase, orderNumber)).status, 'paid')
  await until('all about it is told', async () => {
    const open = await sql`
      select 1 from outbox
       where order_number = ${orderNumber} and status <> 'done' and kind <> 'shipping_deadline'`
    return open.length === 0
  })
  // WeChat's shipping management knows of it a little later.
  await wechat.advance(10)
}

async function acceptedBy(orderNumber: string, killed: () => boolean): Promise<void> {
  const taken = async () => !['none', 'intended', 'unknown'].includes(await statusOf(orderNumber))
  await until('WeChat has the refund', async () => killed() || (await taken()))
}

async function statusOf(orderNumber: string): Promise<string> {
  const [refund] = await sql<{ status: string }[]>`select status from refunds where order_number = ${orderNumber}`
  return refund?.status ?? 'none'
}

async function isDone(orderNumber: string, kind: string): Promise<boolean> {
  const [item] = await sql`select status from outbox where order_number = ${orderNumber} and kind = ${kind}`
  return item?.['status'] === 'done'
}

async function isTold(orderNumber: string, type: string): Promise<boolean> {
  const [item] = await sql`
    select status from outbox
     where order_number = ${orderNumber} and kind = 'webhook' and payload -> 'body' ->> 'type' = ${type}`
  return item?.['status'] === 'done'
}

/** Time passes, here and at WeChat, until it is so. */
async function inTheEnd(orderNumber: string, what: string, isSo: () => Promise<boolean>): Promise<void> {
  await until(
    `${what}, for order ${orderNumber}`,
    async () => {
      if (await isSo()) return true
      await wechat.advance(20)
      await dueNow(sql)
      return false
    },
    60_000,
  )
}

/** Once, as much as was decided, and the shop's own systems were told so: at least once, by one id. */
async function assertGivenBack(
  orderNumber: string,
  sum: { total: true } | { fen: number },
  told = ['refund.succeeded'],
): Promise<void> {
  await inTheEnd(orderNumber, 'it is given back', async () => (await statusOf(orderNumber)) === 'succeeded')
  await inTheEnd(orderNumber, 'it is told', () => isTold(orderNumber, 'refund.succeeded'))
  const refunds = await sql<{ out_refund_no: string; amount_fen: number; total_fen: number }[]>`
    select out_refund_no, amount_fen, total_fen from refunds where order_number = ${orderNumber}`
  assert.equal(refunds.length, 1)
  const [refund] = refunds
  assert.equal(refund?.amount_fen, 'fen' in sum ? sum.fen : refund?.total_fen)
  const events = [...receiver.taken.values()].filter(({ body }) => body.includes(refund?.out_refund_no ?? ''))
  assert.deepEqual(
    events.map(({ type }) => type),
    told,
  )
}

async function assertEnded(story: Story, purchase: Purchase): Promise<void> {
  await wechat.clearFaults()
  const [orderNumber = ''] = purchase.orderNumbers
  await story.assertEnd(orderNumber, purchase)
  await assertRefundsAgree(sql, wechat)
  await assertAllIsTold(sql, wechat)
  await endsWell({ sql, wechat })
  assert.deepEqual(receiver.refused, [])
}

function receiverPoints(): Point[] {
  return (['before', 'after'] as const).map((side) => ({
    name: `${side} the shop's own system had taken the webhook`,
    async arm(signal) {
      signal.addEventListener('abort', () => receiver.release())
      return { reached: receiver.hold(side) }
    },
  }))
}

/** Each write of the stories once, each kind of outbox item by itself, and each call. */
async function findPoints(): Promise<{ story: Story; point: Point }[]> {
  // Started again it knows the template, and has kept what it compiled.
  await stack.stopServer()
  await stack.startServer(template.env)
  await counter.subscribe(receiver, ['refund.succeeded', 'refund.failed'])
  const points: { story: Story; point: Point }[] = []
  const found = new Set<string>()
  for (const [index, story] of stories.entries()) {
    const first = await writesOf(story, `dry-run-${index}`)
    const again = await writesOf(story, `dry-run-${index}-again`)
    // What is seen once only is chance, as a message that WeChat repeats.
    const seen = [...first].filter((write) => again.has(write))
    const keyOf = (write: string) => (/^update outbox/.test(write) ? `${story.tells}: ${write}` : write)
    const fresh = seen.filter((write) => !found.has(keyOf(write)))
    for (const write of fresh) found.add(keyOf(write))
    const calls = story.calls.flatMap((call) => callPoints(wechat, call))
    const receipts = index === 0 ? receiverPoints() : []
    for (const point of [...writePoints(tap, fresh), ...calls, ...receipts]) points.push({ story, point })
  }
  return points
}

/** Plays a story without a kill. */
async function writesOf(story: Story, key: string): Promise<Set<string>> {
  const purchase = await begin(story, key)
  const [orderNumber = ''] = purchase.orderNumbers
  const from = tap.writes.length
  await story.play(orderNumber, purchase, () => false)
  const writes = new Set(tap.writes.slice(from).filter((write) => isStep(story, write)))
  await assertEnded(story, purchase)
  return writes
}

/** Not when an order that is paid or closed is looked at next, nor a sweep that is there before the job it wakes. */
function isStep(story: Story, write: string): boolean {
  if (/^update orders \(next_check_at/.test(write)) return false
  return story.tells === 'shipping' || write !== 'update outbox (next_at)'
}

async function begin(story: Story, key: string): Promise<Purchase> {
  const purchase = plannedPurchase(`shopper ${key}`, key, [{ sku: 'beef-noodles', quantity: 1 }])
  await story.prepare(purchase)
  return purchase
}

/** Kills who is at the point: the command, or the server, which another protocol is configured for when it is back. */
async function revive(point: Point, index: number): Promise<void> {
  if (point.name.includes('command: ')) {
    command?.kill('SIGKILL')
    return
  }
  await stack.kill('server')
  try {
    await assertAcknowledgedRefundsAreOver(sql, wechat)
  } finally {
    receiver.release()
    await wechat.clearFaults()
    await leasesEnd(sql)
    await stack.startServer({ FENPAY_PAY_API: payApis[(index + 1) % payApis.length] })
  }
}

// Thrown here it would end the file before anything is stopped: it fails the first test instead.
const search = await findPoints().then(
  (points) => ({ points, error: undefined }),
  (error: unknown) => ({ points: [], error }),
)

test('a run without a kill found the steps of a refund and of the outbox', () => {
  assert.equal(search.error, undefined)
  const names = search.points.map(({ point }) => point.name)
  for (const step of [
    'insert refunds',
    'command: ',
    'command: update refunds',
    'notify: ',
    'insert webhook_deliveries',
    'insert shipments',
  ])
    assert(
      names.some((name) => name.includes(step)),
      `${step} is not among\n${names.join('\n')}`,
    )
})

for (const [index, { point, story }] of search.points.entries()) {
  test(`F60: killed ${point.name} (${story.what}): it ends well, once`, async () => {
    await killedAt(
      point,
      () => revive(point, index),
      async (play) => {
        const purchase = await begin(story, `point-${index}-${play}`)
        const [orderNumber = ''] = purchase.orderNumbers
        return {
          run: (killed) => story.play(orderNumber, purchase, killed),
          assertEnded: () => assertEnded(story, purchase),
        }
      },
    )
  })
}
