import type { Ours } from './read-ours.ts'
import type { WechatBooks } from './wechat-books.ts'

/** The ledger's accounts, worked out from what WeChat took and gave back. */
export function wrongLedger(books: WechatBooks, { balances, payments, refunds }: Ours): string[] {
  const here = new Map(refunds.map((refund) => [refund.out_refund_no, refund]))
  // A forged number cannot be told from money under another system's: it waits in suspense (F6).
  const there = new Set(books.payments.map(({ transaction_id }) => transaction_id))
  const strangers = payments.filter(({ transaction_id }) => !there.has(transaction_id))
  const suspended = new Set(
    payments.filter(({ disposition }) => disposition === 'suspense').map(({ transaction_id }) => transaction_id),
  )
  const paid = (isSuspended: boolean) =>
    total(books.payments.filter(({ transaction_id }) => suspended.has(transaction_id) === isSuspended)) +
    (isSuspended ? strangers.reduce((sum, { amount_fen }) => sum + amount_fen, 0) : 0)
  const back = (wanted: (refund: WechatBooks['refunds'][number]) => boolean) =>
    books.refunds.filter(wanted).reduce((sum, { amount }) => sum + amount, 0)
  const isSettled = (number: string) => here.get(number)?.status === 'settled'
  const isKept = ({ status }: { status: string }) => status !== 'CLOSED'
  const inSuspense = ({ transaction_id }: { transaction_id: string }) => suspended.has(transaction_id)

  const expected: Record<string, number> = {
    wechat_receivable: paid(true) + paid(false) - back(({ status }) => status === 'SUCCESS'),
    revenue: -paid(false),
    suspense: -paid(true) + back((refund) => isKept(refund) && inSuspense(refund)),
    refunds: back((refund) => isKept(refund) && !inSuspense(refund)),
    refunds_in_transit: -back(
      ({ status, out_refund_no }) => ['PROCESSING', 'ABNORMAL'].includes(status) && !isSettled(out_refund_no),
    ),
    paid_elsewhere: -back(({ out_refund_no }) => isSettled(out_refund_no)),
  }
  const found = new Map(balances.map(({ account, fen }) => [account, fen]))
  return Object.entries(expected)
    .filter(([account, fen]) => (found.get(account) ?? 0) !== fen)
    .map(([account, fen]) => `the ledger says ${found.get(account) ?? 0} fen of ${account}, and it is ${fen}`)
}

function total(payments: WechatBooks['payments']): number {
  return payments.reduce((sum, payment) => sum + payment.total, 0)
}
