import type { History } from './history.ts'
import type { ReferenceModel } from './reference-model.ts'
import type { WechatBooks } from './wechat-books.ts'

/**
 * While everything works: what WeChat knows by now, and we do not. Payments by the sweep alone (P1); the ends of refunds
 * too (P5). A payment after the close, and what is done in the merchant platform, only WeChat's messages tell.
 */
export async function unkeptPromises(
  { ground: { sql, wechat } }: History,
  model: ReferenceModel,
  about: 'payment' | 'refund',
): Promise<string[]> {
  const books = await wechat.control<WechatBooks>('/_sim/books')
  if (about === 'payment') {
    const known = new Set((await sql<{ id: string }[]>`select transaction_id as id from payments`).map(({ id }) => id))
    return books.payments
      .filter(({ transaction_id, out_trade_no }) => !known.has(transaction_id) && !model.isLate(out_trade_no))
      .map(({ out_trade_no }) => `P1: ${out_trade_no} is paid, and nobody here knows by now`)
  }
  const open = await sql<{ id: string }[]>`
    select out_refund_no as id from refunds where status in ('intended', 'unknown', 'processing')`
  const undecided = new Set(open.map(({ id }) => id))
  return books.refunds
    .filter(
      ({ out_refund_no, status, source }) =>
        status !== 'PROCESSING' && source === 'api' && undecided.has(out_refund_no),
    )
    .map(({ out_refund_no, status }) => `P5: refund ${out_refund_no} is ${status}, and nobody here knows by now`)
}
