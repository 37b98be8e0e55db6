import { type BenchStack, dropNotifications } from './bench-stack.ts'
import { atRate, timed } from './load.ts'
import { openOrders } from './open-orders.ts'
import { besides } from './reference.ts'
import { type Promised, type Row, rowOf } from './row.ts'

const perSecond = 10
const promised: Promised = { words: '2 s for 99 of 100', isKept: ({ p99 }) => p99 <= 2_000 }

/** P2: from the phone's return to the answer "paid", where no notification comes and WeChat has to be asked. */
export async function playReturns(stack: BenchStack, count: number): Promise<Row[]> {
  const orders = await openOrders(stack, count)
  await dropNotifications(stack)
  const { result, reference } = await besides(stack, async () => {
    const times: number[] = []
    await atRate(orders, perSecond, async (order) => {
      await order.pay()
      times.push(await timed(() => order.checkUntilPaid()))
    })
    return times
  })
  return [rowOf(`P2  paid after the return, ${perSecond} a second`, result, reference, promised)]
}
