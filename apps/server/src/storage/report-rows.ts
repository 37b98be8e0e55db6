import type { FlagKind, FlagSubject } from '../domain/flag.ts'
import type { Queries } from './store.ts'

// What the command line tells, row by row. `--json` prints them as they are, hence the names of our JSON.

export interface ReportedOrder {
  merchant_id: string
  order_number: string
  status: 'pending' | 'closing' | 'paid' | 'closed'
  user_id: string
  appid: string
  openid: string
  total_fen: number
  refunded_fen: number
  remark: string | null
  created_at: Date
  expires_at: Date
  paid_at: Date | null
  closed_at: Date | null
  transaction_id: string | null
  next_check_at: Date | null
  check_count: number
}

export interface ReportedItem {
  sku: string
  name: string
  quantity: number
  price_fen: number
  amount_fen: number
  /** Pieces that refunds hold. */
  refund_held_quantity: number
}

export interface ReportedAttempt {
  out_trade_no: string
  seq: number
  pay_api: string
  status: string
  total_fen: number
  calls: number
  last_call_at: Date | null
  time_expire: Date
  created_at: Date
}

export interface ReportedPayment {
  transaction_id: string
  out_trade_no: string
  order_number: string | null
  amount_fen: number
  currency: string
  payer_openid: string
  /** WeChat's clock. */
  success_time: Date
  disposition: 'order' | 'suspense'
  reason: string | null
  source: 'notify' | 'query'
  pay_api: string
  /** What refunds hold of it, the succeeded ones too. */
  reserved_fen: number
  refunded_fen: number
}

export interface ReportedEvent {
  seq: number
  kind: string
  from_status: string | null
  to_status: string
  cause: string
  actor: string
  detail: Record<string, string | number>
  at: Date
}

export interface ReportedRefund {
  out_refund_no: string
  refund_id: string | null
  transaction_id: string
  order_number: string | null
  status: string
  amount_fen: number
  reason: string
  source: string
  created_by: string
  created_at: Date
  calls: number
  last_call_at: Date | null
  /** What WeChat said when it last refused a call. */
  refusal_code: string | null
  refusal_message: string | null
  accepted_at: Date | null
  success_time: Date | null
  decided_at: Date | null
  next_check_at: Date | null
  items: { sku: string; quantity: number; amount_fen: number }[]
}

export interface ReportedRequest {
  order_number: string
  user_id: string
  status: 'open' | 'accepted' | 'declined'
  amount_fen: number
  reason: string
  items: { sku: string; quantity: number }[]
  created_at: Date
  answer: string | null
  answered_by: string | null
  answered_at: Date | null
  out_refund_no: string | null
}

export interface ReportedNotification {
  inbox_id: string
  pay_api: string
  received_at: Date
  verdict: string | null
  reason: string | null
  out_trade_no: string | null
  transaction_id: string | null
}

export interface ReportedPosting {
  kind: string
  source_id: string
  order_number: string | null
  posted_at: Date
  entries: { account: string; amount_fen: number }[]
}

export interface ReportedShipment {
  how: string
  company: string | null
  tracking_no: string | null
  status: string
  refusal: string | null
  recorded_at: Date
  uploaded_at: Date | null
  confirmed_at: Date | null
  settled_at: Date | null
}

export interface ReportedOutbox {
  outbox_id: string
  kind: string
  /** The event, of a webhook. */
  event: string | null
  endpoint_id: string | null
  order_number: string | null
  status: 'pending' | 'done' | 'dead'
  attempts: number
  last_error: string | null
  created_at: Date
  next_at: Date | null
  ended_at: Date | null
}

export interface ReportedFlag {
  flag_id: string
  kind: FlagKind
  subject_type: FlagSubject
  subject_id: string
  order_number: string | null
  evidence: Record<string, string | number>
  opened_at: Date
  resolved_at: Date | null
  resolved_by: string | null
  note: string | null
}

/** The columns of each, as the beginning of a query. */
export const selectPayments = (sql: Queries) => sql`
  select transaction_id, out_trade_no, order_number, amount_fen, currency, payer_openid, success_time, disposition,
         reason, source, pay_api, reserved_fen, refunded_fen
    from payments join payment_balances using (merchant_id, transaction_id)`

export const selectRefunds = (sql: Queries) => sql`
  select out_refund_no, refund_id, transaction_id, order_number, status, amount_fen, reason, source, created_by,
         created_at, calls, last_call_at, refusal_code, refusal_message, accepted_at, success_time, decided_at,
         next_check_at,
         coalesce((select jsonb_agg(jsonb_build_object('sku', l.sku, 'quantity', l.quantity, 'amount_fen', l.amount_fen) order by l.sku)
            from refund_lines l where (l.merchant_id, l.out_refund_no) = (r.merchant_id, r.out_refund_no)), '[]') as items
    from refunds r`

export const selectRequests = (sql: Queries) => sql`
  select order_number, user_id, status, amount_fen, reason, items, created_at, answer, answered_by, answered_at,
         out_refund_no
    from refund_requests`

export const selectPostings = (sql: Queries) => sql`
  select kind, source_id, order_number, posted_at,
         (select jsonb_agg(jsonb_build_object('account', account, 'amount_fen', amount_fen) order by amount_fen desc)
            from ledger_entries e
           where (e.merchant_id, e.kind, e.source_id) = (p.merchant_id, p.kind, p.source_id)) as entries
    from ledger_postings p`

export const selectOutbox = (sql: Queries) => sql`
  select outbox_id, kind, payload -> 'body' ->> 'type' as event, payload ->> 'endpoint_id' as endpoint_id,
         order_number, status, attempts, last_error, created_at, next_at, ended_at
    from outbox`

export const selectFlags = (sql: Queries) => sql`
  select flag_id, kind, subject_type, subject_id, order_number, evidence, opened_at, resolved_at, resolved_by, note
    from flags`
