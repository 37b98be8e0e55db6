import type { Sql } from './connect.ts'
import { checkInvariants, readInvariants } from './invariants.ts'
import { type OrderReport, readOrderReport } from './order-report.ts'
import {
  type ReportedFlag,
  type ReportedOutbox,
  type ReportedPayment,
  type ReportedPosting,
  type ReportedRefund,
  type ReportedRequest,
  selectFlags,
  selectOutbox,
  selectPayments,
  selectPostings,
  selectRefunds,
  selectRequests,
} from './report-rows.ts'

/** An order in a list, newest first. */
export interface ListedOrder {
  order_number: string
  status: string
  total_fen: number
  refunded_fen: number
  items: string
  created_at: Date
  paid_at: Date | null
  open_flags: number
}

export interface CheckReport {
  checked: { id: string; what: string }[]
  broken: Awaited<ReturnType<typeof checkInvariants>>
  balances: Balance[]
}

export interface Balance {
  merchant_id: string
  account: string
  balance_fen: number
}

export type OrderFilter = 'all' | 'open' | 'paid' | 'to_ship' | 'closed'

/** What the command line reads. Every read but the check names the merchant; rows are as `--json` prints them. */
export interface Reports {
  merchants(): Promise<{ merchant_id: string; name: string }[]>
  /** Servers that are connected to this database now. */
  serverCount(): Promise<number>
  order(merchantId: string, reference: string): Promise<OrderReport | undefined>
  orders(merchantId: string, filter: OrderFilter, limit: number): Promise<ListedOrder[]>
  payments(merchantId: string, onlySuspense: boolean, limit: number): Promise<ReportedPayment[]>
  refunds(merchantId: string, onlyOpen: boolean, limit: number): Promise<ReportedRefund[]>
  refundRequests(merchantId: string, onlyOpen: boolean, limit: number): Promise<ReportedRequest[]>
  flags(merchantId: string, onlyOpen: boolean, limit: number): Promise<ReportedFlag[]>
  flagCount(merchantId: string, onlyOpen: boolean): Promise<number>
  flag(merchantId: string, flagId: string): Promise<ReportedFlag | undefined>
  outbox(merchantId: string, onlyDead: boolean, limit: number): Promise<ReportedOutbox[]>
  outboxItem(merchantId: string, outboxId: string): Promise<ReportedOutbox | undefined>
  balances(merchantId: string): Promise<Balance[]>
  postings(merchantId: string, account: string | undefined, limit: number): Promise<ReportedPosting[]>
  /** The invariants of the whole database, on one snapshot. */
  check(): Promise<CheckReport>
}

export function createReports(sql: Sql): Reports {
  return {
    merchants: () => sql<{ merchant_id: string; name: string }[]>`
      select merchant_id, name from merchants order by merchant_id`,
    serverCount: () => countServers(sql),
    order: (merchantId, reference) => readOrderReport(sql, merchantId, reference),
    orders: (...rest) => listOrders(sql, ...rest),
    payments: (merchantId, onlySuspense, limit) => sql<ReportedPayment[]>`
      ${selectPayments(sql)}
       where merchant_id = ${merchantId} ${onlySuspense ? sql`and disposition = 'suspense' and refunded_fen < amount_fen` : sql``}
       order by success_time desc, transaction_id limit ${limit}`,
    refunds: (merchantId, onlyOpen, limit) => sql<ReportedRefund[]>`
      ${selectRefunds(sql)} where merchant_id = ${merchantId} ${onlyOpen ? sql`and next_check_at is not null` : sql``}
       order by created_at desc, out_refund_no limit ${limit}`,
    refundRequests: (merchantId, onlyOpen, limit) => sql<ReportedRequest[]>`
      ${selectRequests(sql)} where merchant_id = ${merchantId} ${onlyOpen ? sql`and status = 'open'` : sql``}
       order by created_at desc, request_id limit ${limit}`,
    flags: (merchantId, onlyOpen, limit) => sql<ReportedFlag[]>`
      ${selectFlags(sql)} where merchant_id = ${merchantId} ${onlyOpen ? sql`and resolved_at is null` : sql``}
       order by opened_at desc, flag_id limit ${limit}`,
    flagCount: async (merchantId, onlyOpen) => {
      const [row] = await sql<{ count: number }[]>`
        select count(*) from flags where merchant_id = ${merchantId} ${onlyOpen ? sql`and resolved_at is null` : sql``}`
      return row?.count ?? 0
    },
    flag: async (merchantId, flagId) => {
      const [flag] = await sql<ReportedFlag[]>`
      ${selectFlags(sql)} where merchant_id = ${merchantId} and flag_id = ${flagId}`
      return flag
    },
    outbox: (merchantId, onlyDead, limit) => sql<ReportedOutbox[]>`
      ${selectOutbox(sql)} where merchant_id = ${merchantId} ${onlyDead ? sql`and status = 'dead'` : sql``}
       order by created_at desc, outbox_id limit ${limit}`,
    outboxItem: async (merchantId, outboxId) => {
      const [item] = await sql<ReportedOutbox[]>`
        ${selectOutbox(sql)} where merchant_id = ${merchantId} and outbox_id = ${outboxId}`
      return item
    },
    balances: (merchantId) => sql<Balance[]>`
      select merchant_id, account, sum(balance_fen)::bigint as balance_fen from ledger_balances
       where merchant_id = ${merchantId} group by merchant_id, account order by account`,
    postings: (...rest) => listPostings(sql, ...rest),
    check: () => check(sql),
  }
}

/** A server holds connections of this name for as long as it runs. */
async function countServers(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*) from pg_stat_activity where datname = current_database() and application_name = 'fenpay'`
  return row?.count ?? 0
}

async function listOrders(sql: Sql, merchantId: string, filter: OrderFilter, limit: number): Promise<ListedOrder[]> {
  const statuses = { all: ['pending', 'closing', 'paid', 'closed'], open: ['pending', 'closing'], to_ship: ['paid'] }
  const wanted = filter === 'paid' || filter === 'closed' ? [filter] : statuses[filter]
  return sql<ListedOrder[]>`
    select order_number, status, total_fen, refunded_fen, created_at, paid_at,
           (select string_agg(l.name || '×' || l.quantity, ' ' order by l.line) from order_lines l
             where (l.merchant_id, l.order_number) = (o.merchant_id, o.order_number)) as items,
           (select count(*) from flags f
             where (f.merchant_id, f.order_number) = (o.merchant_id, o.order_number) and f.resolved_at is null) as open_flags
      from orders o where merchant_id = ${merchantId} and status = any(${wanted}) ${filter === 'to_ship' ? isToShip(sql) : sql``}
     order by created_at desc, order_number desc limit ${limit}`
}

/** Of the paid orders `o`: one that WeChat refused is shipped anew, one whose money is all in refunds is not shipped. */
function isToShip(sql: Sql) {
  return sql`
    and not exists (select from shipments s
          where (s.merchant_id, s.order_number) = (o.merchant_id, o.order_number) and s.status <> 'refused')
    and exists (select from payment_balances b
          where (b.merchant_id, b.transaction_id) = (o.merchant_id, o.transaction_id) and b.reserved_fen < b.paid_fen)`
}

async function listPostings(
  sql: Sql,
  merchantId: string,
  account: string | undefined,
  limit: number,
): Promise<ReportedPosting[]> {
  return sql<ReportedPosting[]>`
    ${selectPostings(sql)}
     where merchant_id = ${merchantId}
       and (${account ?? null}::text is null or exists (
         select from ledger_entries e
          where (e.merchant_id, e.kind, e.source_id, e.account) = (p.merchant_id, p.kind, p.source_id, ${account ?? null})))
     order by posted_at desc, kind limit ${limit}`
}

function check(sql: Sql): Promise<CheckReport> {
  return sql.begin('isolation level repeatable read read only', async (tx) => {
    // It reads everything there is, and nobody waits for it.
    await tx`set local statement_timeout = '10min'`
    const broken = await checkInvariants(tx)
    const balances = await tx<Balance[]>`
      select merchant_id, account, sum(balance_fen)::bigint as balance_fen from ledger_balances
       group by merchant_id, account order by merchant_id, account`
    const checked = (await readInvariants()).map(({ id, what }) => ({ id, what }))
    return { checked, broken, balances: [...balances] }
  })
}
