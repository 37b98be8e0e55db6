import { toCompactTime } from './beijing-time.ts'
import type { Engine } from './engine.ts'
import { alphabets, randomText } from './random.ts'
import type { Notification, Order, Payment } from './records.ts'
import { openShippingOrder } from './shipping.ts'

const prepayLifeMs = 2 * 3_600_000
const closeNotBeforeMs = 5 * 60_000

/** A prepay call that passed all field rules. */
export type OrderRequest = Omit<Order, 'prepayId' | 'createdAtMs' | 'state' | 'closedAtMs' | 'payment'>

/** What became of a prepay call. `differs`: the number is in use with other values; `taken`: by the other protocol. */
export type PlaceOutcome =
  | { readonly kind: 'placed'; readonly prepayId: string }
  | { readonly kind: 'paid' | 'closed' | 'differs' | 'taken' }

/** WeChat's trade_state of an order now: an unpaid order past its expiry is closed, without anybody doing anything. */
export function tradeStateOf(order: Order, nowMs: number): Order['state'] {
  return order.state === 'NOTPAY' && nowMs >= order.expiresAtMs ? 'CLOSED' : order.state
}

/** Makes the order, or recognises a repeated call: the same prepay_id while it is valid, a fresh one afterwards. */
export function placeOrder(engine: Engine, request: OrderRequest): PlaceOutcome {
  const { books, clock } = engine
  const nowMs = clock.nowMs()
  const known = books.orders.get(request.mchid, request.outTradeNo)
  if (known) {
    const difference = differenceBetween(known, request)
    if (difference) return { kind: difference }
    const state = tradeStateOf(known, nowMs)
    if (state !== 'NOTPAY') return { kind: state === 'CLOSED' ? 'closed' : 'paid' }
    const prepay = books.prepays.get(known.prepayId)
    if (prepay && nowMs < prepay.expiresAtMs) return { kind: 'placed', prepayId: known.prepayId }
  }
  const prepayId = `wx${toCompactTime(nowMs)}${randomText(engine.random, alphabets.hex, 18)}00`
  const order: Order = known ? { ...known, prepayId } : { ...request, prepayId, createdAtMs: nowMs, state: 'NOTPAY' }
  books.transact(() => {
    books.orders.put(order)
    const { mchid, outTradeNo } = order
    books.prepays.put({ prepayId, mchid, outTradeNo, expiresAtMs: nowMs + prepayLifeMs })
  })
  return { kind: 'placed', prepayId }
}

function differenceBetween(known: Order, request: OrderRequest): 'taken' | 'differs' | undefined {
  if ((known.signType === 'RSA') !== (request.signType === 'RSA')) return 'taken'
  const timeExpireDiffers = request.timeExpire !== undefined && request.timeExpire !== known.timeExpire
  return known.fingerprint !== request.fingerprint || timeExpireDiffers ? 'differs' : undefined
}

/** What became of a close. `too-young`: v2 refuses to close within five minutes of creation. */
export type CloseOutcome = 'done' | 'unknown' | 'paid' | 'closed' | 'too-young'

/** Closes an unpaid order. `minimumAge`: whether v2's waiting rule applies. */
export function closeOrder(engine: Engine, mchid: string, outTradeNo: string, minimumAge: boolean): CloseOutcome {
  const { books, clock } = engine
  const nowMs = clock.nowMs()
  const order = books.orders.get(mchid, outTradeNo)
  if (!order) return 'unknown'
  const state = tradeStateOf(order, nowMs)
  if (state !== 'NOTPAY') return state === 'CLOSED' ? 'closed' : 'paid'
  if (minimumAge && nowMs - order.createdAtMs < closeNotBeforeMs) return 'too-young'
  books.transact(() => books.orders.put({ ...order, state: 'CLOSED', closedAtMs: nowMs }))
  return 'done'
}

/**
 * Takes the payer's money: the order is SUCCESS and its notification due at once. `undefined` unless it is NOTPAY now,
 * or CLOSED when the payment began before the close and comes through `late`.
 */
export function payOrder(engine: Engine, { mchid, outTradeNo }: Order, late = false): Notification | undefined {
  const { books, clock, random } = engine
  const nowMs = clock.nowMs()
  const order = books.orders.get(mchid, outTradeNo)
  const state = order && tradeStateOf(order, nowMs)
  if (!order || (state !== 'NOTPAY' && !(late && state === 'CLOSED'))) return undefined
  const payment: Payment = {
    transactionId: newTransactionId(engine, nowMs),
    openid: order.openid,
    totalFen: order.totalFen,
    bankType: 'OTHERS',
    paidAtMs: nowMs,
  }
  const notification: Notification = {
    id: uuid(random(16)),
    mchid,
    outTradeNo,
    url: order.notifyUrl,
    createdAtMs: nowMs,
    dueAtMs: nowMs,
    deliveries: [],
  }
  books.transact(() => {
    books.orders.put({ ...order, state: 'SUCCESS', payment })
    books.notifications.put(notification)
    openShippingOrder(engine, order, payment)
  })
  return notification
}

/** 28 digits: 4200, six more, the day, ten more. */
export const newTransactionId = (engine: Engine, nowMs: number): string =>
  `4200${randomText(engine.random, alphabets.digits, 6)}${toCompactTime(nowMs).slice(0, 8)}${randomText(engine.random, alphabets.digits, 10)}`

export function uuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
