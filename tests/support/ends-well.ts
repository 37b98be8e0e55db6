import assert from 'node:assert/strict'
import { checkInvariants } from '../../apps/server/src/storage/invariants.ts'
import type { Shop } from './shop.ts'

interface WechatBooks {
  orders: { out_trade_no: string; trade_state: string }[]
  payments: { out_trade_no: string; transaction_id: string; total: number }[]
  refunds?: { out_refund_no: string; amount: number; status: string }[]
}

/**
 * Fails unless every invariant holds and our books equal WeChat's to the fen: each payment of its is here, once, on an
 * order or in suspense; each refund that succeeded there did here; and WeChat knows no number that was not committed.
 * @param invented transactions of messages that WeChat signed about money that it does not have (F6)
 */
export async function endsWell(shop: Pick<Shop, 'sql' | 'wechat'>, invented: readonly string[] = []): Promise<void> {
  const { sql } = shop
  const books = await shop.wechat.control<WechatBooks>('/_sim/books')
  const kept = await sql<{ transaction_id: string; out_trade_no: string; amount_fen: number }[]>`
    select transaction_id, out_trade_no, amount_fen from payments where not (transaction_id = any(${[...invented]}))
     order by transaction_id`
  const taken = books.payments.map((payment) => ({
    transaction_id: payment.transaction_id,
    out_trade_no: payment.out_trade_no,
    amount_fen: payment.total,
  }))
  taken.sort((a, b) => (a.transaction_id < b.transaction_id ? -1 : 1))
  assert.deepEqual(
    kept.map((payment) => ({ ...payment })),
    taken,
  )

  const attempts = await sql<{ out_trade_no: string; status: string }[]>`select out_trade_no, status from attempts`
  const ours = new Map(attempts.map((attempt) => [attempt.out_trade_no, attempt.status]))
  for (const { out_trade_no, trade_state } of books.orders) {
    const status = ours.get(out_trade_no)
    assert.ok(status !== undefined, `only WeChat knows ${out_trade_no}`)
    // Only a close that was seen gives the stock back (F21).
    if (status === 'closed') assert.notEqual(trade_state, 'NOTPAY', `${out_trade_no} can still be paid`)
  }

  const given = (books.refunds ?? []).filter(({ status }) => status === 'SUCCESS')
  const refunds = await sql<{ out_refund_no: string; amount_fen: number }[]>`
    select out_refund_no, amount_fen from refunds where status = 'succeeded'`
  assert.equal(new Set(given.map((refund) => refund.out_refund_no)).size, given.length, 'a number was refunded twice')
  for (const { out_refund_no, amount_fen } of refunds) {
    const at = given.find((refund) => refund.out_refund_no === out_refund_no)
    assert.equal(at?.amount, amount_fen, `refund ${out_refund_no}`)
  }
  assert.deepEqual(await checkInvariants(sql), [])
}
