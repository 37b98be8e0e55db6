import { toCompactTime } from './beijing-time.ts'
import type { Books } from './books.ts'
import type { Engine } from './engine.ts'
import { fundsOf, platformOf } from './funds.ts'
import { alphabets, randomText } from './random.ts'
import type { Order, Payment, Refund } from './records.ts'

const dayMs = 86_400_000
const refundableMs = 365 * dayMs
const apartMs = 60_000
const refundsMax = 50
const waitForFundsMs = 7 * dayMs

/** A refund call that passed all field rules. One of the two order numbers is there; the transaction id wins. */
export type RefundRequest = Pick<
  Refund,
  'mchid' | 'outRefundNo' | 'refundFen' | 'totalFen' | 'reason' | 'notifyUrl' | 'form' | 'source' | 'wechatpaySerial'
> & {
  readonly transactionId: string
  readonly outTradeNo: string
  /** Whatever else the request says, in one canonical text; empty when it says nothing else. */
  readonly detail: string
}

/** Why a refund is not accepted. */
export type RefundProblem =
  | 'amount-differs'
  | 'request-differs'
  | 'no-transaction'
  | 'no-order'
  | 'total-differs'
  | 'overdue'
  | 'nothing-left'
  | 'too-much'
  | 'too-many'
  | 'too-soon'
  | 'not-enough'

/** What is to be wrong with the merchant's funds: the refund is refused for it, or accepted all the same. */
export type Shortage = 'refuse' | 'wait' | undefined

/** All refunds of an order, oldest first. */
export const refundsOf = (books: Books, { mchid, outTradeNo }: Pick<Order, 'mchid' | 'outTradeNo'>): Refund[] =>
  [...books.refunds.values()].filter((refund) => refund.mchid === mchid && refund.outTradeNo === outTradeNo)

/** What can still be refunded: all but closed refunds take their part. */
export const refundableFen = (refunds: readonly Refund[], totalFen: number): number =>
  totalFen - refunds.reduce((sum, refund) => sum + (refund.status === 'CLOSED' ? 0 : refund.refundFen), 0)

/** Whether the whole payment has been refunded, or is about to be. */
export function isFullyRefunded(books: Books, key: Pick<Order, 'mchid' | 'outTradeNo'>): boolean {
  const order = books.orders.get(key.mchid, key.outTradeNo)
  return order?.state === 'REFUND' && refundableFen(refundsOf(books, order), order.totalFen) === 0
}

/**
 * Accepts a refund (pay-v2.md 7, pay-v3.md 9): PROCESSING, its amount taken from the merchant's funds, the order REFUND.
 * The same number with the same values is the same refund, without any further effect.
 */
export function acceptRefund(
  engine: Engine,
  request: RefundRequest,
  shortage: (outTradeNo: string) => Shortage,
): Refund | RefundProblem {
  const { books } = engine
  const order = request.transactionId
    ? books.orders.find(request.transactionId)
    : books.orders.get(request.mchid, request.outTradeNo)
  const known = books.refunds.get(request.mchid, request.outRefundNo)
  if (known) return differenceBetween(known, request, order) ?? known
  if (!order?.payment || order.mchid !== request.mchid) return request.transactionId ? 'no-transaction' : 'no-order'
  const problem = problemWith(request, order.payment, refundsOf(books, order), engine.clock.nowMs())
  if (problem) return problem
  const lacking = fundsOf(books, order.mchid).balanceFen < request.refundFen
  const short = shortage(order.outTradeNo) ?? (lacking ? 'refuse' : undefined)
  if (short === 'refuse') return 'not-enough'
  const refund = newRefund(engine, request, order, order.payment, short === 'wait')
  books.transact(() => {
    books.refunds.put(refund)
    if (order.state !== 'REFUND') books.orders.put({ ...order, state: 'REFUND' })
  })
  return refund
}

const fingerprintOf = ({ reason, notifyUrl, detail }: RefundRequest): string =>
  JSON.stringify([reason ?? '', notifyUrl ?? '', detail])

function differenceBetween(known: Refund, request: RefundRequest, order: Order | undefined): RefundProblem | undefined {
  if (known.refundFen !== request.refundFen || known.totalFen !== request.totalFen) return 'amount-differs'
  const sameOrder = order?.mchid === known.mchid && order.outTradeNo === known.outTradeNo
  return sameOrder && known.fingerprint === fingerprintOf(request) ? undefined : 'request-differs'
}

function problemWith(
  { refundFen, totalFen }: RefundRequest,
  payment: Payment,
  earlier: readonly Refund[],
  nowMs: number,
): RefundProblem | undefined {
  if (totalFen !== payment.totalFen) return 'total-differs'
  if (nowMs > payment.paidAtMs + refundableMs) return 'overdue'
  const leftFen = refundableFen(earlier, payment.totalFen)
  if (leftFen === 0) return 'nothing-left'
  if (refundFen > leftFen) return 'too-much'
  if (earlier.filter(({ status }) => status !== 'CLOSED').length >= refundsMax) return 'too-many'
  const last = earlier.at(-1)
  return last && nowMs < last.createdAtMs + apartMs ? 'too-soon' : undefined
}

function newRefund(
  engine: Engine,
  request: RefundRequest,
  order: Order,
  payment: Payment,
  awaitsFunds: boolean,
): Refund {
  const { detail: _, ...given } = request
  const nowMs = engine.clock.nowMs()
  const lifeMs = awaitsFunds ? waitForFundsMs : platformOf(engine.books, order.mchid).refundSeconds * 1000
  return {
    ...given,
    refundId: newRefundId(engine, nowMs),
    outTradeNo: order.outTradeNo,
    transactionId: payment.transactionId,
    fingerprint: fingerprintOf(request),
    receivedBy: '支付用户零钱',
    createdAtMs: nowMs,
    status: 'PROCESSING',
    awaitsFunds,
    dueAtMs: nowMs + lifeMs,
  }
}

/** 29 digits: 50, eight more, the day, eleven more. */
export const newRefundId = (engine: Engine, nowMs: number): string =>
  `50${randomText(engine.random, alphabets.digits, 8)}${toCompactTime(nowMs).slice(0, 8)}${randomText(engine.random, alphabets.digits, 11)}`

/** Sends the money of an ABNORMAL refund elsewhere (pay-v3.md 9): it is under way again. */
export function resumeRefund({ books, clock }: Engine, refund: Refund, receivedBy: string): Refund {
  const dueAtMs = clock.nowMs() + platformOf(books, refund.mchid).refundSeconds * 1000
  const resumed: Refund = { ...refund, status: 'PROCESSING', receivedBy, dueAtMs }
  books.transact(() => books.refunds.put(resumed))
  return resumed
}
