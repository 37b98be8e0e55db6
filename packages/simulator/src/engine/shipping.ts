import { isDeepStrictEqual } from 'node:util'
import type { Parcel, Shipping, ShippingOrder } from './after-payment-records.ts'
import type { Engine } from './engine.ts'
import { addPhoneMessage } from './phone-messages.ts'
import { queuePush } from './pushes.ts'
import type { Order, Payment } from './records.ts'
import { reschedule } from './shipping-clock.ts'
import { goodsText, orderFields, shippingStateOf } from './shipping-order.ts'
import { tradeManagementOf } from './trade-management.ts'
import { wholeSeconds } from './whole-seconds.ts'

/** Opens the shipping order of a payment; the APIs know it a little later. Call inside a transaction. */
export function openShippingOrder(engine: Engine, order: Order, payment: Payment): void {
  const { books } = engine
  const app = tradeManagementOf(engine, order.appid)
  reschedule(engine, {
    mchid: order.mchid,
    outTradeNo: order.outTradeNo,
    appid: order.appid,
    openid: payment.openid,
    transactionId: payment.transactionId,
    description: order.description,
    totalFen: payment.totalFen,
    createdAtMs: order.createdAtMs,
    paidAtMs: payment.paidAtMs,
    knownAtMs: payment.paidAtMs + app.knownAfterSeconds * 1000,
    shipByMs: payment.paidAtMs + shipWithinMs,
    reminded: false,
    finishCount: 0,
    reshipUsed: false,
    confirmAsked: false,
    inComplaint: false,
  })
  // The first transaction brings the first reminder to use the API, the clock the later ones.
  if (!app.everShipped && app.dueAtMs === undefined && books.pushTargets.get(app.appid)) {
    books.tradeManagement.put({ ...app, dueAtMs: payment.paidAtMs })
  }
}

/** Opens the shipping orders of payments from before there were any. */
export function openMissingShippingOrders(engine: Engine): void {
  const { books } = engine
  books.transact(() => {
    for (const order of books.orders.values()) {
      const known = books.shippingOrders.get(order.mchid, order.outTradeNo)
      if (order.payment && !known) openShippingOrder(engine, order, order.payment)
    }
  })
}

const shipWithinMs = 48 * 3_600_000

/** What a merchant tells about shipping; it passed all field rules. */
export interface ShippingReport {
  readonly logisticsType: number
  readonly deliveryMode: number
  /** Whether all parcels are told of; always so in unified mode. */
  readonly isAllDelivered: boolean
  readonly parcels: readonly Parcel[]
  readonly uploadedAtMs: number
}

/** Why a report is not taken. */
export type ShippingRefusal = 'unchanged' | 'refunded' | 'confirmed' | 'reship-used' | 'not-later' | 'too-many'

const parcelsMax = 15

/** The order after a report, or why there is none. Nothing is written. */
export function planShipping(
  engine: Engine,
  order: ShippingOrder,
  report: ShippingReport,
): ShippingOrder | ShippingRefusal {
  const state = shippingStateOf(engine, order)
  if (state === 5) return 'refunded'
  const known = order.shipping
  const finished = known?.finishedAtMs !== undefined
  const otherWay = known && (known.logisticsType !== report.logisticsType || known.deliveryMode !== report.deliveryMode)
  const startsAnew = finished || otherWay
  const merged = merge(known?.parcels ?? [], report.parcels)
  if (known && !otherWay && finished === report.isAllDelivered && isSame(merged, known.parcels)) return 'unchanged'
  if (order.confirmed) return 'confirmed'
  if (startsAnew && order.reshipUsed) return 'reship-used'
  if (known && report.uploadedAtMs <= known.uploadedAtMs) return 'not-later'
  const parcels = startsAnew ? report.parcels : merged
  if (parcels.length > parcelsMax) return 'too-many'
  const { logisticsType, deliveryMode, uploadedAtMs, isAllDelivered } = report
  const shipping: Shipping = {
    logisticsType,
    deliveryMode,
    parcels,
    uploadedAtMs,
    ...(isAllDelivered ? { finishedAtMs: engine.clock.nowMs() } : {}),
  }
  const finishCount = isAllDelivered ? order.finishCount + 1 : order.finishCount
  return { ...order, shipping, finishCount, reshipUsed: order.reshipUsed || startsAnew === true }
}

/** Writes a planned order; the user and the back end hear of complete shipping. Call inside a transaction. */
export function ship(engine: Engine, planned: ShippingOrder): void {
  const { books } = engine
  const app = tradeManagementOf(engine, planned.appid)
  const { dueAtMs: _, ...shipped } = { ...app, everShipped: true }
  books.tradeManagement.put(shipped)
  const order = reschedule(engine, planned)
  const finishedAtMs = order.shipping?.finishedAtMs
  if (finishedAtMs === undefined) return
  tellUser(engine, order, 'shipped')
  queuePush(engine, order.appid, 'trade_manage_order_settlement', {
    ...orderFields(order),
    shipped_time: wholeSeconds(finishedAtMs),
    estimated_settlement_time: wholeSeconds(order.dueAtMs ?? finishedAtMs),
  })
}

/** The user says that it arrived. `false`: the order does not wait for that. */
export function confirmReceipt(engine: Engine, order: ShippingOrder): boolean {
  if (shippingStateOf(engine, order) !== 2) return false
  const confirmed = { atMs: engine.clock.nowMs(), method: 'manual' as const }
  engine.books.transact(() => reschedule(engine, { ...order, confirmed }))
  return true
}

/** A service notification about the order; a tap opens the app's page for that, with the order's numbers. */
export function tellUser(engine: Engine, order: ShippingOrder, kind: 'shipped' | 'confirm-receive'): void {
  const { jumpPath } = tradeManagementOf(engine, order.appid)
  const numbers = new URLSearchParams({
    transaction_id: order.transactionId,
    merchant_id: order.mchid,
    merchant_trade_no: order.outTradeNo,
  })
  addPhoneMessage(engine, {
    appid: order.appid,
    openid: order.openid,
    kind,
    title: kind === 'shipped' ? '订单发货通知' : '确认收货提醒',
    data: {
      商品: goodsText(order),
      运单号: order.shipping?.parcels.map((parcel) => parcel.trackingNo ?? '').join() ?? '',
    },
    page: jumpPath === '' ? '' : `${jumpPath}${jumpPath.includes('?') ? '&' : '?'}${numbers}`,
  })
}

// Whether a split call names a further parcel only or all of them again, the documents do not say: both are taken.
function merge(known: readonly Parcel[], reported: readonly Parcel[]): readonly Parcel[] {
  const keyOf = ({ expressCompany, trackingNo }: Parcel): string => `${expressCompany}/${trackingNo}`
  const all = new Map(known.map((parcel) => [keyOf(parcel), parcel]))
  for (const parcel of reported) all.set(keyOf(parcel), parcel)
  return [...all.values()]
}

const isSame = (some: readonly Parcel[], others: readonly Parcel[]): boolean =>
  isDeepStrictEqual(some.map(withoutTime), others.map(withoutTime))
const withoutTime = ({ uploadedAtMs: _, ...content }: Parcel): object => content

/** notify_confirm_receive: the user is asked to confirm. */
export function confirmReminder(engine: Engine, order: ShippingOrder): void {
  engine.books.transact(() => {
    reschedule(engine, { ...order, confirmAsked: true })
    tellUser(engine, order, 'confirm-receive')
  })
}

/** opspecialorder: a pre-sale with its own date, or a test order that is not shipped at all. */
export function markSpecial(engine: Engine, order: ShippingOrder, special: 'presale' | 'test', shipByMs: number): void {
  engine.books.transact(() => reschedule(engine, { ...order, special, shipByMs, reminded: false }))
}

/** A dispute is opened or ended; while it is open, the money is not settled. */
export function setComplaint(engine: Engine, order: ShippingOrder, inComplaint: boolean): void {
  engine.books.transact(() => reschedule(engine, { ...order, inComplaint }))
}
