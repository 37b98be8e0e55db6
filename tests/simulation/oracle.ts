import { checkInvariants } from '../../apps/server/src/storage/invariants.ts'
import type { History } from './history.ts'
import { wrongFlags } from './oracle-flags.ts'
import { wrongLedger } from './oracle-ledger.ts'
import { wrongOutbox } from './oracle-outbox.ts'
import { wrongRefunds } from './oracle-refunds.ts'
import { type Ours, readOurs } from './read-ours.ts'
import type { OrderEnd, ReferenceModel, Taken } from './reference-model.ts'
import type { WechatBooks } from './wechat-books.ts'

/**
 * Everything that is wrong at the end of a history; nothing, if all is well (E.3, E.6). WeChat's books, what clients were
 * told and the receiver of the webhooks are the measure; what the product says of itself is one witness among them.
 */
export async function judge(history: History, model: ReferenceModel): Promise<string[]> {
  const books = await history.ground.wechat.control<WechatBooks>('/_sim/books')
  const ours = await readOurs(history)
  const broken = await checkInvariants(history.ground.sql)
  const taken = takenOf(books, ours)
  countEnds(history, ours)
  return [
    ...history.troubles,
    ...broken.map(({ id, what, rows }) => `${id} is broken: ${what} ${JSON.stringify(rows)}`),
    ...wrongAttempts(books, ours),
    ...wrongRefunds(books, ours, model, history.network.refusedButMade),
    ...wrongPayments(taken, ours, history.network.unknownOrdersTold),
    ...model.disagreements(endsOf(ours), taken, stockOf(ours)),
    ...wrongFlags(books, ours, history.network.refusedButMade),
    ...wrongLedger(books, ours),
    ...wrongOutbox(books, ours, history),
  ]
}

/** What WeChat took, and how much of it went back or is on its way back. */
function takenOf(books: WechatBooks, { attempts }: Ours): Taken[] {
  const orderOf = new Map(attempts.map(({ out_trade_no, order_number }) => [out_trade_no, order_number]))
  return books.payments.map((payment) => ({
    orderNumber: orderOf.get(payment.out_trade_no),
    outTradeNo: payment.out_trade_no,
    transactionId: payment.transaction_id,
    amountFen: payment.total,
    refundedFen: books.refunds
      .filter(({ transaction_id, status }) => transaction_id === payment.transaction_id && status !== 'CLOSED')
      .reduce((sum, { amount }) => sum + amount, 0),
  }))
}

function wrongAttempts(books: WechatBooks, { attempts }: Ours): string[] {
  const known = new Set(attempts.map(({ out_trade_no }) => out_trade_no))
  return [
    ...books.orders
      .filter(({ out_trade_no }) => !known.has(out_trade_no))
      .map(({ out_trade_no }) => `only WeChat knows ${out_trade_no}`),
    ...attempts
      .filter(({ status }) => ['intended', 'unknown', 'prepaid'].includes(status))
      .map(({ out_trade_no, status }) => `nobody knows what became of ${out_trade_no}: ${status}`),
  ]
}

/** Every fen of WeChat's is here, and no other, but for messages about orders that there never were. */
function wrongPayments(taken: Taken[], { payments }: Ours, unknownOrdersTold: number): string[] {
  const here = new Map(payments.map((payment) => [payment.transaction_id, payment.amount_fen]))
  const there = new Set(taken.map(({ transactionId }) => transactionId))
  const invented = payments.filter(({ transaction_id }) => !there.has(transaction_id))
  const known = invented.filter(({ reason }) => reason === 'unknown_order')
  return [
    ...taken
      .filter(({ transactionId, amountFen }) => here.get(transactionId) !== amountFen)
      .map(({ transactionId, amountFen }) => `${transactionId}: ${amountFen} there, ${here.get(transactionId)} here`),
    ...invented
      .filter((payment) => !known.includes(payment) || known.length > unknownOrdersTold)
      .map(({ transaction_id }) => `WeChat never took ${transaction_id}`),
  ]
}

function endsOf({ orders, lines, payments, events, refunds }: Ours): OrderEnd[] {
  return orders.map(({ order_number, status, total_fen }) => ({
    orderNumber: order_number,
    status,
    totalFen: total_fen,
    lines: lines.filter((line) => line.order_number === order_number),
    payments: payments
      .filter((payment) => payment.order_number === order_number)
      .map(({ transaction_id, disposition, reason }) => {
        const own = refunds.filter((refund) => refund.transaction_id === transaction_id)
        return {
          transactionId: transaction_id,
          isOnOrder: disposition === 'order',
          mustGoBack: reason === 'late_payment' || reason === 'duplicate_payment',
          hasFailedRefund: own.some((refund) => ['closed', 'refused'].includes(refund.status)),
          heldFen: own
            .filter((refund) => !['closed', 'refused'].includes(refund.status))
            .reduce((sum, { amount_fen }) => sum + amount_fen, 0),
        }
      }),
    suspensions: events.filter((event) => event.kind === 'payment_suspended' && event.order_number === order_number)
      .length,
  }))
}

function stockOf({ products }: Ours) {
  return Object.fromEntries(
    products.map((row) => [row.sku, { total: row.stock_total, free: row.stock_free, reserved: row.stock_reserved }]),
  )
}

function countEnds({ timeLine, plan, receiver }: History, ours: Ours): void {
  timeLine.count(`history over ${plan.payApi}`)
  if (plan.sweepOnly) timeLine.count('history with the sweep only')
  for (const { status } of ours.orders) timeLine.count(`order ${status}`)
  for (const { disposition, reason } of ours.payments) timeLine.count(`payment ${reason ?? disposition}`)
  for (const { source, status } of ours.refunds) {
    timeLine.count(`refund by ${source}`)
    timeLine.count(`refund ${status}`)
  }
  for (const { kind } of ours.flags) timeLine.count(`flag ${kind}`)
  for (const { verdict } of ours.inbox) timeLine.count(`notification ${verdict ?? 'undecided'}`)
  for (const { status } of ours.requests) timeLine.count(`request ${status}`)
  for (const { status } of ours.shipments) timeLine.count(`shipment ${status}`)
  for (const { kind, status } of ours.outbox) timeLine.count(`outbox ${kind} ${status}`)
  for (const { kind, cause } of ours.events) timeLine.count(`event ${kind} by ${cause}`)
  for (const body of receiver.taken.values()) timeLine.count(`webhook of ${JSON.parse(body).type}`)
}
