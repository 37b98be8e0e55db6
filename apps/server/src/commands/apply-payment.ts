import type { OrderStatus } from '@fenpay/contract'
import { liveStatuses } from '../domain/attempt.ts'
import { paymentPosting } from '../domain/ledger.ts'
import type { Order } from '../domain/order.ts'
import { judgePayment, type PaymentEvidence, type SuspenseReason } from '../domain/payment.ts'
import { judgeRefund } from '../domain/refund.ts'
import { suspensePolicy } from '../domain/suspense.ts'
import type { World, Writes } from '../ports.ts'
import { announce } from './announce.ts'
import { intendRefund } from './intend-refund.ts'
import { raiseFlag } from './raise-flag.ts'

export type AppliedPayment =
  | { applied: 'paid'; status: OrderStatus }
  | { applied: 'repeated' }
  | { applied: 'suspended'; reason: SuspenseReason }
  /** A notification with facts that are not ours: nothing was done, WeChat has to be asked. */
  | { applied: 'doubted'; reason: SuspenseReason }

/**
 * The one door to `paid`. Notification and query bring their verified evidence here; the facts are compared with what
 * we sent, the money is recorded once, and it pays the order or waits in suspense with the reason. Runs inside the
 * caller's transaction, so that whoever acknowledges does so after the commit.
 *
 * The caller has checked that the evidence speaks of this merchant (A25).
 */
export async function applyPayment(
  tx: Writes,
  world: World,
  merchantId: string,
  evidence: PaymentEvidence,
): Promise<AppliedPayment> {
  const found = await tx.findAttempt(merchantId, evidence.outTradeNo)
  const order = found && (await tx.lockOrder(merchantId, found.orderNumber))
  // Read again under the order's lock: what was read before it may be old.
  const attempt = order && (await tx.findAttempt(merchantId, evidence.outTradeNo))
  if (order === undefined || attempt === undefined)
    return suspend(tx, world, merchantId, evidence, undefined, 'unknown_order')

  const judgement = judgePayment(evidence, attempt, order)
  if (!judgement.accept) {
    if (evidence.source === 'notify' && contradictsOurFacts(judgement.reason)) {
      const known = await tx.findPaymentAmount(merchantId, evidence.transactionId)
      return known === evidence.amountFen ? { applied: 'repeated' } : { applied: 'doubted', reason: judgement.reason }
    }
    // Money came through it, if not the right one: the attempt is spent, and the order can end without it.
    await tx.moveAttempt(attempt, [...liveStatuses, 'refused', 'closed'], 'paid')
    return suspend(tx, world, merchantId, evidence, order, judgement.reason)
  }

  const recorded = await tx.recordPayment(merchantId, {
    evidence,
    orderNumber: order.orderNumber,
    disposition: 'order',
    reason: undefined,
  })
  if (!recorded) return { applied: 'repeated' }
  await tx.post(merchantId, paymentPosting({ ...evidence, orderNumber: order.orderNumber }, 'order'), world.now())
  await tx.moveAttempt(attempt, [...liveStatuses, 'refused', 'closed'], 'paid')
  await tx.moveOrder(
    order,
    {
      kind: 'paid',
      to: 'paid',
      cause: evidence.source,
      actor: 'wechat',
      at: world.now(),
      detail: {
        transaction_id: evidence.transactionId,
        out_trade_no: evidence.outTradeNo,
        amount_fen: evidence.amountFen,
      },
    },
    { payment: evidence },
  )
  await announce(tx, world, merchantId, { type: 'order.paid', order })
  // Last: everybody who buys the same product waits for its row, from here to the commit.
  await tx.settleStock(merchantId, order.orderNumber, 'sold')
  return { applied: 'paid', status: 'paid' }
}

/** A notification is a hint with a proof. Where it disagrees with what we asked for, only a query may decide. */
function contradictsOurFacts(reason: SuspenseReason): boolean {
  return reason !== 'late_payment' && reason !== 'duplicate_payment' && reason !== 'unknown_order'
}

/** Money that pays no order is kept with its reason, once; it is flagged, and given back where that is our policy. */
async function suspend(
  tx: Writes,
  world: World,
  merchantId: string,
  evidence: PaymentEvidence,
  order: Order | undefined,
  reason: SuspenseReason,
): Promise<AppliedPayment> {
  const recorded = await tx.recordPayment(merchantId, {
    evidence,
    orderNumber: order?.orderNumber,
    disposition: 'suspense',
    reason,
  })
  if (!recorded) return { applied: 'repeated' }
  const orderNumber = order?.orderNumber
  if (evidence.amountFen > 0)
    await tx.post(merchantId, paymentPosting({ ...evidence, orderNumber }, 'suspense'), world.now())
  if (order !== undefined) {
    await tx.addEvent(order, {
      kind: 'payment_suspended',
      to: order.status,
      cause: evidence.source,
      actor: 'wechat',
      at: world.now(),
      detail: {
        reason,
        transaction_id: evidence.transactionId,
        out_trade_no: evidence.outTradeNo,
        amount_fen: evidence.amountFen,
      },
    })
  }
  await raiseFlag(tx, world, merchantId, {
    kind: reason,
    subjectType: 'payment',
    subjectId: evidence.transactionId,
    orderNumber,
    evidence: {
      amount_fen: evidence.amountFen,
      currency: evidence.currency,
      out_trade_no: evidence.outTradeNo,
      source: evidence.source,
    },
  })
  const payment = {
    transaction_id: evidence.transactionId,
    out_trade_no: evidence.outTradeNo,
    amount_fen: evidence.amountFen,
    reason,
    success_time: evidence.successTime.toISOString(),
  }
  await announce(tx, world, merchantId, { type: 'payment.suspended', orderNumber, payment })
  await refundByPolicy(tx, world, merchantId, evidence.transactionId, order, reason)
  return { applied: 'suspended', reason }
}

/** A refund of what was suspended begins with the same commit (I2). */
async function refundByPolicy(
  tx: Writes,
  world: World,
  merchantId: string,
  transactionId: string,
  order: Order | undefined,
  reason: SuspenseReason,
): Promise<void> {
  const policy = suspensePolicy[reason]
  const payment = policy.refund ? await tx.lockPayment(merchantId, transactionId) : undefined
  if (!policy.refund || payment === undefined || payment.paidFen === 0) return
  // What WeChat would not take any more is left to the person who reads the flag; the payment is recorded all the same.
  if (judgeRefund(payment, payment.paidFen, world.now()) !== undefined) return
  const intent = {
    amountFen: payment.paidFen,
    lines: [],
    reason: policy.reason,
    source: 'policy' as const,
    by: 'fenpay',
  }
  await intendRefund(tx, world, payment, order, intent)
}
