import assert from 'node:assert/strict'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { checkInvariants } from '../../apps/server/src/storage/invariants.ts'
import type { Wechat } from '../support/shop.ts'

/** Fails unless every payment that was acknowledged to WeChat is kept here: it will not be told again (I16). */
export async function assertAcknowledgedIsKept(sql: Sql, wechat: Wechat): Promise<void> {
  const { notifications } = await wechat.control<WechatBooks>('/_sim/books')
  const acknowledged = notifications.filter(({ deliveries }) =>
    deliveries.some(({ outcome }) => outcome === 'acknowledged'),
  )
  const kept = await sql<{ out_trade_no: string }[]>`select out_trade_no from payments`
  const numbers = new Set(kept.map((payment) => payment.out_trade_no))
  for (const { out_trade_no } of acknowledged) assert(numbers.has(out_trade_no), `${out_trade_no} is lost`)
}

interface WechatBooks {
  orders: { out_trade_no: string; trade_state: string; total: number; transaction_id?: string }[]
  payments: { out_trade_no: string; transaction_id: string; total: number; openid: string }[]
  /** One for each payment that WeChat took, and for each refund that ended. */
  notifications: { about: 'payment' | 'refund'; out_trade_no: string; deliveries: { outcome: string }[] }[]
}

interface OurAttempt {
  out_trade_no: string
  order_number: string
  attempt: string
  status: string
  total_fen: number
  payer: string
  transaction_id: string | null
  amount_fen: number | null
  disposition: string | null
}

/**
 * Fails unless our books and WeChat's agree on every number, to the fen, and no invariant is broken: paid here exactly
 * where it is SUCCESS there, every payment once, every number of ours committed before WeChat heard of it (E.3).
 */
export async function assertBooksAgree(sql: Sql, wechat: Wechat): Promise<void> {
  const books = await wechat.control<WechatBooks>('/_sim/books')
  const attempts = await sql<OurAttempt[]>`
    select a.out_trade_no, a.order_number, a.status as attempt, o.status, o.total_fen, o.openid as payer,
           p.transaction_id, p.amount_fen, p.disposition
      from attempts a join orders o using (merchant_id, order_number)
      left join payments p using (merchant_id, out_trade_no)`
  const ours = new Map(attempts.map((attempt) => [attempt.out_trade_no, attempt]))
  assert.equal(ours.size, attempts.length, 'a number has more than one payment here')
  for (const { out_trade_no } of books.orders) assert(ours.has(out_trade_no), `only WeChat knows ${out_trade_no}`)

  assertOnce(books.payments, 'paid')
  assertOnce(
    books.notifications.filter(({ about }) => about === 'payment'),
    'paid, by its notifications,',
  )
  const taken = new Map(books.payments.map((payment) => [payment.out_trade_no, payment]))
  const states = new Map(books.orders.map((order) => [order.out_trade_no, order.trade_state]))
  for (const attempt of attempts) {
    const payment = taken.get(attempt.out_trade_no)
    const state = states.get(attempt.out_trade_no)
    assert.equal(state === 'SUCCESS' || state === 'REFUND', payment !== undefined)
    // Only a close that was seen at WeChat, or a number that never came there, may give the stock back (F21).
    if (attempt.attempt === 'closed') assert.notEqual(state, 'NOTPAY', `${attempt.out_trade_no} can still be paid`)
    assert.deepEqual(
      { attempt: attempt.attempt === 'paid', transaction: attempt.transaction_id, fen: attempt.amount_fen },
      { attempt: payment !== undefined, transaction: payment?.transaction_id ?? null, fen: payment?.total ?? null },
      `number ${attempt.out_trade_no} of order ${attempt.order_number}: ${attempt.status} here, ${state} at WeChat`,
    )
    if (payment === undefined) continue
    assert.deepEqual([attempt.status, attempt.disposition], ['paid', 'order'])
    assert.deepEqual([attempt.total_fen, attempt.payer], [payment.total, payment.openid])
  }
  const [sum] = await sql<{ count: number; fen: number }[]>`
    select count(*), coalesce(sum(paid_fen), 0)::bigint as fen from orders where status = 'paid'`
  const takenFen = books.payments.reduce((total, payment) => total + payment.total, 0)
  assert.deepEqual({ ...sum }, { count: books.payments.length, fen: takenFen })
  assert.deepEqual(await checkInvariants(sql), [])
}

function assertOnce(rows: { out_trade_no: string }[], what: string): void {
  const counts = new Map<string, number>()
  for (const { out_trade_no } of rows) counts.set(out_trade_no, (counts.get(out_trade_no) ?? 0) + 1)
  const often = [...counts].filter(([, count]) => count !== 1)
  assert.deepEqual(often, [], `numbers ${what} more than once at WeChat`)
}
