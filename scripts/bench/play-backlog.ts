import { setTimeout as delay } from 'node:timers/promises'
import { type BenchStack, dropNotifications, lasting } from './bench-stack.ts'
import { inParallel } from './load.ts'
import { type OpenOrder, openOrders } from './open-orders.ts'
import { besides } from './reference.ts'
import { type Promised, type Row, rowOf } from './row.ts'

/** How long WeChat takes at most, once it answers. */
const farAwayMs = 200
/** The outage goes on so long after the last payment. */
const outageMs = 5_000
const patienceMs = 5 * 60_000
/** The path of WeChat's answers about one order. */
const questions = '/out-trade-no/'
const promised: Promised = {
  words: 'a minute, and a second more for each 50',
  isKept: ({ count, max }) => max <= 60_000 + count * 20,
}

/**
 * P3: WeChat answers no question and brings no notification while people pay; then it answers again. Every order waits
 * for the sweeps, and is timed from the end of the outage.
 */
export async function playBacklog(stack: BenchStack, count: number): Promise<Row[]> {
  const { wechat, sql } = stack
  const orders = await openOrders(stack, count)
  await dropNotifications(stack)
  await wechat.fault('call.timeout-before', { ...lasting, match: { path: questions } })
  await inParallel(orders, 8, (order) => order.pay())
  await delay(outageMs)
  const far = { delay_ms: farAwayMs, loss_percent: 0 }
  await wechat.fault('network.jitter', { ...lasting, match: { path: questions }, options: far })
  const asked = await answersAbout(stack, orders)
  await wechat.control('/_sim/faults?name=call.timeout-before', undefined, 'DELETE')
  const backAt = new Date()
  const { result, reference } = await besides(stack, () => allDecided(sql, orders))
  await wechat.control('/_sim/faults?name=network.jitter', undefined, 'DELETE')
  const times = result.map((at) => Math.max(0, at.getTime() - backAt.getTime()))
  const row = rowOf(`P3  decided after an outage, WeChat 0 to ${farAwayMs} ms away`, times, reference, promised)
  const answers = ((await answersAbout(stack, orders)) - asked) / count
  const seen = `${paceOf(times).toFixed(0)} orders a second, ${answers.toFixed(2)} questions to WeChat each`
  return [{ ...row, verdict: `${row.verdict}; ${seen}` }]
}

/** Orders a second while the backlog is worked off: without its first tenth, which waits for calls that hang, and its last. */
function paceOf(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return (0.8 * sorted.length * 1000) / (at(0.9) - at(0.1))
}

/** When each order was decided, after waiting for the last one. */
async function allDecided(sql: BenchStack['sql'], orders: readonly OpenOrder[]): Promise<Date[]> {
  const numbers = orders.map(({ orderNumber }) => orderNumber)
  const endMs = performance.now() + patienceMs
  while (performance.now() < endMs) {
    const rows = await sql<{ recorded_at: Date }[]>`
      select recorded_at from payments where order_number = any(${numbers})`
    if (rows.length === numbers.length) return rows.map((row) => row.recorded_at)
    // Not oftener: to look is a load as well.
    await delay(500)
  }
  throw new Error(`${patienceMs / 1000} s were not enough to decide ${numbers.length} orders`)
}

/** How often WeChat has answered questions about these orders, in all. */
async function answersAbout({ wechat, sql }: BenchStack, orders: readonly OpenOrder[]): Promise<number> {
  const attempts = await sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = any(${orders.map(({ orderNumber }) => orderNumber)})`
  const mine = new Set(attempts.map((attempt) => attempt.out_trade_no))
  const { calls } = await wechat.control<{ calls: { out_trade_no: string; counts: Record<string, number> }[] }>(
    '/_sim/books',
  )
  return calls
    .filter(({ out_trade_no }) => mine.has(out_trade_no))
    .reduce((sum, { counts }) => sum + (counts['query'] ?? 0), 0)
}
