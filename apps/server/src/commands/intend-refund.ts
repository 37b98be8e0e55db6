import { fen } from '@fenpay/contract'
import { numberFromBytes } from '../domain/number.ts'
import type { Order } from '../domain/order.ts'
import {
  judgeRefund,
  leftFen,
  type PaymentBalance,
  type Refund,
  type RefundLine,
  type RefundSource,
} from '../domain/refund.ts'
import { Refusal } from '../domain/refusal.ts'
import type { World, Writes } from '../ports.ts'

export interface RefundIntent {
  amountFen: number
  lines: RefundLine[]
  /** What the user reads, 1 to 80 characters. */
  reason: string
  source: RefundSource
  /** Who decided: `user:…`, `staff:…`, `fenpay`. */
  by: string
}

/**
 * Writes down that money is to be given back, with the number that every call to WeChat will carry (I11); nothing is
 * sent here. Runs inside the caller's transaction, which holds the locks of order and payment.
 * @throws Refusal refund_exceeds_payment, refund_too_many, refund_too_soon, refund_too_late (F31)
 */
export async function intendRefund(
  tx: Writes,
  world: World,
  payment: PaymentBalance,
  order: Order | undefined,
  intent: RefundIntent,
): Promise<Refund> {
  const now = world.now()
  const refused = intent.amountFen < 1 ? 'refund_exceeds_payment' : judgeRefund(payment, intent.amountFen, now)
  if (refused !== undefined) throw new Refusal(refused, refusalText(payment, intent))
  const attempt = await tx.findAttempt(payment.merchantId, payment.outTradeNo)
  const refund: Refund = {
    merchantId: payment.merchantId,
    outRefundNo: numberFromBytes(world.randomBytes(16)),
    transactionId: payment.transactionId,
    outTradeNo: payment.outTradeNo,
    orderNumber: payment.orderNumber,
    payApi: payment.payApi,
    appid: payment.appid,
    status: 'intended',
    amountFen: fen(intent.amountFen),
    totalFen: payment.paidFen,
    reason: intent.reason,
    notifyUrl: attempt?.notifyUrl,
    source: intent.source,
    createdBy: intent.by,
    createdAt: now,
    calls: 0,
    lastCallAt: undefined,
    refusal: undefined,
    refundId: undefined,
    acceptedAt: undefined,
    successTime: undefined,
    correctionBy: undefined,
    correctionRefusal: undefined,
  }
  // Due at once: the next sweep sends it.
  await tx.insertRefund(refund, intent.lines, now)
  if (order !== undefined) {
    await tx.addEvent(order, {
      kind: 'refund_intended',
      to: order.status,
      cause: intent.source,
      actor: intent.by,
      at: now,
      detail: {
        refund_number: refund.outRefundNo,
        transaction_id: refund.transactionId,
        amount_fen: refund.amountFen,
        reason: intent.reason,
      },
    })
  }
  return refund
}

function refusalText(payment: PaymentBalance, { amountFen }: RefundIntent): string {
  return `The payment took ${payment.paidFen} fen, ${payment.refundCount} refunds hold ${payment.reservedFen}, ${leftFen(payment)} are left; ${amountFen} were asked for.`
}
