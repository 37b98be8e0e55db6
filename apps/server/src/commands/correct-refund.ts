import {
  type CorrectionObstacle,
  judgeCorrection,
  type PaymentBalance,
  type Refund,
  type RefundEvidence,
  type RefundStatus,
} from '../domain/refund.ts'
import { yuan } from '../domain/yuan.ts'
import type { PaymentGateway, Store, World, Writes } from '../ports.ts'
import { type LockedRefund, lockRefundWithOrder, moveRefund } from './apply-refund.ts'

type Ports = { store: Store; payment: PaymentGateway; world: World }

/**
 * Asks WeChat about a refund that failed here and that staff want put right, and follows its answer: the money is held
 * again, posted, told, and the flags are over. Where that cannot be, nothing changes but the reason that the staff read.
 * Without a usable answer WeChat is asked again.
 */
export async function correctRefund({ store, payment, world }: Ports, refund: Refund): Promise<void> {
  const answer = await payment.queryRefund(refund)
  if (answer.outcome === 'unknown' || answer.outcome === 'refused') return
  await store.transaction(async (tx) => {
    const locked = await lockRefundWithOrder(tx, refund.merchantId, refund.outRefundNo)
    // Another server may have asked too, and be done with it.
    if (locked?.refund.correctionBy === undefined) return
    const by = locked.refund.correctionBy
    if (answer.outcome === 'no_such_refund')
      return tx.refuseCorrection(locked.refund, {
        code: 'nothing_to_correct',
        message: 'WeChat does not know this refund: nothing was given back.',
      })
    const { evidence } = answer
    const judged = judgeCorrection(locked.refund, locked.payment, evidence)
    if ('to' in judged) return putRight(tx, world, locked, { to: judged.to, evidence, by })
    const message = reasons[judged.refused](locked.refund, locked.payment, evidence)
    await tx.refuseCorrection(locked.refund, { code: judged.refused, message })
  })
}

async function putRight(
  tx: Writes,
  world: World,
  locked: LockedRefund,
  { to, evidence, by }: { to: RefundStatus; evidence: RefundEvidence; by: string },
): Promise<void> {
  const { refund, order } = locked
  const { merchantId, outRefundNo } = refund
  const at = world.now()
  if (order !== undefined) {
    const detail = { refund_number: outRefundNo, amount_fen: refund.amountFen, was: refund.status }
    await tx.addEvent(order, { kind: 'refund_corrected', to: order.status, cause: 'staff', actor: by, at, detail })
  }
  await moveRefund(tx, world, locked, { to, evidence })
  for (const kind of ['refund_contradiction', 'refund_failed'] as const)
    await tx.resolveFlag(merchantId, kind, outRefundNo, by, `put right: ${to}`, at)
}

type Reason = (refund: Refund, payment: PaymentBalance, evidence: RefundEvidence) => string

const reasons: Record<CorrectionObstacle, Reason> = {
  nothing_to_correct: ({ status }, _, { state }) =>
    `It is ${status} here and ${state} at WeChat: the money is where the books have it.`,
  refund_differs: ({ amountFen, transactionId, refundId = 'none' }, _, evidence) =>
    `Here it is ${yuan(amountFen)} of payment ${transactionId}, refund_id ${refundId}; at WeChat ${yuan(evidence.amountFen)} of ${evidence.transactionId}, refund_id ${evidence.refundId}.`,
  refund_no_room: ({ amountFen }, { paidFen, reservedFen, refundCount, transactionId }) =>
    `${refundCount === 1 ? '1 other refund' : `${refundCount} other refunds`} of payment ${transactionId} ${refundCount === 1 ? 'holds' : 'hold'} ${yuan(reservedFen)} of its ${yuan(paidFen)}, and this one is over ${yuan(amountFen)}.`,
}
