import type { ShippingOrder, TradeManagement } from './after-payment-records.ts'
import type { Engine } from './engine.ts'
import { queuePush } from './pushes.ts'
import { orderFields, shippingStateOf } from './shipping-order.ts'
import { tradeManagementOf } from './trade-management.ts'
import { wholeSeconds } from './whole-seconds.ts'

const dayMs = 86_400_000
/** How long after the confirmation the money is settled, when no complaint is open. */
const settleAfterMs = 5000

/** Writes an order with the moment at which the clock has to look at it again. Call inside a transaction. */
export function reschedule(engine: Engine, order: ShippingOrder): ShippingOrder {
  const { dueAtMs: _, ...rest } = order
  const dueAtMs = dueAtMsOf(engine, rest)
  const written = dueAtMs === undefined ? rest : { ...rest, dueAtMs }
  engine.books.shippingOrders.put(written)
  return written
}

/** Does all that is due until `untilMs`: reminders, automatic confirmation, settlement. */
export function runShippingClock(engine: Engine, untilMs: number): void {
  const { books } = engine
  for (const app of dueUntil(books.tradeManagement.due(), untilMs)) books.transact(() => remindToJoin(engine, app))
  for (;;) {
    const due = dueUntil(books.shippingOrders.due(), untilMs)
    if (due.length === 0) return
    for (const order of due) books.transact(() => reschedule(engine, afterMoment(engine, order)))
  }
}

function dueAtMsOf({ books }: Engine, order: ShippingOrder): number | undefined {
  if (shippingStateOf({ books }, order) >= 4) return undefined
  if (order.confirmed) return order.confirmed.atMs + settleAfterMs
  const finishedAtMs = order.shipping?.finishedAtMs
  // T+10 for express, T+2 for all that needs no carrier.
  if (finishedAtMs !== undefined) return finishedAtMs + (order.shipping?.logisticsType === 1 ? 10 : 2) * dayMs
  const remindable = !order.reminded && order.special !== 'test' && books.pushTargets.get(order.appid)
  return remindable ? order.shipByMs : undefined
}

function afterMoment(engine: Engine, order: ShippingOrder): ShippingOrder {
  const atMs = order.dueAtMs ?? engine.clock.nowMs()
  const state = shippingStateOf(engine, order)
  if (state === 1) {
    if (tradeManagementOf(engine, order.appid).everShipped) {
      queuePush(engine, order.appid, 'trade_manage_remind_shipping', {
        ...orderFields(order),
        msg: '订单已超过48小时未发货，请尽快发货并录入发货信息',
      })
    }
    return { ...order, reminded: true }
  }
  if (state === 2) return { ...order, confirmed: { atMs, method: 'automatic' } }
  return state === 3 ? settle(engine, order, atMs) : order
}

function settle(engine: Engine, order: ShippingOrder, atMs: number): ShippingOrder {
  queuePush(engine, order.appid, 'trade_manage_order_settlement', {
    ...orderFields(order),
    shipped_time: wholeSeconds(order.shipping?.finishedAtMs ?? atMs),
    confirm_receive_method: order.confirmed?.method === 'manual' ? 2 : 1,
    confirm_receive_time: wholeSeconds(order.confirmed?.atMs ?? atMs),
    settlement_time: wholeSeconds(atMs),
  })
  return { ...order, settledAtMs: atMs }
}

// Again every day, until the app has shipped something.
function remindToJoin(engine: Engine, app: TradeManagement): void {
  queuePush(engine, app.appid, 'trade_manage_remind_access_api', {
    msg: '小程序已产生交易，请接入发货信息录入接口或在平台录入发货信息',
  })
  engine.books.tradeManagement.put({ ...app, dueAtMs: engine.clock.nowMs() + dayMs })
}

const dueUntil = <T extends { readonly dueAtMs?: number }>(rows: Iterable<T>, untilMs: number): T[] =>
  [...rows].filter(({ dueAtMs }) => dueAtMs !== undefined && dueAtMs <= untilMs)
