import type { Ours } from './read-ours.ts'
import type { ReferenceModel } from './reference-model.ts'
import type { WechatBooks } from './wechat-books.ts'

const sameState: Record<string, string> = {
  succeeded: 'SUCCESS',
  settled: 'ABNORMAL',
  abnormal: 'ABNORMAL',
  processing: 'PROCESSING',
  closed: 'CLOSED',
}

/**
 * Each refund of WeChat's is one of ours in the same state (P5), nobody made one that nobody decided (I11), and only
 * what was made in the merchant platform is taken for that (F76). What WeChat refused and made all the same is put right
 * by its word, unless that came to nothing at WeChat too.
 */
export function wrongRefunds(
  { refunds: there }: WechatBooks,
  ours: Ours,
  model: ReferenceModel,
  refusedButMade: ReadonlySet<string>,
): string[] {
  const here = new Map(ours.refunds.map((refund) => [refund.out_refund_no, refund]))
  const known = new Set(there.map(({ out_refund_no }) => out_refund_no))
  return [
    ...there.flatMap(({ out_refund_no, amount, status, transaction_id, source }) => {
      const our = here.get(out_refund_no)
      // One that came to nothing before anybody here heard of it needs no record.
      if (our === undefined && source === 'platform' && status === 'CLOSED') return []
      const fits = our?.amount_fen === amount && our.transaction_id === transaction_id
      const isNothing = refusedButMade.has(out_refund_no) && our?.status === 'refused' && status === 'CLOSED'
      return fits && (isNothing || sameState[our.status] === status)
        ? []
        : [`refund ${out_refund_no}: ${amount} fen ${status} there, ${our?.amount_fen} fen ${our?.status} here`]
    }),
    ...ours.refunds
      .filter(({ source, out_refund_no }) => (source === 'external') !== model.isMadeOutside(out_refund_no))
      .map(({ out_refund_no, source }) => `refund ${out_refund_no} is no ${source} one`),
    ...ours.refunds
      .filter(
        ({ out_refund_no, status }) => !known.has(out_refund_no) && !['refused', 'waiting_funds'].includes(status),
      )
      .map(({ out_refund_no, status }) => `WeChat does not know refund ${out_refund_no}: ${status}`),
    ...ours.orders.flatMap(({ order_number }) => {
      const made = ours.refunds.filter((refund) => refund.order_number === order_number && refund.source === 'staff')
      const decisions = model.decisionsOn(order_number)
      return made.length > decisions ? [`${order_number}: ${decisions} decisions became ${made.length} refunds`] : []
    }),
    ...ours.refunds
      .filter(({ source, out_refund_no }) => {
        const granted = ours.requests.filter((request) => request.out_refund_no === out_refund_no)
        return granted.length !== (source === 'user' ? 1 : 0)
      })
      .map(({ source, out_refund_no }) => `refund ${out_refund_no} by ${source} does not fit what users asked for`),
    ...ours.requests.flatMap(({ order_number, status, out_refund_no }) => {
      const refund = out_refund_no === null ? undefined : here.get(out_refund_no)
      const isRight = status === 'accepted' ? refund?.source === 'user' : out_refund_no === null
      return isRight ? [] : [`${order_number}: a request is ${status}, and its refund ${out_refund_no}`]
    }),
  ]
}
