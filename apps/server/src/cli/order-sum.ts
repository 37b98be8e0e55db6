import type { OrderReport } from '../storage/order-report.ts'
import type { ReportedRefund } from '../storage/report-rows.ts'

/** Where every fen of an order is: `taken = left + given back + held + in suspense`. */
export interface OrderSum {
  /** What WeChat took, on the order and in suspense. */
  taken_fen: number
  given_back_fen: number
  /** What of it a person paid by other means. */
  paid_elsewhere_fen: number
  /** What refunds without a result hold. */
  held_fen: number
  /** What pays no order, and no refund holds. */
  in_suspense_fen: number
  /** What is left of the payment that paid the order. */
  left_fen: number
  /** Whether the sum is right, and the ledger's postings say the same. */
  holds: boolean
}

/**
 * Payments and refunds are counted one by one, what is left comes from the balances that the database keeps, and the
 * ledger tells the story a third time: the three must agree.
 */
export function sumUp({ payments, refunds, postings }: OrderReport): OrderSum {
  const taken_fen = sum(payments, (payment) => payment.amount_fen)
  const given_back_fen = sum(refunds, (refund) => (isBack(refund) ? refund.amount_fen : 0))
  const paid_elsewhere_fen = sum(refunds, (refund) => (refund.status === 'settled' ? refund.amount_fen : 0))
  const held_fen = sum(refunds, (refund) => (isHeld(refund) ? refund.amount_fen : 0))
  const free = (disposition: 'order' | 'suspense') =>
    sum(payments, (payment) => (payment.disposition === disposition ? payment.amount_fen - payment.reserved_fen : 0))
  const in_suspense_fen = free('suspense')
  const left_fen = free('order')

  const booked = (account: string) =>
    sum(
      postings.flatMap(({ entries }) => entries),
      (entry) => (entry.account === account ? entry.amount_fen : 0),
    )
  const accepted = sum(refunds, (refund) => (isHeld(refund) && refund.accepted_at !== null ? refund.amount_fen : 0))
  const holds =
    taken_fen === left_fen + given_back_fen + held_fen + in_suspense_fen &&
    booked('wechat_receivable') === taken_fen - (given_back_fen - paid_elsewhere_fen) &&
    booked('refunds_in_transit') === -accepted &&
    booked('paid_elsewhere') === -paid_elsewhere_fen &&
    booked('revenue') + booked('refunds') + booked('suspense') === accepted - held_fen - left_fen - in_suspense_fen
  return { taken_fen, given_back_fen, paid_elsewhere_fen, held_fen, in_suspense_fen, left_fen, holds }
}

function isBack({ status }: ReportedRefund): boolean {
  return status === 'succeeded' || status === 'settled'
}

function isHeld(refund: ReportedRefund): boolean {
  return !isBack(refund) && refund.status !== 'closed' && refund.status !== 'refused'
}

function sum<Row>(rows: readonly Row[], amount: (row: Row) => number): number {
  return rows.reduce((total, row) => total + amount(row), 0)
}
