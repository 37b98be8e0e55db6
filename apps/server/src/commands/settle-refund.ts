import {
  isAcceptedLately,
  isCallFresh,
  isDefinitelyRefused,
  isRefundFinal,
  isTooSoonAfter,
  type Refund,
  type RefundEvidence,
  refundTransitions,
} from '../domain/refund.ts'
import { yuan } from '../domain/yuan.ts'
import type { PaymentGateway, RefundMove, RefundOutcome, Store, WeChatRefusal, World } from '../ports.ts'
import { applyRefund, flagStatus, lockRefundWithOrder, moveRefund } from './apply-refund.ts'
import { correctRefund } from './correct-refund.ts'
import { raiseFlag } from './raise-flag.ts'

type Ports = { store: Store; payment: PaymentGateway; world: World }

/**
 * Brings a refund one step further: asks WeChat for it, or asks how it went. A first call is made at once; afterwards
 * WeChat is asked first, and only what it does not know is sent again, with the same number and the same body (I11).
 * Each step may be repeated; whoever calls it next goes on where this call stopped.
 */
export async function settleRefund(ports: Ports, refund: Refund): Promise<void> {
  if (refund.correctionBy !== undefined) return correctRefund(ports, refund)
  if (isRefundFinal(refund.status)) return
  // One that was made outside has no call of ours, and WeChat has it all the same (F76).
  if (refund.calls === 0 && refund.acceptedAt === undefined) return callWeChat(ports, refund)
  const answer = await ports.payment.queryRefund(refund)
  switch (answer.outcome) {
    case 'known':
      return apply(ports, refund, answer.evidence)
    case 'no_such_refund':
      return sendAgain(ports, refund)
    case 'refused':
      return noteUnknown(ports, refund, `${answer.refusal.code}: ${answer.refusal.message}`)
    case 'unknown':
      return noteUnknown(ports, refund, answer.detail)
  }
}

/** WeChat does not know the refund. One it had accepted is asked about again; any other is sent again, or was refused. */
async function sendAgain(ports: Ports, refund: Refund): Promise<void> {
  if (refund.acceptedAt !== undefined) {
    if (isAcceptedLately(refund, ports.world.now())) return
    return ports.store.transaction((tx) =>
      raiseFlag(tx, ports.world, refund.merchantId, {
        kind: 'refund_contradiction',
        subjectType: 'refund',
        subjectId: refund.outRefundNo,
        orderNumber: refund.orderNumber,
        evidence: { here: `${refund.status}, ${yuan(refund.amountFen)}`, wechat: 'does not know this refund' },
      }),
    )
  }
  if (refund.status === 'unknown' && refund.refusal !== undefined && isDefinitelyRefused(refund, ports.world.now()))
    return refuse(ports, refund, refund.refusal)
  return callWeChat(ports, refund)
}

async function callWeChat(ports: Ports, refund: Refund): Promise<void> {
  if (!(await ports.payment.canRefund(refund.merchantId, refund.payApi))) return flagNotConfigured(ports, refund)
  const counted = await ports.store.transaction(async (tx) => {
    // One refund of a payment is judged and counted after the other.
    await tx.lockPayment(refund.merchantId, refund.transactionId)
    const locked = await tx.lockRefund(refund.merchantId, refund.outRefundNo)
    if (locked === undefined || refundTransitions[locked.status].no_answer === undefined) return undefined
    const at = ports.world.now()
    const others = await tx.otherRefunds(locked)
    if (others.some((other) => isTooSoonAfter(other, at))) return undefined
    await tx.countRefundCall(locked, at)
    return { ...locked, calls: locked.calls + 1, lastCallAt: at }
  })
  // Whoever slept since may find it given up, and another refund decided in its place (F64).
  if (counted === undefined || !isCallFresh(counted, ports.world.now())) return
  await applyOutcome(ports, counted, await ports.payment.refund(counted))
}

async function applyOutcome(ports: Ports, refund: Refund, outcome: RefundOutcome): Promise<void> {
  switch (outcome.outcome) {
    case 'known':
      return apply(ports, refund, outcome.evidence)
    case 'no_funds':
      return moveTo(ports, refund, 'no_funds', { refusal: outcome.refusal })
    case 'refused':
      return refuse(ports, refund, outcome.refusal)
    case 'not_configured':
      return flagNotConfigured(ports, refund)
    case 'unknown':
      return noteUnknown(ports, refund, outcome.detail)
  }
}

async function apply(ports: Ports, refund: Refund, evidence: RefundEvidence): Promise<void> {
  await ports.store.transaction((tx) => applyRefund(tx, ports.world, refund.merchantId, evidence, refund.status))
}

/** Final only when no other call can have brought the refund to WeChat; else WeChat is asked before that is believed. */
async function refuse(ports: Ports, refund: Refund, refusal: WeChatRefusal): Promise<void> {
  await ports.store.transaction(async (tx) => {
    const locked = await lockRefundWithOrder(tx, refund.merchantId, refund.outRefundNo)
    if (locked === undefined || refundTransitions[locked.refund.status].refused === undefined) return
    if (isDefinitelyRefused(locked.refund, ports.world.now()))
      return moveRefund(tx, ports.world, locked, { to: 'refused', refusal })
    if (locked.refund.status !== 'unknown') await moveRefund(tx, ports.world, locked, { to: 'unknown', refusal })
    else await tx.noteRefusal(locked.refund, refusal)
  })
}

function noteUnknown(ports: Ports, refund: Refund, problem: string): Promise<void> {
  return moveTo(ports, refund, 'no_answer', { problem })
}

async function moveTo(
  ports: Ports,
  refund: Refund,
  fact: 'no_answer' | 'no_funds',
  said: Pick<RefundMove, 'refusal' | 'problem'>,
): Promise<void> {
  await ports.store.transaction(async (tx) => {
    const locked = await lockRefundWithOrder(tx, refund.merchantId, refund.outRefundNo)
    const to = locked && refundTransitions[locked.refund.status][fact]
    if (locked === undefined || to === undefined) return
    if (to !== locked.refund.status) return moveRefund(tx, ports.world, locked, { to, ...said })
    if (said.problem !== undefined) await tx.noteProblem(locked.refund, said.problem)
    await flagStatus(tx, ports.world, locked.refund, to, said.refusal)
  })
}

function flagNotConfigured(ports: Ports, refund: Refund): Promise<void> {
  return ports.store.transaction((tx) =>
    raiseFlag(tx, ports.world, refund.merchantId, {
      kind: 'refund_not_configured',
      subjectType: 'refund',
      subjectId: refund.outRefundNo,
      orderNumber: refund.orderNumber,
      evidence: { amount_fen: refund.amountFen, pay_api: refund.payApi },
    }),
  )
}
