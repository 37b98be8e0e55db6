import type { OutboxKind, OutboxStep } from '../domain/outbox.ts'
import type { Audience, ClaimedOutbox, OutboxItem, OutboxPayload } from '../ports.ts'
import { gaveUpWaiting, isDatabaseUnavailable, type Transaction } from './connect.ts'
import type { Queries } from './store.ts'

/** Runs a statement of the job queue inside our transaction. */
export type ExecuteSql = (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>

/** Puts a job for an item into the queue, so that a worker takes it after the commit. */
export type WakeWorker = (execute: ExecuteSql, item: Pick<OutboxItem, 'merchantId' | 'outboxId'>) => Promise<void>

interface OutboxRow {
  merchant_id: string
  outbox_id: string
  kind: OutboxKind
  once_key: string
  order_number: string | null
  payload: OutboxPayload
  attempts: number
  created_at: Date
}

export async function addOutbox(sql: Transaction, item: OutboxItem, wake: WakeWorker | undefined): Promise<boolean> {
  const rows = await sql`
    insert into outbox (merchant_id, outbox_id, kind, once_key, order_number, payload, created_at, next_at)
    values (${item.merchantId}, ${item.outboxId}, ${item.kind}, ${item.onceKey}, ${item.orderNumber ?? null},
            ${sql.json(item.payload)}, ${item.createdAt}, ${item.nextAt})
    on conflict (merchant_id, kind, once_key) do nothing returning 1`
  if (rows.length === 1 && item.nextAt <= item.createdAt) await wakeAfterCommit(sql, item, wake)
  return rows.length === 1
}

/** A job that cannot be written is no reason to lose what the transaction is about: the sweep finds the item. */
async function wakeAfterCommit(
  sql: Transaction,
  item: Pick<OutboxItem, 'merchantId' | 'outboxId'>,
  wake: WakeWorker | undefined,
): Promise<void> {
  if (wake === undefined) return
  try {
    await sql.savepoint((inner) =>
      wake(async (text, values = []) => ({ rows: await inner.unsafe(text, values as never[]) }), item),
    )
  } catch (error) {
    if (isDatabaseUnavailable(error) && !gaveUpWaiting(error)) throw error
  }
}

/**
 * What users wait for goes first, the newest of it; the rest by how long it is overdue. Each merchant gives so many. No
 * try is counted: whoever takes many comes to the last of them late, or not at all.
 */
export async function holdDueOutbox(sql: Queries, now: Date, until: Date, perMerchant: number): Promise<OutboxItem[]> {
  // Materialized, since a plan that looks for the due items once for each row would take more than the limit.
  const rows = await sql<OutboxRow[]>`
    with due as materialized (
      select m.merchant_id, d.outbox_id, d.place
        from merchants m cross join lateral (
          (select u.*, row_number() over () as place from (
            select outbox_id from outbox
             where merchant_id = m.merchant_id and status = 'pending' and user_facing and next_at <= ${now}
             order by created_at desc limit ${perMerchant} for update skip locked) u)
          union all
          (select o.*, ${perMerchant} + row_number() over () as place from (
            select outbox_id from outbox
             where merchant_id = m.merchant_id and status = 'pending' and not user_facing and next_at <= ${now}
             order by next_at limit ${perMerchant} for update skip locked) o)
        ) d
    ), held as (
      update outbox o set next_at = ${until}
        from due where o.merchant_id = due.merchant_id and o.outbox_id = due.outbox_id
      returning o.*, due.place
    )
    select * from held order by place, merchant_id`
  return rows.map((row) => ({ ...itemOf(row), nextAt: until }))
}

/** Waits for whoever has the row locked: that may be a sweep that looks at it and does not take it. */
export async function claimOutbox(
  sql: Queries,
  merchantId: string,
  outboxId: string,
  dueBy: Date,
  leaseUntil: Date,
): Promise<ClaimedOutbox | undefined> {
  const [row] = await sql<(OutboxRow & { was_in_flight: boolean })[]>`
    with due as materialized (
      select outbox_id, in_flight as was_in_flight from outbox
       where merchant_id = ${merchantId} and outbox_id = ${outboxId} and status = 'pending' and next_at <= ${dueBy}
         for update
    )
    update outbox o set next_at = ${leaseUntil}, attempts = o.attempts + 1, in_flight = true
      from due where o.merchant_id = ${merchantId} and o.outbox_id = due.outbox_id
    returning o.*, due.was_in_flight`
  if (row === undefined) return undefined
  return { ...itemOf(row), nextAt: leaseUntil, attempts: row.attempts, wasInFlight: row.was_in_flight, leaseUntil }
}

export async function endOutboxTry(sql: Queries, claimed: ClaimedOutbox, step: OutboxStep, at: Date): Promise<boolean> {
  const rows = await sql`
    update outbox set status = ${step.status}, in_flight = ${step.status === 'pending' && step.mayHaveArrived},
           last_error = ${step.status === 'done' ? (step.note ?? null) : step.error},
           next_at = ${step.status === 'pending' ? step.nextAt : null},
           ended_at = ${step.status === 'pending' ? null : at}
     where merchant_id = ${claimed.merchantId} and outbox_id = ${claimed.outboxId}
       and status = 'pending' and in_flight and attempts = ${claimed.attempts}
    returning 1`
  return rows.length === 1
}

export async function restartOutbox(
  sql: Transaction,
  merchantId: string,
  outboxId: string,
  at: Date,
  wake: WakeWorker | undefined,
): Promise<boolean> {
  const rows = await sql`
    update outbox set status = 'pending', attempts = 0, in_flight = false, next_at = ${at}, ended_at = null
     where merchant_id = ${merchantId} and outbox_id = ${outboxId}
       and (status = 'dead' or (status = 'done' and kind = 'webhook'))
    returning 1`
  if (rows.length === 1) await wakeAfterCommit(sql, { merchantId, outboxId }, wake)
  return rows.length === 1
}

export async function audience(
  sql: Queries,
  merchantId: string,
  appid: string | undefined,
  event: string,
): Promise<Audience> {
  const [row] = await sql<
    { shipping_management: boolean; paid_message: Audience['paidMessage'] | null; endpoint_ids: string[] }[]
  >`
    select m.shipping_management, a.paid_message,
           array(select endpoint_id from webhook_endpoints e
                  where e.merchant_id = m.merchant_id and e.status = 'enabled' and ${event} = any(e.events)
                  order by e.created_at, e.endpoint_id) as endpoint_ids
      from merchants m left join apps a on a.merchant_id = m.merchant_id and a.appid = ${appid ?? null}
     where m.merchant_id = ${merchantId}`
  if (row === undefined) throw new Error(`there is no merchant ${merchantId}`)
  return {
    endpointIds: row.endpoint_ids,
    shippingManagement: row.shipping_management,
    paidMessage: row.paid_message ?? undefined,
  }
}

function itemOf(row: OutboxRow): Omit<OutboxItem, 'nextAt'> {
  return {
    merchantId: row.merchant_id,
    outboxId: row.outbox_id,
    kind: row.kind,
    onceKey: row.once_key,
    orderNumber: row.order_number ?? undefined,
    payload: row.payload,
    createdAt: row.created_at,
  }
}
