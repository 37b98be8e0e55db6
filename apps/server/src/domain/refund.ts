import type { Fen, RefundStatus as ShownStatus } from '@fenpay/contract'
import type { PayApi } from './attempt.ts'
import type { Disposition } from './ledger.ts'
import type { SuspenseReason } from './payment.ts'

/**
 * intended: committed, WeChat may or may not have been called. unknown: it was called and gave no usable answer.
 * waiting_funds: the merchant's balance was too small, the same request is repeated. processing: WeChat accepted it.
 * succeeded: the money is back. abnormal: WeChat could not deliver it, a person has to act. settled: a person paid the
 * user by other means. closed: WeChat gave it up. refused: definitely not accepted.
 */
export type RefundStatus =
  | 'intended'
  | 'unknown'
  | 'waiting_funds'
  | 'processing'
  | 'succeeded'
  | 'abnormal'
  | 'settled'
  | 'closed'
  | 'refused'

/** Who decided it: staff, staff at a user's request, our own rule for money in suspense, or somebody at WeChat's merchant platform. */
export type RefundSource = 'staff' | 'user' | 'policy' | 'external'

/** Pieces of one line of the order, at their price of then. */
export interface RefundLine {
  sku: string
  quantity: number
  amountFen: Fen
}

/** One `out_refund_no` at WeChat, with everything that is sent, so that a retry is the same request (I11). */
export interface Refund {
  merchantId: string
  outRefundNo: string
  transactionId: string
  outTradeNo: string
  /** Absent for money that belongs to no order of ours. */
  orderNumber: string | undefined
  payApi: PayApi
  appid: string
  status: RefundStatus
  amountFen: Fen
  /** What the payment took: WeChat compares it. */
  totalFen: Fen
  /** What the user reads. */
  reason: string
  /** The one of the payment; absent where the payment was not ours, then the looks alone bring the result. */
  notifyUrl: string | undefined
  source: RefundSource
  createdBy: string
  createdAt: Date
  /** How often WeChat was asked for it, and when last. */
  calls: number
  lastCallAt: Date | undefined
  /** What WeChat said when it last refused a call. */
  refusal: { code: string; message: string } | undefined
  refundId: string | undefined
  acceptedAt: Date | undefined
  /** WeChat's clock, not ours (I26). */
  successTime: Date | undefined
  /** Who wants it put right, `staff:…`; WeChat is asked until it has answered. */
  correctionBy: string | undefined
  /** Why the last such wish came to nothing. */
  correctionRefusal: { code: CorrectionRefusal; message: string } | undefined
}

/** What one payment took, and what refunds hold of it. */
export interface PaymentBalance {
  merchantId: string
  transactionId: string
  outTradeNo: string
  /** Absent for money that belongs to no order of ours. */
  orderNumber: string | undefined
  disposition: Disposition
  /** Why it is on no order. */
  suspenseReason: SuspenseReason | undefined
  payApi: PayApi
  appid: string
  successTime: Date
  paidFen: Fen
  /** What refunds hold, the succeeded ones too. */
  reservedFen: Fen
  refundedFen: Fen
  refundCount: number
  lastRefundAt: Date | undefined
}

/** What WeChat, verified, says about one refund: by notification, or as the answer to a query or to the refund itself. */
export interface RefundEvidence {
  source: 'notify' | 'query' | 'answer'
  outRefundNo: string
  refundId: string
  outTradeNo: string
  transactionId: string
  amountFen: number
  totalFen: number
  /** PROCESSING, SUCCESS, ABNORMAL (v2: CHANGE), CLOSED (v2: REFUNDCLOSE). */
  state: 'processing' | 'succeeded' | 'abnormal' | 'closed'
  successTime: Date | undefined
}

/** What may become known about a refund. */
export type RefundFact = RefundEvidence['state'] | 'no_answer' | 'no_funds' | 'refused' | 'settle'

/**
 * Status × fact → next status; what is not named changes nothing, as a late answer to a call whose refund has moved on.
 * This table is the refund's whole life; the database repeats it as a trigger.
 */
const unaccepted = {
  processing: 'processing',
  succeeded: 'succeeded',
  abnormal: 'abnormal',
  closed: 'closed',
  no_answer: 'unknown',
  no_funds: 'waiting_funds',
  refused: 'refused',
} as const
export const refundTransitions: Record<RefundStatus, Partial<Record<RefundFact, RefundStatus>>> = {
  intended: unaccepted,
  unknown: unaccepted,
  waiting_funds: unaccepted,
  processing: { succeeded: 'succeeded', abnormal: 'abnormal', closed: 'closed' },
  abnormal: { processing: 'processing', succeeded: 'succeeded', closed: 'closed', settle: 'settled' },
  succeeded: {},
  settled: {},
  closed: {},
  refused: {},
}

/** These follow each other both ways: somebody sends an abnormal refund anew, and it comes back once more. */
const bothWays: ReadonlySet<RefundStatus> = new Set(['processing', 'abnormal'])

/**
 * Whether an answer may be older than what is known: of two that follow each other both ways, either moves the other only
 * when WeChat was asked while the refund stood as it does now. `askedAs`: how it stood then, where that is known.
 */
export function mayBeOutdated(
  status: RefundStatus,
  state: RefundEvidence['state'],
  askedAs: RefundStatus | undefined,
): boolean {
  return bothWays.has(status) && bothWays.has(state) && askedAs !== status
}

/**
 * What a person may put right when WeChat made a refund all the same. WeChat's CLOSED is its last word but for the money
 * itself, so a closed one is put right only when the user has it.
 */
export const refundCorrections: Partial<Record<RefundStatus, Partial<Record<RefundEvidence['state'], RefundStatus>>>> =
  {
    refused: { processing: 'processing', succeeded: 'succeeded', abnormal: 'abnormal' },
    closed: { succeeded: 'succeeded' },
  }

/** Nothing that happens later changes these, but for a person who puts them right. */
export function isRefundFinal(status: RefundStatus): boolean {
  return Object.keys(refundTransitions[status]).length === 0
}

/** What the user is told. */
export const shownRefundStatus: Record<RefundStatus, ShownStatus> = {
  intended: 'pending',
  unknown: 'pending',
  waiting_funds: 'pending',
  processing: 'processing',
  succeeded: 'succeeded',
  settled: 'succeeded',
  abnormal: 'abnormal',
  closed: 'failed',
  refused: 'failed',
}

/** WeChat's limits for the refunds of one payment (pay-v2.md 7, pay-v3.md 9). */
export const refundsMax = 50
const gapSeconds = 60
const refundableSeconds = 365 * 24 * 60 * 60

export type RefundRefusal = 'refund_exceeds_payment' | 'refund_too_many' | 'refund_too_soon' | 'refund_too_late'

/** Whether WeChat may be asked to give `amountFen` of this payment back now (I10, F31); why not, otherwise. */
export function judgeRefund(payment: PaymentBalance, amountFen: number, now: Date): RefundRefusal | undefined {
  if (amountFen > leftFen(payment)) return 'refund_exceeds_payment'
  if (payment.refundCount >= refundsMax) return 'refund_too_many'
  if (secondsBetween(payment.successTime, now) > refundableSeconds) return 'refund_too_late'
  if (isWithin(payment.lastRefundAt, gapSeconds, now)) return 'refund_too_soon'
  return undefined
}

/** What no refund holds, in fen. */
export function leftFen(payment: PaymentBalance): number {
  return payment.paidFen - payment.reservedFen
}

/** A repeated call cannot be under way any more after this long: what WeChat then does not know was never accepted. */
const callOverSeconds = 60
/** After this long a call that was counted is not begun any more, and one that was begun is over. */
const callFreshSeconds = callOverSeconds / 2

/** Whether the call that was counted last may still be made: another one can have been made and believed meanwhile. */
export function isCallFresh(refund: Refund, now: Date): boolean {
  return refund.lastCallAt !== undefined && secondsBetween(refund.lastCallAt, now) < callFreshSeconds
}

/**
 * Whether WeChat would refuse a refund now for another one of the same payment: that one was accepted within the minute,
 * or may be under way. They were decided a minute apart; after an outage all are due at once (F31).
 */
export function isTooSoonAfter(other: Pick<Refund, 'status' | 'acceptedAt' | 'lastCallAt'>, now: Date): boolean {
  const isCalled = other.status === 'intended' || other.status === 'unknown'
  return isWithin(other.acceptedAt, gapSeconds, now) || (isCalled && isWithin(other.lastCallAt, callFreshSeconds, now))
}

/** Far ahead of now it is the word of a clock that was put back since (F71). */
function isWithin(at: Date | undefined, seconds: number, now: Date): boolean {
  return at !== undefined && Math.abs(secondsBetween(at, now)) < seconds
}

/** Whether a refusal says that WeChat does not have this refund: only when no other call can have brought it there. */
export function isDefinitelyRefused(refund: Refund, now: Date): boolean {
  if (refund.calls <= 1) return true
  return refund.lastCallAt !== undefined && secondsBetween(refund.lastCallAt, now) >= callOverSeconds
}

/** Whether WeChat speaks of the refund that we asked for. */
export function isSameRefund(refund: Refund, evidence: RefundEvidence): boolean {
  return (
    refund.transactionId === evidence.transactionId &&
    refund.amountFen === evidence.amountFen &&
    (refund.refundId ?? evidence.refundId) === evidence.refundId
  )
}

/** Why WeChat's word does not put a refund right. */
export type CorrectionObstacle = 'nothing_to_correct' | 'refund_differs' | 'refund_no_room'
export type CorrectionRefusal = CorrectionObstacle | 'correction_withdrawn'

/** Where WeChat's word leads a refund that a person wants put right, or why it stays as it is. */
export function judgeCorrection(
  refund: Refund,
  payment: PaymentBalance,
  evidence: RefundEvidence,
): { to: RefundStatus } | { refused: CorrectionObstacle } {
  if (!isSameRefund(refund, evidence)) return { refused: 'refund_differs' }
  const to = refundCorrections[refund.status]?.[evidence.state]
  if (to === undefined) return { refused: 'nothing_to_correct' }
  // A refused one did not count among the fifty.
  const isOneTooMany = refund.status === 'refused' && payment.refundCount >= refundsMax
  if (refund.amountFen > leftFen(payment) || isOneTooMany) return { refused: 'refund_no_room' }
  return { to }
}

/** So long a query of WeChat's may not know yet what WeChat has accepted, as it lags behind a payment (F16). */
const queryLagSeconds = 10 * 60

/** Whether WeChat took the refund on so lately that a query which does not know it says nothing. */
export function isAcceptedLately(refund: Refund, now: Date): boolean {
  return refund.acceptedAt !== undefined && secondsBetween(refund.acceptedAt, now) < queryLagSeconds
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000
}
