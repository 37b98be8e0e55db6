import { until } from '../until.ts'
import type { BenchStack } from './bench-stack.ts'
import { atRate, inParallel } from './load.ts'
import { openOrders } from './open-orders.ts'
import { besides } from './reference.ts'
import { type Promised, type Row, rowOf } from './row.ts'

const perSecond = 10
const togetherMax = 50
/** WeChat repeats a notification that nobody took after 15 seconds. */
const repeatedAfterSeconds = 15
const patienceMs = 60_000
const promised: Promised = {
  words: '0.5 s for 99 of 100, 3 s at most',
  isKept: ({ p99, max }) => p99 <= 500 && max <= 3_000,
}

/** P7: how long WeChat waits for the answer to a notification. */
export async function playNotifications(stack: BenchStack, count: number): Promise<Row[]> {
  return [await oneByOne(stack, count), await allTogether(stack, Math.min(count, togetherMax))]
}

/** As they come when people pay, whose phones return at the same moment and ask. */
async function oneByOne(stack: BenchStack, count: number): Promise<Row> {
  const orders = await openOrders(stack, count)
  stack.notifications.takeTimes()
  const { result, reference } = await besides(stack, async () => {
    await atRate(orders, perSecond, async (order) => {
      await order.pay()
      await order.checkUntilPaid()
    })
    return acknowledged(stack, count)
  })
  return rowOf(`P7  a notification, ${perSecond} payments a second`, result, reference, promised)
}

/** As they come when nobody was there to take them for a while. */
async function allTogether(stack: BenchStack, count: number): Promise<Row> {
  const orders = await openOrders(stack, count)
  stack.notifications.takeTimes()
  await stack.wechat.fault('notify.drop', { times: count })
  await inParallel(orders, 8, (order) => order.pay())
  await until('the first notifications are dropped', async () => {
    const { faults } = await stack.wechat.control<{ faults: unknown[] }>('/_sim/faults')
    return faults.length === 0
  })
  const { result, reference } = await besides(stack, async () => {
    await stack.wechat.advance(2 * repeatedAfterSeconds)
    return acknowledged(stack, count)
  })
  return rowOf(`P7  a notification, ${count} at once`, result, reference, promised)
}

async function acknowledged({ notifications }: BenchStack, count: number): Promise<number[]> {
  await until('every notification is acknowledged', () => notifications.count >= count, patienceMs)
  return notifications.takeTimes()
}
