import { fen } from '@fenpay/contract'
import type { RefundRequest } from '../domain/refund-request.ts'
import type { Queries } from './store.ts'

interface RequestRow {
  merchant_id: string
  request_id: string
  order_number: string
  user_id: string
  status: RefundRequest['status']
  amount_fen: number
  reason: string
  items: RefundRequest['items']
  created_at: Date
  answer: string | null
  answered_by: string | null
  answered_at: Date | null
  out_refund_no: string | null
}

/** The newest one of the order. */
export async function findRefundRequest(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
): Promise<RefundRequest | undefined> {
  const [row] = await sql<RequestRow[]>`
    select * from refund_requests where merchant_id = ${merchantId} and order_number = ${orderNumber}
     order by created_at desc, request_id desc limit 1`
  return row && requestOf(row)
}

/** The database takes one open request of an order at most. */
export async function insertRefundRequest(sql: Queries, request: RefundRequest): Promise<void> {
  await sql`
    insert into refund_requests (merchant_id, request_id, order_number, user_id, status, amount_fen, reason, items, created_at)
    values (${request.merchantId}, ${request.requestId}, ${request.orderNumber}, ${request.userId}, ${request.status},
            ${request.amountFen}, ${request.reason}, ${sql.json(request.items)}, ${request.createdAt})`
}

export async function answerRefundRequest(sql: Queries, request: RefundRequest): Promise<void> {
  const rows = await sql`
    update refund_requests set status = ${request.status}, answer = ${request.answer ?? null},
           answered_by = ${request.answeredBy ?? null}, answered_at = ${request.answeredAt ?? null},
           out_refund_no = ${request.outRefundNo ?? null}
     where merchant_id = ${request.merchantId} and request_id = ${request.requestId} and status = 'open' returning 1`
  if (rows.length === 0) throw new Error(`refund request ${request.requestId} is answered already`)
}

function requestOf(row: RequestRow): RefundRequest {
  return {
    merchantId: row.merchant_id,
    requestId: row.request_id,
    orderNumber: row.order_number,
    userId: row.user_id,
    status: row.status,
    amountFen: fen(row.amount_fen),
    reason: row.reason,
    items: row.items,
    createdAt: row.created_at,
    answer: row.answer ?? undefined,
    answeredBy: row.answered_by ?? undefined,
    answeredAt: row.answered_at ?? undefined,
    outRefundNo: row.out_refund_no ?? undefined,
  }
}
