import assert from 'node:assert/strict'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import type { Wechat } from '../support/shop.ts'

export interface MoneyBooks {
  payments: { transaction_id: string; total: number }[]
  refunds: { out_refund_no: string; out_trade_no: string; transaction_id: string; amount: number; status: string }[]
  balances: { balance: number }[]
  notifications: { about: string; out_refund_no?: string; deliveries: { outcome: string }[] }[]
  shipping_orders: { transaction_id: string; order_state: number; finish_shipping_count: number }[]
  messages: { user: string; kind: string; template_id?: string; data: unknown }[]
}

/** What WeChat knows, and counts. */
export const moneyBooks = (wechat: Wechat): Promise<MoneyBooks> => wechat.control<MoneyBooks>('/_sim/books')

/** Fails unless every refund whose end was acknowledged to WeChat is over here: it will not be told again (I16). */
export async function assertAcknowledgedRefundsAreOver(sql: Sql, wechat: Wechat): Promise<void> {
  const { notifications } = await moneyBooks(wechat)
  const over = await sql<{ out_refund_no: string }[]>`select out_refund_no from refunds where decided_at is not null`
  const numbers = new Set(over.map((refund) => refund.out_refund_no))
  for (const { about, out_refund_no, deliveries } of notifications) {
    if (about !== 'refund' || !deliveries.some(({ outcome }) => outcome === 'acknowledged')) continue
    assert(numbers.has(out_refund_no ?? ''), `the end of refund ${out_refund_no} is lost`)
  }
}

/** How WeChat calls what is over well. */
const states: Record<string, string> = { succeeded: 'SUCCESS' }

/** Fails unless each refund that was decided here was made once at WeChat and is over, with the same fen on both sides. */
export async function assertRefundsAgree(sql: Sql, wechat: Wechat): Promise<void> {
  const books = await moneyBooks(wechat)
  const refunds = await sql<{ out_refund_no: string; transaction_id: string; amount_fen: number; status: string }[]>`
    select out_refund_no, transaction_id, amount_fen, status from refunds`
  assert.deepEqual(
    books.refunds
      .map((one) => `${one.out_refund_no}: ${one.amount} fen of ${one.transaction_id}, ${one.status}`)
      .sort(),
    refunds
      .map((one) => `${one.out_refund_no}: ${one.amount_fen} fen of ${one.transaction_id}, ${states[one.status]}`)
      .sort(),
  )
  const told = books.notifications.filter(({ about }) => about === 'refund').map(({ out_refund_no }) => out_refund_no)
  assert.equal(new Set(told).size, told.length, 'a refund ended twice at WeChat')

  const balances = await sql<{ transaction_id: string; refunded_fen: number; of_order: number | null }[]>`
    select b.transaction_id, b.refunded_fen, o.refunded_fen as of_order
      from payment_balances b left join orders o using (merchant_id, transaction_id)`
  for (const { transaction_id, refunded_fen, of_order } of balances) {
    const given = books.refunds.filter((refund) => refund.transaction_id === transaction_id)
    const fen = given.reduce((sum, { amount }) => sum + amount, 0)
    assert.deepEqual([refunded_fen, of_order ?? fen], [fen, fen], `payment ${transaction_id}`)
  }
  const paidFen = books.payments.reduce((sum, { total }) => sum + total, 0)
  const givenFen = books.refunds.reduce((sum, { amount }) => sum + amount, 0)
  assert.equal(books.balances[0]?.balance, paidFen - givenFen)

  const twice = await sql`
    select source_id from ledger_postings where source_id = any(${refunds.map((refund) => refund.out_refund_no)})
     group by source_id having count(*) <> 2
    union all
    select detail ->> 'refund_number' from order_events where kind = 'refund_succeeded'
     group by 1 having count(*) <> 1`
  assert.deepEqual([...twice], [])
}

/** Fails unless all that was to be told is told: shipping once at WeChat, and no item waits or was given up. */
export async function assertAllIsTold(sql: Sql, wechat: Wechat): Promise<void> {
  const open = await sql`
    select kind, status, attempts, last_error from outbox where status <> 'done' and kind <> 'shipping_deadline'`
  assert.deepEqual([...open], [])
  const { shipping_orders } = await moneyBooks(wechat)
  const shipped = await sql<{ transaction_id: string }[]>`
    select o.transaction_id from shipments s join orders o using (merchant_id, order_number)
     where s.status = 'uploaded' order by 1`
  const there = shipping_orders.filter((order) => order.finish_shipping_count > 0)
  for (const order of there) assert.equal(order.finish_shipping_count, 1, `${order.transaction_id} was shipped twice`)
  assert.deepEqual(
    there.map((order) => order.transaction_id).sort(),
    [...shipped].map((row) => row.transaction_id),
  )
  const events = await sql`
    select order_number, kind from order_events where kind in ('shipped', 'shipping_uploaded')
     group by order_number, kind having count(*) > 1`
  assert.deepEqual([...events], [])
}
