import type { SuspenseReason } from './payment.ts'

/** What happens to money that pays no order: given back at once, or kept until a person decides. */
export type SuspensePolicy = { refund: true; reason: string } | { refund: false }

/**
 * Where it is plain that the user paid for nothing, the money goes back by itself. Where WeChat's facts are not what we
 * asked for, something is wrong with the configuration or somebody is trying something: a person looks first.
 */
export const suspensePolicy: Record<SuspenseReason, SuspensePolicy> = {
  late_payment: { refund: true, reason: '订单已关闭，款项原路退回' },
  duplicate_payment: { refund: true, reason: '重复支付，款项原路退回' },
  unknown_order: { refund: false },
  protocol_mismatch: { refund: false },
  app_mismatch: { refund: false },
  currency_mismatch: { refund: false },
  amount_mismatch: { refund: false },
  payer_mismatch: { refund: false },
}
