/**
 * What each path that is taken often costs in questions to the database and to WeChat, with no look at a clock. A change
 * that makes one dearer, or cheaper, changes this table, and docs/performance.md with it.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { World } from '@fenpay/server'
import { connect } from '../apps/server/src/storage/connect.ts'
import { behindTheServer } from './cost/behind-the-server.ts'
import { DatabaseMeter } from './cost/database-meter.ts'
import { playPaths } from './cost/play-paths.ts'
import { read, rows } from './support/documents.ts'
import { startShop } from './support/shop.ts'

type Cost = [roundTrips: number, statements: number, commits: number, callsToWechat: number]

const table: Record<string, Cost> = {
  login: [4, 2, 1, 1],
  'submit an order of one line': [9, 7, 1, 0],
  'submit an order of two lines': [10, 8, 1, 0],
  'submit with an Idempotency-Key': [12, 10, 1, 0],
  'submit with that key again': [5, 3, 0, 0],
  prepay: [17, 13, 2, 1],
  'prepay again': [5, 3, 0, 0],
  'check, not paid yet': [5, 9, 0, 1],
  'check, paid': [22, 24, 1, 1],
  'check, settled before': [4, 8, 0, 0],
  'show an order': [3, 7, 0, 0],
  'list orders': [3, 3, 0, 0],
  'one round of the three sweeps, nothing due': [3, 3, 0, 0],
  'sweep of one open order, not paid yet': [4, 4, 2, 1],
  'sweep of one open order, paid': [21, 19, 2, 1],
  'notification of a payment': [18, 16, 2, 0],
  'the same notification again': [9, 7, 2, 0],
  'refund, decided': [14, 12, 1, 0],
  'refund, sent': [25, 21, 3, 1],
  'notification of a refund': [22, 20, 2, 0],
  'that notification again': [9, 7, 2, 0],
}

// The shop's clock stands still, so that nothing is read again in between because it is old.
let now = new Date()
const world: World = { now: () => now, randomBytes: (size) => randomBytes(size) }
let meter: DatabaseMeter | undefined
let meteredUrl = ''
const shop = await startShop({
  world,
  async throughTap(databaseUrl) {
    const started = await DatabaseMeter.start(databaseUrl)
    meter = started.meter
    meteredUrl = started.url
    return meteredUrl
  },
})
const sql = connect(meteredUrl, { applicationName: 'fenpay' })
after(async () => {
  await sql.end({ timeout: 1 })
  await meter?.close()
})

const stage = {
  shop,
  behind: behindTheServer(shop, sql, world),
  pass(seconds: number) {
    now = new Date(now.getTime() + seconds * 1000)
  },
}

async function callsToWechat(): Promise<number> {
  const { requests } = await shop.wechat.control<{ requests: { direction: string }[] }>('/_sim/requests')
  return requests.filter(({ direction }) => direction === 'in').length
}

/** Plays all paths once, and answers what each cost. */
async function play(): Promise<Record<string, Cost>> {
  const costs: Record<string, Cost> = {}
  await playPaths(stage, async (path, work) => {
    await shop.wechat.control('/_sim/requests', undefined, 'DELETE')
    if (meter === undefined) throw new Error('the shop was started without its meter')
    const { result, cost } = await meter.costOf(work)
    const locked = afterStock(meter.asked)
    if (locked !== undefined) whileStockIsLocked[path] = locked
    costs[path] = [cost.roundTrips, cost.statements, cost.commits, await callsToWechat()]
    return result
  })
  return costs
}

/** By path: what its transactions do between the lock on the stock and their commit. */
const whileStockIsLocked: Record<string, string[]> = {}

/** In the words of the statement: `update notify_inbox`, `select * from`. */
function afterStock(asked: readonly string[]): string[] | undefined {
  const from = asked.findIndex((text) => /update products/.test(text))
  if (from < 0) return undefined
  const rest = asked.slice(from + 1)
  return rest.slice(0, rest.indexOf('commit')).map((text) => text.trim().split(/\s+/).slice(0, 2).join(' '))
}

let measured: Record<string, Cost> = {}
before(async () => {
  // Connections are opened at once, so that what is asked together need not wait for one.
  await Promise.all(Array.from({ length: 10 }, () => fetch(new URL('/readyz', shop.server.url))))
  // The first time the merchant's keys are read, and kept.
  await play()
  measured = await play()
})

test('each path costs what the table says', () => {
  assert.deepEqual(measured, table)
})

test('P2, P3: one question to WeChat decides an order that is paid, when the phone returns and when a sweep comes to it', () => {
  assert.equal(measured['check, paid']?.[3], 1)
  assert.equal(measured['sweep of one open order, paid']?.[3], 1)
})

test('P7: no notification is answered later because WeChat has to be asked first, where its signature proves it', () => {
  const notifications = Object.keys(measured).filter((path) => path.includes('notification'))
  assert.equal(notifications.length, 4)
  for (const path of notifications) assert.equal(measured[path]?.[3], 0, path)
})

test('a product that everybody buys is locked last, and nothing is looked up before the commit lets it go', () => {
  const { 'notification of a payment': notified, 'check, paid': checked, ...others } = whileStockIsLocked
  assert.deepEqual([notified, checked, others['sweep of one open order, paid']], [['update notify_inbox'], [], []])
})

test('docs/performance.md tells what each path costs, in both languages', () => {
  const expected = Object.entries(table).map(([path, cost]) => [path, ...cost.map(String)])
  const english = rows(read('docs/performance.md'), '## What each path costs').filter((row) => row.length === 5)
  assert.deepEqual(english, expected)
  const chinese = rows(read('docs/performance.zh-CN.md'), '## 每条路径的开销').filter((row) => row.length === 5)
  assert.deepEqual(
    chinese.map((row) => row.slice(1)),
    expected.map((row) => row.slice(1)),
  )
  for (const [path] of chinese) assert.match(path ?? '', /\p{Script=Han}/u)
})
