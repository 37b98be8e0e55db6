import { fen } from '@fenpay/contract'
import type { NewFlag } from '../domain/flag.ts'
import { refundAcceptedPosting, refundSucceededPosting } from '../domain/ledger.ts'
import { leftFen, type Refund, type RefundEvidence, refundsMax } from '../domain/refund.ts'
import { nextRefundCheckAt } from '../domain/refund-schedule.ts'
import type { World, Writes } from '../ports.ts'
import { applyRefund, tellMove } from './apply-refund.ts'
import { raiseFlag } from './raise-flag.ts'

/**
 * A refund that somebody made outside Fenpay, in the merchant platform: it is recorded as it is, posted, and flagged for
 * whoever has to explain it (F19, F76). Afterwards it is looked at like every other refund.
 * @returns payment_unknown when its payment has to be learnt first; refund_does_not_fit while refunds of ours hold the
 * money, or are fifty, of which WeChat will refuse one
 */
export async function recordExternalRefund(
  tx: Writes,
  world: World,
  merchantId: string,
  evidence: RefundEvidence,
): Promise<'recorded' | 'repeated' | 'nothing' | 'payment_unknown' | 'refund_does_not_fit'> {
  const found = await tx.payment(merchantId, evidence.transactionId)
  if (found === undefined) return 'payment_unknown'
  if (evidence.state === 'closed') return 'nothing'
  const order = found.orderNumber === undefined ? undefined : await tx.lockOrder(merchantId, found.orderNumber)
  const payment = await tx.lockPayment(merchantId, evidence.transactionId)
  if (payment === undefined) return 'payment_unknown'
  // Of two messages about it at once, the one that waited for the lock finds what the other one has recorded (F3).
  if ((await tx.findRefund(merchantId, evidence.outRefundNo)) !== undefined) {
    const { applied } = await applyRefund(tx, world, merchantId, evidence)
    return applied === 'moved' ? 'recorded' : 'repeated'
  }
  const at = world.now()
  await raiseFlag(tx, world, merchantId, externalRefundFlag(evidence, payment.orderNumber))
  if (evidence.amountFen > leftFen(payment) || payment.refundCount >= refundsMax) return 'refund_does_not_fit'
  const refund: Refund = {
    merchantId,
    outRefundNo: evidence.outRefundNo,
    transactionId: payment.transactionId,
    outTradeNo: payment.outTradeNo,
    orderNumber: payment.orderNumber,
    payApi: payment.payApi,
    appid: payment.appid,
    status: evidence.state,
    amountFen: fen(evidence.amountFen),
    totalFen: payment.paidFen,
    reason: '商家在微信支付平台退款',
    notifyUrl: undefined,
    source: 'external',
    createdBy: 'merchant platform',
    createdAt: at,
    calls: 0,
    lastCallAt: undefined,
    refusal: undefined,
    refundId: evidence.refundId,
    acceptedAt: at,
    successTime: evidence.state === 'succeeded' ? (evidence.successTime ?? at) : undefined,
    correctionBy: undefined,
    correctionRefusal: undefined,
  }
  await tx.insertRefund(refund, [], nextRefundCheckAt(refund.status, 0, at))
  await tx.post(merchantId, refundAcceptedPosting(refund, payment.disposition), at)
  if (refund.status === 'succeeded') await tx.post(merchantId, refundSucceededPosting(refund), at)
  if (order !== undefined) {
    await tx.addEvent(order, {
      kind: 'refund_found',
      to: order.status,
      cause: evidence.source,
      actor: 'wechat',
      at,
      detail: { refund_number: refund.outRefundNo, amount_fen: refund.amountFen, state: evidence.state },
    })
  }
  await tellMove(tx, world, { refund, payment }, { to: refund.status, evidence })
  return 'recorded'
}

export function externalRefundFlag(evidence: RefundEvidence, orderNumber: string | undefined): NewFlag {
  return {
    kind: 'external_refund',
    subjectType: 'refund',
    subjectId: evidence.outRefundNo,
    orderNumber,
    evidence: {
      amount_fen: evidence.amountFen,
      transaction_id: evidence.transactionId,
      refund_id: evidence.refundId,
      state: evidence.state,
    },
  }
}
