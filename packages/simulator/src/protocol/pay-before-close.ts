import type { FaultMatch } from '../engine/fault-plan.ts'
import { payOrder, tradeStateOf } from '../engine/orders.ts'
import type { World } from '../world.ts'

/** Plays close.paid-before: an order that is open when its close arrives is paid in the last moment. */
export function payBeforeClose(world: World, subject: FaultMatch): void {
  const order = world.books.orders.get(subject.mchid ?? '', subject.outTradeNo ?? '')
  if (!order || tradeStateOf(order, world.clock.nowMs()) !== 'NOTPAY') return
  if (world.faults.take(subject, 'close.paid-before')) payOrder(world, order)
}
