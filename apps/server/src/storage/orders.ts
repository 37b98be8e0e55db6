import { fen, type OrderEvent, type OrderStatus } from '@fenpay/contract'
import { liveStatuses } from '../domain/attempt.ts'
import { isFinal, type Order, type OrderLine } from '../domain/order.ts'
import type { PaymentEvidence } from '../domain/payment.ts'
import type { ClaimedOrder, NewEvent, OrderPage, OrderPosition } from '../ports.ts'
import type { Queries } from './store.ts'

interface OrderRow {
  merchant_id: string
  order_number: string
  user_id: string
  appid: string
  openid: string
  status: OrderStatus
  total_fen: number
  remark: string | null
  created_at: Date
  expires_at: Date
  paid_at: Date | null
  closed_at: Date | null
  refunded_fen: number
}

/** Only the owner finds an order here (I19). */
export async function findOrder(
  sql: Queries,
  merchantId: string,
  userId: string,
  orderNumber: string,
): Promise<Order | undefined> {
  const [row] = await sql<OrderRow[]>`
    select * from orders where merchant_id = ${merchantId} and order_number = ${orderNumber} and user_id = ${userId}`
  return row && orderOf(row)
}

export async function lockOrder(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
  userId: string | undefined,
): Promise<Order | undefined> {
  const [row] = await sql<OrderRow[]>`
    select * from orders where merchant_id = ${merchantId} and order_number = ${orderNumber}
       ${userId === undefined ? sql`` : sql`and user_id = ${userId}`} for update`
  return row && orderOf(row)
}

/** Locks the user as well, so that two submits at once cannot both be the last one allowed (A58). */
export async function openOrderCount(sql: Queries, merchantId: string, userId: string): Promise<number> {
  await sql`select 1 from users where merchant_id = ${merchantId} and user_id = ${userId} for no key update`
  const [row] = await sql<{ count: number }[]>`
    select count(*) as count from orders
     where merchant_id = ${merchantId} and user_id = ${userId} and status in ('pending', 'closing')`
  return row?.count ?? 0
}

export async function insertOrder(
  sql: Queries,
  order: Order,
  lines: OrderLine[],
  event: NewEvent,
  nextCheckAt: Date,
): Promise<void> {
  await sql`
    insert into orders (merchant_id, order_number, user_id, appid, openid, status, total_fen, remark, created_at, expires_at, next_check_at, event_count)
    values (${order.merchantId}, ${order.orderNumber}, ${order.userId}, ${order.appid}, ${order.openid}, ${order.status},
            ${order.totalFen}, ${order.remark ?? null}, ${order.createdAt}, ${order.expiresAt}, ${nextCheckAt}, 1)`
  const rows = lines.map((line, index) => ({
    merchant_id: order.merchantId,
    order_number: order.orderNumber,
    line: index + 1,
    sku: line.sku,
    name: line.name,
    price_fen: line.priceFen,
    quantity: line.quantity,
  }))
  await sql`insert into order_lines ${sql(rows)}`
  await insertEvent(sql, order, 1, undefined, event)
}

/** The status, its facts and its event in one go; the caller holds the order's lock. */
export async function moveOrder(
  sql: Queries,
  order: Order,
  event: NewEvent,
  facts: { payment: PaymentEvidence } | { closedAt: Date } | undefined,
): Promise<void> {
  const payment = facts !== undefined && 'payment' in facts ? facts.payment : undefined
  const closedAt = facts !== undefined && 'closedAt' in facts ? facts.closedAt : undefined
  const [moved] = await sql<{ event_count: number }[]>`
    update orders set status = ${event.to}, event_count = event_count + 1,
           paid_fen = ${payment?.amountFen ?? null}, paid_at = ${payment?.successTime ?? null},
           transaction_id = ${payment?.transactionId ?? null}, closed_at = ${closedAt ?? null},
           next_check_at = case when ${isFinal(event.to)} and ${noLiveAttempt(sql)} then null else next_check_at end
     where merchant_id = ${order.merchantId} and order_number = ${order.orderNumber} and status = ${order.status}
    returning event_count`
  if (moved === undefined) throw new Error(`order ${order.orderNumber} was moved without its lock`)
  await insertEvent(sql, order, moved.event_count, order.status, event)
}

/** Of an order in an update: WeChat takes money for none of its numbers. */
function noLiveAttempt(sql: Queries) {
  return sql`not exists (select from attempts a where (a.merchant_id, a.order_number) = (orders.merchant_id, orders.order_number)
                            and a.status = any(${[...liveStatuses]}))`
}

/** An event that changes no status. */
export async function addEvent(sql: Queries, order: Order, event: NewEvent): Promise<void> {
  const [counted] = await sql<{ event_count: number }[]>`
    update orders set event_count = event_count + 1
     where merchant_id = ${order.merchantId} and order_number = ${order.orderNumber} returning event_count`
  if (counted === undefined) throw new Error(`there is no order ${order.orderNumber}`)
  await insertEvent(sql, order, counted.event_count, order.status, event)
}

export async function restartChecks(sql: Queries, order: Order, at: Date): Promise<void> {
  await sql`update orders set next_check_at = ${at}, check_count = 0
             where merchant_id = ${order.merchantId} and order_number = ${order.orderNumber} and next_check_at is not null`
}

/**
 * Fair between merchants, and an order that is locked is left alone. Half of what each gives became due just now: behind
 * a backlog of yesterday's those are the ones whose users stand and wait (F66, P1). The other half is the longest overdue.
 */
export async function claimDueOrders(
  sql: Queries,
  now: Date,
  leaseUntil: Date,
  perMerchant: number,
): Promise<ClaimedOrder[]> {
  // Materialized, since a plan that looks for the due orders once for each row would claim more than the limit.
  const rows = await sql<(OrderRow & { check_count: number })[]>`
    with due as materialized (
      select m.merchant_id, overdue.order_number
        from merchants m cross join lateral (
          select order_number from (
            select order_number from orders
             where merchant_id = m.merchant_id and next_check_at <= ${now}
             order by next_check_at desc limit ${Math.ceil(perMerchant / 2)} for update skip locked) newest
          union
          select order_number from (
            select order_number from orders
             where merchant_id = m.merchant_id and next_check_at <= ${now}
             order by next_check_at limit ${Math.floor(perMerchant / 2)} for update skip locked) oldest
        ) overdue
    )
    update orders o set next_check_at = ${leaseUntil}, check_count = o.check_count + 1
      from due where o.merchant_id = due.merchant_id and o.order_number = due.order_number
    returning o.*`
  return rows.map((row) => ({ order: orderOf(row), checkCount: row.check_count - 1, leaseUntil }))
}

export async function scheduleCheck(sql: Queries, { order, leaseUntil }: ClaimedOrder, at: Date): Promise<void> {
  await sql`update orders set next_check_at = case when status in ('paid', 'closed') and ${noLiveAttempt(sql)} then null else ${at} end
             where merchant_id = ${order.merchantId} and order_number = ${order.orderNumber}
               and next_check_at = ${leaseUntil}`
}

async function insertEvent(sql: Queries, order: Order, seq: number, from: OrderStatus | undefined, event: NewEvent) {
  await sql`
    insert into order_events (merchant_id, order_number, seq, kind, from_status, to_status, cause, actor, detail, at)
    values (${order.merchantId}, ${order.orderNumber}, ${seq}, ${event.kind}, ${from ?? null}, ${event.to},
            ${event.cause}, ${event.actor}, ${sql.json(event.detail ?? {})}, ${event.at})`
}

export async function orderLines(sql: Queries, merchantId: string, orderNumber: string): Promise<OrderLine[]> {
  const rows = await sql<LineRow[]>`
    select * from order_lines where merchant_id = ${merchantId} and order_number = ${orderNumber} order by line`
  return rows.map(lineOf)
}

export async function orderEvents(sql: Queries, merchantId: string, orderNumber: string): Promise<OrderEvent[]> {
  const rows = await sql<
    { seq: number; kind: string; from_status: OrderStatus | null; to_status: OrderStatus; cause: string; at: Date }[]
  >`select seq, kind, from_status, to_status, cause, at from order_events
     where merchant_id = ${merchantId} and order_number = ${orderNumber} order by seq`
  return rows.map((row) => ({
    seq: row.seq,
    kind: row.kind,
    ...(row.from_status === null ? {} : { from: row.from_status }),
    to: row.to_status,
    cause: row.cause,
    at: row.at.toISOString(),
  }))
}

/** Pages by position, not by offset: a new order does not shift what the user is reading. */
export async function ordersOfUser(
  sql: Queries,
  merchantId: string,
  userId: string,
  filter: { status?: OrderStatus; after?: OrderPosition; limit: number },
): Promise<OrderPage> {
  const { status, after, limit } = filter
  const rows = await sql<OrderRow[]>`
    select * from orders where merchant_id = ${merchantId} and user_id = ${userId}
       ${status === undefined ? sql`` : sql`and status = ${status}`}
       ${after === undefined ? sql`` : sql`and (created_at, order_number) < (${after.createdAt}, ${after.orderNumber})`}
     order by created_at desc, order_number desc limit ${limit + 1}`
  const shown = rows.slice(0, limit).map(orderOf)
  const numbers = shown.map((order) => order.orderNumber)
  const lines = await sql<LineRow[]>`
    select * from order_lines where merchant_id = ${merchantId} and order_number = any(${numbers}) order by line`
  const last = shown.at(-1)
  return {
    orders: shown.map((order) => ({
      order,
      lines: lines.filter((line) => line.order_number === order.orderNumber).map(lineOf),
    })),
    next:
      rows.length > limit && last !== undefined
        ? { createdAt: last.createdAt, orderNumber: last.orderNumber }
        : undefined,
  }
}

interface LineRow {
  order_number: string
  sku: string
  name: string
  price_fen: number
  quantity: number
  amount_fen: number
}

function lineOf(row: LineRow): OrderLine {
  return {
    sku: row.sku,
    name: row.name,
    priceFen: fen(row.price_fen),
    quantity: row.quantity,
    amountFen: fen(row.amount_fen),
  }
}

function orderOf(row: OrderRow): Order {
  return {
    merchantId: row.merchant_id,
    orderNumber: row.order_number,
    userId: row.user_id,
    appid: row.appid,
    openid: row.openid,
    status: row.status,
    totalFen: fen(row.total_fen),
    remark: row.remark ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    paidAt: row.paid_at ?? undefined,
    closedAt: row.closed_at ?? undefined,
    refundedFen: fen(row.refunded_fen),
  }
}
