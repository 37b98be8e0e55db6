import type { Attempt, PayApi } from './attempt.ts'
import { type Order, orderTransitions } from './order.ts'

/** What WeChat, verified, says about one payment: from a notification or from the answer to a query. */
export interface PaymentEvidence {
  source: 'notify' | 'query'
  payApi: PayApi
  mchid: string
  appid: string
  outTradeNo: string
  transactionId: string
  amountFen: number
  currency: string
  payerOpenid: string
  /** WeChat's clock, not ours (I26). */
  successTime: Date
}

/** Why money that WeChat took is on no order. It is kept, and a person must look at it. */
export type SuspenseReason =
  | 'unknown_order'
  | 'protocol_mismatch'
  | 'app_mismatch'
  | 'currency_mismatch'
  | 'amount_mismatch'
  | 'payer_mismatch'
  | 'duplicate_payment'
  | 'late_payment'

export type PaymentJudgement = { accept: true } | { accept: false; reason: SuspenseReason }

/**
 * Compares every fact of the evidence with what we sent to WeChat (I3, I18), and asks the order's table whether it can
 * still be paid. The only place where it is decided that money pays an order.
 */
export function judgePayment(evidence: PaymentEvidence, attempt: Attempt, order: Order): PaymentJudgement {
  if (evidence.payApi !== attempt.payApi) return suspend('protocol_mismatch')
  if (evidence.appid !== attempt.appid) return suspend('app_mismatch')
  if (evidence.currency !== 'CNY') return suspend('currency_mismatch')
  if (evidence.amountFen !== attempt.totalFen || evidence.amountFen !== order.totalFen)
    return suspend('amount_mismatch')
  if (evidence.payerOpenid !== attempt.openid) return suspend('payer_mismatch')
  const next = orderTransitions[order.status].pay
  return typeof next === 'string' ? { accept: true } : suspend(next.refused)
}

function suspend(reason: SuspenseReason): PaymentJudgement {
  return { accept: false, reason }
}
