import { fen } from '@fenpay/contract'
import { type Attempt, type AttemptStatus, liveStatuses, type PayApi } from '../domain/attempt.ts'
import type { Queries } from './store.ts'

interface AttemptRow {
  merchant_id: string
  out_trade_no: string
  order_number: string
  seq: number
  pay_api: PayApi
  status: AttemptStatus
  appid: string
  openid: string
  total_fen: number
  description: string
  notify_url: string
  client_ip: string
  time_expire: Date
  prepay_id: string | null
  prepay_expires_at: Date | null
  created_at: Date
  calls: number
  last_call_at: Date | null
}

export async function findAttempt(sql: Queries, merchantId: string, outTradeNo: string): Promise<Attempt | undefined> {
  const [row] = await sql<AttemptRow[]>`
    select * from attempts where merchant_id = ${merchantId} and out_trade_no = ${outTradeNo}`
  return row && attemptOf(row)
}

export async function liveAttempt(sql: Queries, merchantId: string, orderNumber: string): Promise<Attempt | undefined> {
  const [row] = await sql<AttemptRow[]>`
    select * from attempts where merchant_id = ${merchantId} and order_number = ${orderNumber}
       and status = any(${[...liveStatuses]})`
  return row && attemptOf(row)
}

export async function attemptCount(sql: Queries, merchantId: string, orderNumber: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*) as count from attempts where merchant_id = ${merchantId} and order_number = ${orderNumber}`
  return row?.count ?? 0
}

export async function insertAttempt(sql: Queries, attempt: Attempt): Promise<void> {
  await sql`
    insert into attempts (merchant_id, out_trade_no, order_number, seq, pay_api, status, appid, openid, total_fen,
                          description, notify_url, client_ip, time_expire, created_at)
    values (${attempt.merchantId}, ${attempt.outTradeNo}, ${attempt.orderNumber}, ${attempt.seq}, ${attempt.payApi},
            ${attempt.status}, ${attempt.appid}, ${attempt.openid}, ${attempt.totalFen}, ${attempt.description},
            ${attempt.notifyUrl}, ${attempt.clientIp}, ${attempt.timeExpire}, ${attempt.createdAt})`
}

export async function countCall(sql: Queries, attempt: Attempt, at: Date): Promise<void> {
  await sql`update attempts set calls = calls + 1, last_call_at = ${at}
             where merchant_id = ${attempt.merchantId} and out_trade_no = ${attempt.outTradeNo}`
}

/** Where another call has begun, its answer may still be a prepay_id: then one refusal says nothing. */
export async function refuseAttempt(sql: Queries, attempt: Attempt): Promise<boolean> {
  const rows = await sql`
    update attempts set status = 'refused'
     where merchant_id = ${attempt.merchantId} and out_trade_no = ${attempt.outTradeNo}
       and status = 'intended' and calls = 1 returning 1`
  return rows.length === 1
}

/**
 * The guard of the domain, repeated where two workers meet: only one of them moves the row. To be told the same prepay_id
 * again is no move, and does not make it live longer.
 */
export async function moveAttempt(
  sql: Queries,
  attempt: Attempt,
  from: readonly AttemptStatus[],
  to: AttemptStatus,
  prepay: { prepayId: string; expiresAt: Date } | undefined,
): Promise<boolean> {
  const rows = await sql`
    update attempts set status = ${to},
           prepay_id = coalesce(${prepay?.prepayId ?? null}, prepay_id),
           prepay_expires_at = coalesce(${prepay?.expiresAt ?? null}, prepay_expires_at)
     where merchant_id = ${attempt.merchantId} and out_trade_no = ${attempt.outTradeNo} and status = any(${[...from]})
       and (status <> ${to} or prepay_id is distinct from coalesce(${prepay?.prepayId ?? null}, prepay_id))
    returning 1`
  return rows.length === 1
}

function attemptOf(row: AttemptRow): Attempt {
  return {
    merchantId: row.merchant_id,
    outTradeNo: row.out_trade_no,
    orderNumber: row.order_number,
    seq: row.seq,
    payApi: row.pay_api,
    status: row.status,
    appid: row.appid,
    openid: row.openid,
    totalFen: fen(row.total_fen),
    description: row.description,
    notifyUrl: row.notify_url,
    clientIp: row.client_ip,
    timeExpire: row.time_expire,
    prepayId: row.prepay_id ?? undefined,
    prepayExpiresAt: row.prepay_expires_at ?? undefined,
    createdAt: row.created_at,
    calls: row.calls,
    lastCallAt: row.last_call_at ?? undefined,
  }
}
