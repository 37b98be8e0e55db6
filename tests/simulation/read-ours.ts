import type { History } from './history.ts'

export interface OurRefund {
  out_refund_no: string
  transaction_id: string
  order_number: string | null
  amount_fen: number
  status: string
  source: string
}

export interface OurPayment {
  transaction_id: string
  out_trade_no: string
  order_number: string | null
  disposition: string
  reason: string | null
  amount_fen: number
}

export interface OurFlag {
  kind: string
  subject_id: string
  /** What it is about, where the flag says so. */
  transaction_id: string | null
  resolved_at: Date | null
}

export interface OurOutboxItem {
  outbox_id: string
  kind: string
  once_key: string
  status: string
  next_at: Date | null
  last_error: string | null
}

/** Everything that the product says at the end. */
export type Ours = Awaited<ReturnType<typeof readOurs>>

export async function readOurs({ ground: { sql }, timeLine }: History) {
  const orders = await sql<{ order_number: string; status: string; total_fen: number }[]>`
    select order_number, status, total_fen from orders order by created_at, order_number`
  const lines = await sql<{ order_number: string; sku: string; quantity: number }[]>`
    select order_number, sku, quantity from order_lines order by order_number, sku`
  const attempts = await sql<{ out_trade_no: string; order_number: string; status: string }[]>`
    select out_trade_no, order_number, status from attempts order by order_number, seq`
  const payments = await sql<OurPayment[]>`
    select transaction_id, out_trade_no, order_number, disposition, reason, amount_fen
      from payments order by transaction_id`
  const products = await sql<{ sku: string; stock_total: number; stock_free: number; stock_reserved: number }[]>`
    select sku, stock_total, stock_free, stock_reserved from products order by sku`
  const events = await sql<{ order_number: string; kind: string; cause: string }[]>`
    select order_number, seq, kind, from_status, to_status, cause, actor, at, detail
      from order_events order by order_number, seq`
  const inbox = await sql<{ verdict: string | null; reason: string | null; transaction_id: string | null }[]>`
    select verdict, reason, out_trade_no, transaction_id from notify_inbox order by received_at, inbox_id`
  const refunds = await sql<OurRefund[]>`
    select out_refund_no, transaction_id, order_number, amount_fen, status, source
      from refunds order by created_at, out_refund_no`
  const requests = await sql<{ order_number: string; status: string; out_refund_no: string | null }[]>`
    select order_number, status, out_refund_no from refund_requests order by created_at, request_id`
  const flags = await sql<OurFlag[]>`
    select kind, subject_id, evidence ->> 'transaction_id' as transaction_id, resolved_at from flags order by opened_at, kind, subject_id`
  const balances = await sql<{ account: string; fen: number }[]>`
    select account, sum(amount_fen)::bigint as fen from ledger_entries group by account order by account`
  const outbox = await sql<OurOutboxItem[]>`
    select outbox_id, kind, once_key, status, next_at, last_error from outbox order by created_at, kind, once_key`
  const shipments = await sql<{ order_number: string; status: string; revision: number }[]>`
    select order_number, status, revision from shipments order by order_number`
  const ours = { orders, lines, attempts, payments, products, events, inbox, refunds, requests, flags, balances }
  const all = { ...ours, outbox, shipments }
  for (const row of Object.values(all).flat()) timeLine.tell(JSON.stringify(row))
  return all
}
