/**
 * Double entry in whole fen. An amount above zero is a debit, below zero a credit; the entries of a posting sum to zero.
 * wechat_receivable: what WeChat holds for the merchant. revenue: what orders brought. refunds: what was given back of
 * it. suspense: money that belongs to no order, owed until it is decided about. refunds_in_transit: accepted by WeChat
 * and not with the user yet. paid_elsewhere: what a person paid a user outside WeChat. fees: what WeChat keeps.
 */
export type Account =
  | 'wechat_receivable'
  | 'revenue'
  | 'refunds'
  | 'suspense'
  | 'refunds_in_transit'
  | 'paid_elsewhere'
  | 'fees'

/** What is posted, each once for its source: a transaction_id, or an out_refund_no (I9). */
export type PostingKind =
  | 'payment_received'
  | 'payment_suspended'
  | 'refund_accepted'
  | 'refund_succeeded'
  | 'refund_returned'
  | 'refund_paid_elsewhere'
  | 'refund_corrected'

export interface Posting {
  kind: PostingKind
  sourceId: string
  orderNumber: string | undefined
  entries: { account: Account; amountFen: number }[]
}

/** Where the money of a payment came to rest: on an order, or in suspense. */
export type Disposition = 'order' | 'suspense'

/** WeChat took money. */
export function paymentPosting(
  payment: { transactionId: string; orderNumber: string | undefined; amountFen: number },
  disposition: Disposition,
): Posting {
  const { transactionId: sourceId, orderNumber, amountFen } = payment
  return disposition === 'order'
    ? { kind: 'payment_received', sourceId, orderNumber, ...entries('wechat_receivable', 'revenue', amountFen) }
    : { kind: 'payment_suspended', sourceId, orderNumber, ...entries('wechat_receivable', 'suspense', amountFen) }
}

type RefundFacts = { outRefundNo: string; orderNumber: string | undefined; amountFen: number }

/** WeChat took the refund on. */
export function refundAcceptedPosting(refund: RefundFacts, disposition: Disposition): Posting {
  return refundPosting('refund_accepted', refund, originOf(disposition), 'refunds_in_transit')
}

/** The user has the money back. */
export function refundSucceededPosting(refund: RefundFacts): Posting {
  return refundPosting('refund_succeeded', refund, 'refunds_in_transit', 'wechat_receivable')
}

/** WeChat gave the refund up after it had taken it on: the money is where it was. */
export function refundReturnedPosting(refund: RefundFacts, disposition: Disposition): Posting {
  return refundPosting('refund_returned', refund, 'refunds_in_transit', originOf(disposition))
}

/** WeChat had given the refund up, and gave the money to the user all the same. */
export function refundCorrectedPosting(refund: RefundFacts, disposition: Disposition): Posting {
  return refundPosting('refund_corrected', refund, originOf(disposition), 'wechat_receivable')
}

/** A person paid the user by other means; WeChat has left the money with the merchant. */
export function refundPaidElsewherePosting(refund: RefundFacts): Posting {
  return refundPosting('refund_paid_elsewhere', refund, 'refunds_in_transit', 'paid_elsewhere')
}

function originOf(disposition: Disposition): Account {
  return disposition === 'order' ? 'refunds' : 'suspense'
}

function refundPosting(
  kind: PostingKind,
  { outRefundNo, orderNumber, amountFen }: RefundFacts,
  debit: Account,
  credit: Account,
): Posting {
  return { kind, sourceId: outRefundNo, orderNumber, ...entries(debit, credit, amountFen) }
}

function entries(debit: Account, credit: Account, amountFen: number): Pick<Posting, 'entries'> {
  return {
    entries: [
      { account: debit, amountFen },
      { account: credit, amountFen: -amountFen },
    ],
  }
}
