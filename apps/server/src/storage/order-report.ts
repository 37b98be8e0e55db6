import type { PostingKind } from '../domain/ledger.ts'
import type { Sql, Transaction } from './connect.ts'
import {
  type ReportedAttempt,
  type ReportedEvent,
  type ReportedFlag,
  type ReportedItem,
  type ReportedNotification,
  type ReportedOrder,
  type ReportedOutbox,
  type ReportedPayment,
  type ReportedPosting,
  type ReportedRefund,
  type ReportedRequest,
  type ReportedShipment,
  selectFlags,
  selectOutbox,
  selectPayments,
  selectPostings,
  selectRefunds,
  selectRequests,
} from './report-rows.ts'

/** Named, so that the primary key finds a posting by its source. */
const postingKinds: PostingKind[] = [
  'payment_received',
  'payment_suspended',
  'refund_accepted',
  'refund_succeeded',
  'refund_returned',
  'refund_paid_elsewhere',
  'refund_corrected',
]

/**
 * Everything that is known of an order, or of a payment that belongs to none: what `fenpay order` tells, and with
 * `--json` prints as it is. Hence the names are those of our JSON, which are the database's.
 */
export interface OrderReport {
  /** Absent for money that belongs to no order. */
  order: ReportedOrder | undefined
  items: ReportedItem[]
  attempts: ReportedAttempt[]
  payments: ReportedPayment[]
  events: ReportedEvent[]
  refunds: ReportedRefund[]
  refund_requests: ReportedRequest[]
  notifications: ReportedNotification[]
  postings: ReportedPosting[]
  shipment: ReportedShipment | undefined
  outbox: ReportedOutbox[]
  flags: ReportedFlag[]
}

/**
 * Reads it all on one snapshot.
 * @param reference an order number, out_trade_no, transaction_id, or the number of a refund, ours or WeChat's
 */
export function readOrderReport(sql: Sql, merchantId: string, reference: string): Promise<OrderReport | undefined> {
  return sql.begin('isolation level repeatable read read only', async (tx) => {
    const subject = await findSubject(tx, merchantId, reference)
    return subject && readReport(tx, merchantId, subject.order_number, subject.transaction_id)
  })
}

async function findSubject(tx: Transaction, merchantId: string, reference: string) {
  const [found] = await tx<{ order_number: string | null; transaction_id: string | null }[]>`
    select order_number, null as transaction_id, 1 as place from orders
     where merchant_id = ${merchantId} and order_number = ${reference}
    union all
    select order_number, null, 2 from attempts where merchant_id = ${merchantId} and out_trade_no = ${reference}
    union all
    select order_number, transaction_id, 3 from payments
     where merchant_id = ${merchantId} and (transaction_id = ${reference} or out_trade_no = ${reference})
    union all
    select order_number, transaction_id, 4 from refunds
     where merchant_id = ${merchantId} and (out_refund_no = ${reference} or refund_id = ${reference})
    order by place limit 1`
  return found
}

async function readReport(
  tx: Transaction,
  merchantId: string,
  orderNumber: string | null,
  transactionId: string | null,
): Promise<OrderReport> {
  const payments = await tx<ReportedPayment[]>`
    ${selectPayments(tx)}
     where merchant_id = ${merchantId}
       and (order_number = ${orderNumber} or (${orderNumber}::text is null and transaction_id = ${transactionId}))
     order by success_time, transaction_id`
  const transactionIds = payments.map((payment) => payment.transaction_id)
  const refunds = await tx<ReportedRefund[]>`
    ${selectRefunds(tx)} where merchant_id = ${merchantId} and transaction_id = any(${transactionIds})
     order by created_at, out_refund_no`
  const [order] = await tx<ReportedOrder[]>`
    select merchant_id, order_number, status, user_id, appid, openid, total_fen, refunded_fen, remark, created_at,
           expires_at, paid_at, closed_at, transaction_id, next_check_at, check_count
      from orders where merchant_id = ${merchantId} and order_number = ${orderNumber}`
  const attempts = await tx<ReportedAttempt[]>`
    select out_trade_no, seq, pay_api, status, total_fen, calls, last_call_at, time_expire, created_at
      from attempts where merchant_id = ${merchantId} and order_number = ${orderNumber} order by seq`
  const refundNumbers = refunds.map((refund) => refund.out_refund_no)
  const outTradeNos = [...attempts, ...payments].map((row) => row.out_trade_no)
  const [shipment] = await tx<ReportedShipment[]>`
    select how, company, tracking_no, status, refusal, recorded_at, uploaded_at, confirmed_at, settled_at
      from shipments where merchant_id = ${merchantId} and order_number = ${orderNumber}`
  return {
    order,
    items: await tx<ReportedItem[]>`
      select sku, name, quantity, price_fen, amount_fen, refund_held_quantity from order_lines
       where merchant_id = ${merchantId} and order_number = ${orderNumber} order by line`,
    attempts,
    payments,
    events: await tx<ReportedEvent[]>`
      select seq, kind, from_status, to_status, cause, actor, detail, at from order_events
       where merchant_id = ${merchantId} and order_number = ${orderNumber} order by seq`,
    refunds,
    refund_requests: await tx<ReportedRequest[]>`
      ${selectRequests(tx)} where merchant_id = ${merchantId} and order_number = ${orderNumber} order by created_at`,
    notifications: await tx<ReportedNotification[]>`
      select inbox_id, pay_api, received_at, verdict, reason, out_trade_no, transaction_id from notify_inbox
       where merchant_id = ${merchantId} and out_trade_no = any(${outTradeNos}) order by received_at, inbox_id`,
    postings: await tx<ReportedPosting[]>`
      ${selectPostings(tx)} where merchant_id = ${merchantId} and kind = any(${postingKinds})
         and source_id = any(${[...transactionIds, ...refundNumbers]}) order by posted_at, kind`,
    shipment,
    outbox: await tx<ReportedOutbox[]>`
      ${selectOutbox(tx)} where merchant_id = ${merchantId} and order_number = ${orderNumber} order by created_at, outbox_id`,
    flags: await tx<ReportedFlag[]>`
      ${selectFlags(tx)} where merchant_id = ${merchantId}
         and (order_number = ${orderNumber} or subject_id = any(${[...transactionIds, ...refundNumbers]}))
       order by opened_at, flag_id`,
  }
}
