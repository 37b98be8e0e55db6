import type { FlagKind } from '../domain/flag.ts'
import {
  refundAcceptedPosting,
  refundCorrectedPosting,
  refundReturnedPosting,
  refundSucceededPosting,
} from '../domain/ledger.ts'
import type { Order } from '../domain/order.ts'
import {
  isRefundFinal,
  isSameRefund,
  mayBeOutdated,
  type PaymentBalance,
  type Refund,
  type RefundEvidence,
  type RefundStatus,
  refundTransitions,
} from '../domain/refund.ts'
import { nextRefundCheckAt } from '../domain/refund-schedule.ts'
import { yuan } from '../domain/yuan.ts'
import type { RefundMove, World, Writes } from '../ports.ts'
import { announce } from './announce.ts'
import { raiseFlag } from './raise-flag.ts'
import { refundAnswer } from './read-orders.ts'

export type AppliedRefund =
  | { applied: 'moved'; status: RefundStatus }
  | { applied: 'repeated' }
  /** WeChat's word does not fit ours; nothing was changed, a person has to look. */
  | { applied: 'contradiction' }
  /** A number that is none of ours: somebody refunded outside Fenpay. */
  | { applied: 'not_ours' }

/**
 * The one door to a refund's result. Notification, query and the answer to the refund itself bring their evidence here;
 * it is compared with what we sent, and moves the refund along its table, the ledger and the order's history with it.
 * `askedAs`: the refund's status when WeChat was asked for it, so that an answer in a slow hand undoes nothing (F64).
 * Runs inside the caller's transaction.
 */
export async function applyRefund(
  tx: Writes,
  world: World,
  merchantId: string,
  evidence: RefundEvidence,
  askedAs?: RefundStatus,
): Promise<AppliedRefund> {
  const locked = await lockRefundWithOrder(tx, merchantId, evidence.outRefundNo)
  if (locked === undefined) return { applied: 'not_ours' }
  const { refund } = locked
  const next = refundTransitions[refund.status][evidence.state]
  if (!isSameRefund(refund, evidence) || (next === undefined && contradicts(refund.status, evidence.state))) {
    await raiseFlag(tx, world, merchantId, {
      kind: 'refund_contradiction',
      subjectType: 'refund',
      subjectId: refund.outRefundNo,
      orderNumber: refund.orderNumber,
      evidence: {
        here: `${refund.status}, ${yuan(refund.amountFen)} of ${refund.transactionId}`,
        wechat: `${evidence.state}, ${yuan(evidence.amountFen)} of ${evidence.transactionId}`,
        refund_id: evidence.refundId,
      },
    })
    return { applied: 'contradiction' }
  }
  if (next === undefined || next === refund.status || mayBeOutdated(refund.status, evidence.state, askedAs)) {
    // Whoever has settled the flag has not paid the user: it comes back as long as WeChat says so.
    if (refund.status === 'abnormal' && evidence.state === 'abnormal') await flagStatus(tx, world, refund, 'abnormal')
    return { applied: 'repeated' }
  }
  await moveRefund(tx, world, locked, { to: next, evidence })
  // WeChat's word fits ours again.
  await tx.resolveFlag(merchantId, 'refund_contradiction', refund.outRefundNo, 'fenpay', next, world.now())
  return { applied: 'moved', status: next }
}

export interface LockedRefund {
  refund: Refund
  order: Order | undefined
  payment: PaymentBalance
}

/** Locks order, payment and refund, in this order; undefined when the number is none of ours. */
export async function lockRefundWithOrder(
  tx: Writes,
  merchantId: string,
  outRefundNo: string,
): Promise<LockedRefund | undefined> {
  const found = await tx.findRefund(merchantId, outRefundNo)
  if (found === undefined) return undefined
  const order = found.orderNumber === undefined ? undefined : await tx.lockOrder(merchantId, found.orderNumber)
  const payment = await tx.lockPayment(merchantId, found.transactionId)
  const refund = await tx.lockRefund(merchantId, outRefundNo)
  if (payment === undefined || refund === undefined) throw new Error(`refund ${outRefundNo} has no payment`)
  return { refund, order, payment }
}

/** Moves a locked refund: its row, the ledger, the order's history, and the flags that go with it. */
export async function moveRefund(
  tx: Writes,
  world: World,
  { refund, order, payment }: LockedRefund,
  move: Pick<RefundMove, 'to' | 'evidence' | 'refusal' | 'problem'>,
): Promise<void> {
  const at = world.now()
  const { to, evidence, refusal } = move
  await tx.moveRefund(refund, { ...move, at, nextCheckAt: nextRefundCheckAt(to, 0, at) })
  await postMove(tx, refund, payment, to, at)
  if (order !== undefined) {
    await tx.addEvent(order, {
      kind: `refund_${to}`,
      to: order.status,
      cause: evidence?.source ?? 'answer',
      actor: 'wechat',
      at,
      detail: {
        refund_number: refund.outRefundNo,
        amount_fen: refund.amountFen,
        ...(evidence === undefined ? {} : { refund_id: evidence.refundId }),
        ...(refusal === undefined ? {} : { wechat_code: refusal.code, wechat_message: refusal.message }),
      },
    })
  }
  await tellMove(tx, world, { refund, payment }, move)
}

/** The flags and the news that go with a status, however the refund came to it. `payment` is as it was before. */
export async function tellMove(
  tx: Writes,
  world: World,
  { refund, payment }: Pick<LockedRefund, 'refund' | 'payment'>,
  move: Pick<RefundMove, 'to' | 'evidence' | 'refusal'>,
): Promise<void> {
  const { to, evidence } = move
  await flagMove(tx, world, refund, payment, move)
  const moved: Refund = { ...refund, status: to, successTime: evidence?.successTime }
  if (to === 'succeeded') await announceRefund(tx, world, 'refund.succeeded', moved)
  if (to === 'closed' || to === 'refused') await announceRefund(tx, world, 'refund.failed', moved)
}

export async function announceRefund(
  tx: Writes,
  world: World,
  type: 'refund.succeeded' | 'refund.failed',
  refund: Refund,
): Promise<void> {
  const { merchantId, orderNumber = '' } = refund
  const ofOrder = (await tx.refundsOfOrder(merchantId, orderNumber)).find(
    (row) => row.refund.outRefundNo === refund.outRefundNo,
  )
  await announce(tx, world, merchantId, {
    type,
    orderNumber: refund.orderNumber,
    transactionId: refund.transactionId,
    refund: refundAnswer({ refund, lines: ofOrder?.lines ?? [] }),
  })
}

async function postMove(
  tx: Writes,
  refund: Refund,
  payment: PaymentBalance,
  to: RefundStatus,
  at: Date,
): Promise<void> {
  const { merchantId } = refund
  // What WeChat had taken on, given up and posted as returned is accepted once and cannot be again (I9).
  if (refund.status === 'closed' && refund.acceptedAt !== undefined) {
    await tx.post(merchantId, refundCorrectedPosting(refund, payment.disposition), at)
    return
  }
  const accepted = to === 'processing' || to === 'abnormal' || to === 'succeeded'
  if (accepted) await tx.post(merchantId, refundAcceptedPosting(refund, payment.disposition), at)
  if (to === 'succeeded') await tx.post(merchantId, refundSucceededPosting(refund), at)
  if (to === 'closed' && refund.acceptedAt !== undefined)
    await tx.post(merchantId, refundReturnedPosting(refund, payment.disposition), at)
}

/** The flag that a status raises; any other status settles it. */
const flagOf: Partial<Record<RefundStatus, FlagKind>> = {
  waiting_funds: 'refund_waiting_funds',
  abnormal: 'refund_abnormal',
  closed: 'refund_failed',
  refused: 'refund_failed',
}

async function flagMove(
  tx: Writes,
  world: World,
  refund: Refund,
  payment: PaymentBalance,
  { to, refusal }: Pick<RefundMove, 'to' | 'refusal'>,
): Promise<void> {
  const { merchantId, outRefundNo } = refund
  const at = world.now()
  for (const kind of ['refund_waiting_funds', 'refund_abnormal', 'refund_not_configured'] as const)
    if (kind !== flagOf[to] && to !== 'unknown') await tx.resolveFlag(merchantId, kind, outRefundNo, 'fenpay', to, at)
  await flagStatus(tx, world, refund, to, refusal)
  // All of what was in suspense is back with the user: nothing is left to decide.
  const wholePayment = payment.refundedFen + refund.amountFen === payment.paidFen
  if (to === 'succeeded' && payment.suspenseReason !== undefined && wholePayment)
    await tx.resolveFlag(merchantId, payment.suspenseReason, payment.transactionId, 'fenpay', 'refunded', at)
}

/** Raises the flag of a status that has one, unless it is open. */
export async function flagStatus(
  tx: Writes,
  world: World,
  refund: Refund,
  status: RefundStatus,
  refusal?: RefundMove['refusal'],
): Promise<void> {
  const kind = flagOf[status]
  if (kind === undefined) return
  await raiseFlag(tx, world, refund.merchantId, {
    kind,
    subjectType: 'refund',
    subjectId: refund.outRefundNo,
    orderNumber: refund.orderNumber,
    evidence: {
      amount_fen: refund.amountFen,
      transaction_id: refund.transactionId,
      ...(refusal === undefined ? {} : { wechat_code: refusal.code, wechat_message: refusal.message }),
    },
  })
}

/** A final status against another final word of WeChat's; an older word than ours is no contradiction. */
function contradicts(status: RefundStatus, state: RefundEvidence['state']): boolean {
  if (!isRefundFinal(status)) return false
  if (status === 'refused') return true
  // Settled: a person has paid the user already, and WeChat is to leave the money with the merchant.
  if (status === 'closed' || status === 'settled') return state === 'succeeded'
  return state === 'closed'
}
