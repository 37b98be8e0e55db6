import type { Attempt } from '../domain/attempt.ts'
import type { RefundEvidence } from '../domain/refund.ts'
import type { PaymentGateway, QueryOutcome, Store, World, Writes } from '../ports.ts'
import { type AppliedPayment, applyPayment } from './apply-payment.ts'
import { applyRefund } from './apply-refund.ts'
import { recordExternalRefund } from './external-refund.ts'
import { raiseFlag } from './raise-flag.ts'

type Ports = { store: Store; payment: PaymentGateway; world: World }

/**
 * Applies what a query says of a payment. When some of it was given back already and no refund of it is known here,
 * somebody did it in the merchant platform (F19): that is flagged with the payment, so that nothing can come in between,
 * and what WeChat can list is recorded.
 */
export async function applyPaidAnswer(
  ports: Ports,
  attempt: Attempt,
  { evidence, refunded }: Extract<QueryOutcome, { outcome: 'paid' }>,
): Promise<AppliedPayment> {
  const { store, world } = ports
  const { merchantId } = attempt
  const { result, isUnexplained } = await store.transaction(async (tx) => {
    const before = await tx.payment(merchantId, evidence.transactionId)
    const result = await applyPayment(tx, world, merchantId, evidence)
    const isUnexplained = refunded && (before === undefined || before.refundCount === 0)
    if (isUnexplained) await flagUntold(tx, world, attempt, evidence.transactionId)
    return { result, isUnexplained }
  })
  if (isUnexplained) await listExternalRefunds(ports, attempt, evidence.transactionId)
  return result
}

function flagUntold(tx: Writes, world: World, attempt: Attempt, transactionId: string): Promise<void> {
  return raiseFlag(tx, world, attempt.merchantId, {
    kind: 'external_refund',
    subjectType: 'payment',
    subjectId: transactionId,
    orderNumber: attempt.orderNumber,
    evidence: { out_trade_no: attempt.outTradeNo, state: 'REFUND', amount: 'not told' },
  })
}

/**
 * What WeChat can list is recorded, each with a flag of its own in place of the payment's. Where it has no list (v3) that
 * one stays, and the notification or the bill brings the rest.
 */
export async function listExternalRefunds(ports: Ports, attempt: Attempt, transactionId: string): Promise<void> {
  const { store, world } = ports
  const { merchantId } = attempt
  const list = await ports.payment.listRefunds(attempt)
  if (list.outcome !== 'listed' || list.refunds.length === 0) return
  for (const evidence of list.refunds) {
    await store.transaction((tx) => keepRefund(tx, world, merchantId, evidence))
  }
  await store.transaction((tx) =>
    tx.resolveFlag(merchantId, 'external_refund', transactionId, 'fenpay', 'each refund is listed', world.now()),
  )
}

/** Applies what WeChat says of a refund, and records it first where it is none of ours. */
export async function keepRefund(
  tx: Writes,
  world: World,
  merchantId: string,
  evidence: RefundEvidence,
): Promise<void> {
  const { applied } = await applyRefund(tx, world, merchantId, evidence)
  if (applied === 'not_ours') await recordExternalRefund(tx, world, merchantId, evidence)
}
