import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { testDatabase } from '../../apps/server/test/database.ts'
import { until } from '../../scripts/until.ts'
import { assertAcknowledgedIsKept, assertBooksAgree } from './books.ts'
import { CrashStack } from './crash-stack.ts'
import { DatabaseTap } from './database-tap.ts'
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
import { type Call, callPoints, killedAt, type Point, writePoints } from './points.ts'

/**
 * F60: one purchase, and the server killed at each of its steps. The steps are not written down here: a run without a
 * kill finds every write to the database, and each becomes a point before and a point after it; besides these every
 * call to WeChat, before and after it had its effect. A restart on another protocol follows each kill.
 */
const database = await testDatabase()
const { tap, url } = await DatabaseTap.start(database.url)
const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-kill-'))
const payApis = ['v3', 'v2-md5', 'v2-hmac-sha256']
const stack = await CrashStack.start(dataDir, {
  DATABASE_URL: url,
  FENPAY_PAY_API: 'v3',
  // WeChat's clock is put forward by minutes; no order expires by that.
  FENPAY_ORDER_TTL_SECONDS: String(24 * 60 * 60),
})
after(async () => {
  await stack.stop()
  await tap.close()
  await rm(dataDir, { recursive: true, force: true })
})

const shoppers: Shoppers = {
  api: stack.api,
  wechat: stack.wechat,
  appid: stack.appid,
  onStep: () => {},
  failures: new Map(),
}

const oneBowl = [{ sku: 'beef-noodles', quantity: 1 }]

interface Story {
  what: string
  /** Plays one purchase to its end; `killed` tells whether the server has been killed, so that nobody waits for more. */
  play(purchase: Purchase, killed: () => boolean): Promise<void>
  ends: 'paid' | 'closed'
  /** The calls to WeChat in it. */
  calls: Call[]
}

const stories: Story[] = [
  {
    what: 'paid, and WeChat notifies',
    async play(purchase, killed) {
      await logIn(shoppers, purchase)
      const orderNumber = await submit(shoppers, purchase)
      await pay(shoppers, purchase, orderNumber)
      await until('WeChat is done with its notification', async () => killed() || (await isNotified(orderNumber)))
    },
    ends: 'paid',
    calls: [
      { name: 'login', paths: ['jscode2session'] },
      { name: 'prepay', paths: ['/jsapi', '/unifiedorder'] },
    ],
  },
  {
    what: 'paid, and only the check tells; the notification comes later',
    async play(purchase) {
      await stack.wechat.fault('notify.drop', { times: 100 })
      await logIn(shoppers, purchase)
      const orderNumber = await submit(shoppers, purchase)
      await pay(shoppers, purchase, orderNumber)
      await check(shoppers, purchase, orderNumber)
      await stack.wechat.clearFaults()
      await stack.wechat.advance(60)
    },
    ends: 'paid',
    calls: [{ name: 'query', paths: ['/out-trade-no/', '/orderquery'] }],
  },
  {
    what: 'cancelled before a payment was begun',
    async play(purchase) {
      await logIn(shoppers, purchase)
      const orderNumber = await submit(shoppers, purchase)
      await cancel(shoppers, purchase, orderNumber)
    },
    ends: 'closed',
    calls: [],
  },
  {
    what: 'cancelled when WeChat may be asked to close',
    async play(purchase) {
      await logIn(shoppers, purchase)
      const orderNumber = await submit(shoppers, purchase)
      await prepay(shoppers, purchase, orderNumber)
      await sixMinutesLater(orderNumber)
      await cancel(shoppers, purchase, orderNumber)
    },
    ends: 'closed',
    calls: [{ name: 'close', paths: ['/close', '/closeorder'] }],
  },
]

/** One check, as a client makes it, and everything agrees. */
async function assertEnded(story: Story, purchase: Purchase): Promise<void> {
  await stack.wechat.clearFaults()
  const [orderNumber = ''] = purchase.orderNumbers
  assert.equal((await check(shoppers, purchase, orderNumber)).status, story.ends)
  assert.equal(await submit(shoppers, purchase), orderNumber)
  await assertBooksAgree(database.sql, stack.wechat)
}

async function isNotified(orderNumber: string): Promise<boolean> {
  const { notifications } = await stack.wechat.control<Notified>('/_sim/books')
  const [attempt] = await database.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  const mine = notifications.find((notification) => notification.out_trade_no === attempt?.out_trade_no)
  return mine?.deliveries.some(({ outcome }) => outcome === 'acknowledged') ?? false
}

interface Notified {
  notifications: { out_trade_no: string; deliveries: { outcome: string }[] }[]
}

/** Five minutes must lie between an order and its close, by our clock and by WeChat's. */
async function sixMinutesLater(orderNumber: string): Promise<void> {
  await database.sql`
    update attempts set created_at = created_at - interval '6 minutes', last_call_at = last_call_at - interval '6 minutes'
     where order_number = ${orderNumber}`
  await stack.wechat.advance(360)
}

/** Every write of every story once, and every call. */
async function findPoints(): Promise<{ story: Story; point: Point }[]> {
  const points: { story: Story; point: Point }[] = []
  const found = new Set<string>()
  for (const [index, story] of stories.entries()) {
    const from = tap.writes.length
    const purchase = plannedPurchase('dry run', `dry-run-${index}`, oneBowl)
    await story.play(purchase, () => false)
    await assertEnded(story, purchase)
    const fresh = tap.writes.slice(from).filter((write) => !found.has(write))
    for (const write of fresh) found.add(write)
    const calls = story.calls.flatMap((call) => callPoints(stack.wechat, call))
    for (const point of [...writePoints(tap, fresh), ...calls]) points.push({ story, point })
  }
  return points
}

// Thrown here it would end the file before anything is stopped: it fails the first test instead.
const search = await findPoints().then(
  (points) => ({ points, error: undefined }),
  (error: unknown) => ({ points: [], error }),
)

test('a run without a kill found the steps of a purchase', () => {
  assert.equal(search.error, undefined)
  assert(search.points.length >= 24, search.points.map(({ point }) => point.name).join('\n'))
})

for (const [index, { point, story }] of search.points.entries()) {
  test(`F60: killed ${point.name} (${story.what}): it ends ${story.ends}, once`, async () => {
    const revive = async () => {
      await stack.kill('server')
      try {
        await assertAcknowledgedIsKept(database.sql, stack.wechat)
      } finally {
        await stack.wechat.clearFaults()
        await stack.startServer({ FENPAY_PAY_API: payApis[(index + 1) % payApis.length] })
      }
    }
    await killedAt(point, revive, async (play) => {
      const purchase = plannedPurchase(`shopper ${index}`, `point-${index}-${play}`, oneBowl)
      return {
        run: (killed) => story.play(purchase, killed),
        assertEnded: () => assertEnded(story, purchase),
      }
    })
  })
}

test('F43: what WeChat sends again after all this is acknowledged, and changes nothing', async () => {
  await stack.wechat.advance(24 * 60 * 60)
  const { notifications } = await stack.wechat.control<Notified>('/_sim/books')
  for (const { deliveries } of notifications) assert.equal(deliveries.at(-1)?.outcome, 'acknowledged')
  await assertBooksAgree(database.sql, stack.wechat)
})
