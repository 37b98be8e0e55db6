import { type Fen, fen } from '@fenpay/contract'
import type { PayApi } from '../domain/attempt.ts'
import type { CorrectionRefusal, Refund, RefundLine, RefundSource, RefundStatus } from '../domain/refund.ts'
import { isRefundFinal } from '../domain/refund.ts'
import type { ClaimedRefund, RefundMove, WeChatRefusal } from '../ports.ts'
import type { Queries } from './store.ts'

interface RefundRow {
  merchant_id: string
  out_refund_no: string
  transaction_id: string
  out_trade_no: string
  order_number: string | null
  pay_api: PayApi
  appid: string
  status: RefundStatus
  amount_fen: number
  total_fen: number
  reason: string
  notify_url: string | null
  source: RefundSource
  created_by: string
  created_at: Date
  calls: number
  last_call_at: Date | null
  refusal_code: string | null
  refusal_message: string | null
  refund_id: string | null
  accepted_at: Date | null
  success_time: Date | null
  next_check_at: Date | null
  check_count: number
  correction_by: string | null
  correction_code: CorrectionRefusal | null
  correction_message: string | null
}

/** The database's triggers book what it holds of the payment and of the order's lines (I10). */
export async function insertRefund(
  sql: Queries,
  refund: Refund,
  lines: RefundLine[],
  nextCheckAt: Date | undefined,
): Promise<void> {
  await sql`
    insert into refunds (merchant_id, out_refund_no, transaction_id, out_trade_no, order_number, pay_api, appid, status,
                         amount_fen, total_fen, reason, notify_url, source, created_by, created_at, refund_id, accepted_at,
                         success_time, decided_at, next_check_at)
    values (${refund.merchantId}, ${refund.outRefundNo}, ${refund.transactionId}, ${refund.outTradeNo},
            ${refund.orderNumber ?? null}, ${refund.payApi}, ${refund.appid}, ${refund.status}, ${refund.amountFen},
            ${refund.totalFen}, ${refund.reason}, ${refund.notifyUrl ?? null}, ${refund.source}, ${refund.createdBy},
            ${refund.createdAt}, ${refund.refundId ?? null}, ${refund.acceptedAt ?? null}, ${refund.successTime ?? null},
            ${isRefundFinal(refund.status) ? refund.createdAt : null}, ${nextCheckAt ?? null})`
  if (lines.length === 0) return
  const rows = lines.map((line) => ({
    merchant_id: refund.merchantId,
    out_refund_no: refund.outRefundNo,
    order_number: refund.orderNumber ?? '',
    sku: line.sku,
    quantity: line.quantity,
    amount_fen: line.amountFen,
  }))
  await sql`insert into refund_lines ${sql(rows)}`
}

export async function findRefund(sql: Queries, merchantId: string, outRefundNo: string): Promise<Refund | undefined> {
  const [row] = await sql<RefundRow[]>`
    select * from refunds where merchant_id = ${merchantId} and out_refund_no = ${outRefundNo}`
  return row && refundOf(row)
}

export async function lockRefund(sql: Queries, merchantId: string, outRefundNo: string): Promise<Refund | undefined> {
  const [row] = await sql<RefundRow[]>`
    select * from refunds where merchant_id = ${merchantId} and out_refund_no = ${outRefundNo} for update`
  return row && refundOf(row)
}

/** What else of the same payment was given back, or is to be. */
export async function otherRefunds(sql: Queries, refund: Refund): Promise<Refund[]> {
  const rows = await sql<RefundRow[]>`
    select * from refunds
     where merchant_id = ${refund.merchantId} and transaction_id = ${refund.transactionId}
       and out_refund_no <> ${refund.outRefundNo}`
  return rows.map(refundOf)
}

export async function refundsOfOrder(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
): Promise<{ refund: Refund; lines: RefundLine[] }[]> {
  const rows = await sql<RefundRow[]>`
    select r.* from refunds r join payments p using (merchant_id, transaction_id)
     where r.merchant_id = ${merchantId} and r.order_number = ${orderNumber} and p.disposition = 'order'
     order by r.created_at, r.out_refund_no`
  if (rows.length === 0) return []
  const lines = await sql<{ out_refund_no: string; sku: string; quantity: number; amount_fen: number }[]>`
    select out_refund_no, sku, quantity, amount_fen from refund_lines
     where merchant_id = ${merchantId} and out_refund_no = any(${rows.map((row) => row.out_refund_no)}) order by sku`
  return rows.map((row) => ({
    refund: refundOf(row),
    lines: lines
      .filter((line) => line.out_refund_no === row.out_refund_no)
      .map((line) => ({ sku: line.sku, quantity: line.quantity, amountFen: fen(line.amount_fen) })),
  }))
}

export async function refundablePieces(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
): Promise<{ sku: string; priceFen: Fen; quantity: number }[]> {
  const rows = await sql<{ sku: string; price_fen: number; quantity: number }[]>`
    select sku, price_fen, quantity - refund_held_quantity as quantity from order_lines
     where merchant_id = ${merchantId} and order_number = ${orderNumber} order by line`
  return rows.map((row) => ({ sku: row.sku, priceFen: fen(row.price_fen), quantity: row.quantity }))
}

export async function countRefundCall(sql: Queries, refund: Refund, at: Date): Promise<void> {
  await sql`update refunds set calls = calls + 1, last_call_at = ${at}
             where merchant_id = ${refund.merchantId} and out_refund_no = ${refund.outRefundNo}`
}

export async function noteRefusal(sql: Queries, refund: Refund, refusal: WeChatRefusal): Promise<void> {
  await sql`update refunds set refusal_code = ${refusal.code}, refusal_message = ${refusal.message}
             where merchant_id = ${refund.merchantId} and out_refund_no = ${refund.outRefundNo}`
}

export async function noteProblem(sql: Queries, refund: Refund, problem: string): Promise<void> {
  await sql`update refunds set problem = ${problem.slice(0, 500)}
             where merchant_id = ${refund.merchantId} and out_refund_no = ${refund.outRefundNo}`
}

/** The guard of the domain, repeated where two workers meet: the caller holds the lock, and the row is as it was read. */
export async function moveRefund(sql: Queries, refund: Refund, move: RefundMove): Promise<void> {
  const { to, at, evidence, refusal, problem } = move
  const accepted = evidence !== undefined && to !== 'closed'
  const rows = await sql`
    update refunds set status = ${to}, next_check_at = ${move.nextCheckAt ?? null}, check_count = 0,
           refund_id = coalesce(refund_id, ${evidence?.refundId ?? null}),
           accepted_at = coalesce(accepted_at, ${accepted ? at : null}),
           success_time = ${to === 'succeeded' ? (evidence?.successTime ?? at) : null},
           refusal_code = ${refusal?.code ?? null}, refusal_message = ${refusal?.message ?? null},
           problem = ${problem?.slice(0, 500) ?? null},
           decided_at = ${isRefundFinal(to) ? at : null}, correction_by = null
     where merchant_id = ${refund.merchantId} and out_refund_no = ${refund.outRefundNo} and status = ${refund.status}
    returning 1`
  if (rows.length === 0) throw new Error(`refund ${refund.outRefundNo} was moved without its lock`)
}

/** One wish at a time; whoever has it first is who it is kept for. */
export async function wishCorrection(sql: Queries, refund: Refund, by: string, at: Date): Promise<void> {
  await sql`update refunds set correction_by = ${by}, correction_code = null, correction_message = null,
                               next_check_at = ${at}, check_count = 0
             where merchant_id = ${refund.merchantId} and out_refund_no = ${refund.outRefundNo} and correction_by is null`
}

export async function refuseCorrection(
  sql: Queries,
  refund: Refund,
  refusal: { code: CorrectionRefusal; message: string },
): Promise<void> {
  await sql`update refunds set correction_by = null, correction_code = ${refusal.code}, correction_message = ${refusal.message},
                               next_check_at = null
             where merchant_id = ${refund.merchantId} and out_refund_no = ${refund.outRefundNo} and correction_by is not null`
}

/** Takes due refunds, the longest overdue first, so many of each merchant; those of another process are left alone. */
export async function claimDueRefunds(
  sql: Queries,
  now: Date,
  leaseUntil: Date,
  perMerchant: number,
): Promise<ClaimedRefund[]> {
  const rows = await sql<RefundRow[]>`
    with due as materialized (
      select m.merchant_id, overdue.out_refund_no
        from merchants m cross join lateral (
          select out_refund_no from refunds
           where merchant_id = m.merchant_id and next_check_at <= ${now}
           order by next_check_at limit ${perMerchant} for update skip locked
        ) overdue
    )
    update refunds r set next_check_at = ${leaseUntil}, check_count = r.check_count + 1
      from due where r.merchant_id = due.merchant_id and r.out_refund_no = due.out_refund_no
    returning r.*`
  return rows.map((row) => ({ refund: refundOf(row), checkCount: row.check_count - 1, leaseUntil }))
}

/** Only who holds the lease says when it is looked at next: a refund that has moved on has its own time already. */
export async function scheduleRefundCheck(sql: Queries, claimed: ClaimedRefund, at: Date): Promise<void> {
  const { refund, leaseUntil } = claimed
  await sql`update refunds set next_check_at = ${at}
             where merchant_id = ${refund.merchantId} and out_refund_no = ${refund.outRefundNo}
               and next_check_at = ${leaseUntil}`
}

function refundOf(row: RefundRow): Refund {
  return {
    merchantId: row.merchant_id,
    outRefundNo: row.out_refund_no,
    transactionId: row.transaction_id,
    outTradeNo: row.out_trade_no,
    orderNumber: row.order_number ?? undefined,
    payApi: row.pay_api,
    appid: row.appid,
    status: row.status,
    amountFen: fen(row.amount_fen),
    totalFen: fen(row.total_fen),
    reason: row.reason,
    notifyUrl: row.notify_url ?? undefined,
    source: row.source,
    createdBy: row.created_by,
    createdAt: row.created_at,
    calls: row.calls,
    lastCallAt: row.last_call_at ?? undefined,
    refusal: row.refusal_code === null ? undefined : { code: row.refusal_code, message: row.refusal_message ?? '' },
    refundId: row.refund_id ?? undefined,
    acceptedAt: row.accepted_at ?? undefined,
    successTime: row.success_time ?? undefined,
    correctionBy: row.correction_by ?? undefined,
    correctionRefusal:
      row.correction_code === null ? undefined : { code: row.correction_code, message: row.correction_message ?? '' },
  }
}
