import type { NewFlag } from '../domain/flag.ts'
import type { OverdueFact } from '../ports.ts'
import type { Sql } from './connect.ts'

/** What is overdue, one query each: the fact's subject and its evidence. `$1` is now. */
const overdue = [
  {
    // P6, I21: an order past its end that WeChat has said nothing about.
    kind: 'order_undecided',
    subjectType: 'order',
    query: `select merchant_id, order_number as subject_id, order_number,
                   jsonb_build_object('status', status, 'expires_at', expires_at, 'looks', check_count) as evidence
              from orders o
             where status in ('pending', 'closing')
               and greatest(
                     case when status = 'pending' then expires_at end,
                     (select max(at) from order_events e where (e.merchant_id, e.order_number, e.kind) = (o.merchant_id, o.order_number, 'cancelled')),
                     (select max(last_call_at) + interval '5 minutes' from attempts a
                       where (a.merchant_id, a.order_number) = (o.merchant_id, o.order_number))
                   ) + interval '10 minutes' < $1`,
  },
  {
    // A paid order that is still looked at has a second number, and WeChat does not let us close it (F24).
    kind: 'attempt_not_closed',
    subjectType: 'order',
    query: `select merchant_id, order_number as subject_id, order_number,
                   jsonb_build_object('out_trade_no', out_trade_no, 'paid_at', paid_at, 'looks', check_count) as evidence
              from orders o join attempts a using (merchant_id, order_number)
             where o.status = 'paid' and o.next_check_at is not null and a.status in ('intended', 'unknown', 'prepaid')
               and greatest(paid_at, last_call_at) + interval '24 hours' < $1`,
  },
  {
    // P6: a refund that WeChat was asked for, without a usable answer since. One that cannot be sent has its own flag.
    kind: 'operation_unknown',
    subjectType: 'refund',
    query: `select merchant_id, out_refund_no as subject_id, order_number,
                   jsonb_strip_nulls(jsonb_build_object('amount_fen', amount_fen, 'calls', calls, 'last_call_at', last_call_at, 'problem', problem)) as evidence
              from refunds r where status in ('intended', 'unknown') and created_at + interval '10 minutes' < $1
               and not exists (select from flags n where (n.merchant_id, n.kind, n.subject_id) = (r.merchant_id, 'refund_not_configured', r.out_refund_no)
                                  and n.resolved_at is null)`,
  },
  {
    // P5: accepted by WeChat, and no result for a day.
    kind: 'refund_overdue',
    subjectType: 'refund',
    query: `select merchant_id, out_refund_no as subject_id, order_number,
                   jsonb_build_object('amount_fen', amount_fen, 'accepted_at', accepted_at) as evidence
              from refunds where status = 'processing' and accepted_at + interval '24 hours' < $1`,
  },
] as const

/** What is overdue and has no open flag yet. */
export async function findOverdue(sql: Sql, now: Date): Promise<OverdueFact[]> {
  const facts: OverdueFact[] = []
  for (const { kind, subjectType, query } of overdue) {
    const rows = await sql.unsafe<
      { merchant_id: string; subject_id: string; order_number: string | null; evidence: NewFlag['evidence'] }[]
    >(
      `select f.* from (${query}) f
        where not exists (select from flags o where (o.merchant_id, o.kind, o.subject_id) = (f.merchant_id, '${kind}', f.subject_id)
                             and o.resolved_at is null) limit 1000`,
      [now],
    )
    for (const row of rows) {
      const { subject_id: subjectId, order_number, evidence } = row
      const flag = { kind, subjectType, subjectId, orderNumber: order_number ?? undefined, evidence }
      facts.push({ merchantId: row.merchant_id, flag })
    }
  }
  return facts
}

/** Settles the flags whose fact has been decided since. */
export async function settleDecidedFlags(sql: Sql, now: Date): Promise<void> {
  for (const { kind, query } of overdue) {
    await sql.unsafe(
      `update flags o set resolved_at = $1, resolved_by = 'fenpay', note = 'decided'
        where o.kind = '${kind}' and o.resolved_at is null
          and not exists (select from (${query}) f where (f.merchant_id, f.subject_id) = (o.merchant_id, o.subject_id))`,
      [now],
    )
  }
  await settleShippingOfRefunded(sql, now)
}

/** Nothing is left to ship of an order whose money is all back with the user. */
async function settleShippingOfRefunded(sql: Sql, now: Date): Promise<void> {
  await sql`
    update flags f set resolved_at = ${now}, resolved_by = 'fenpay', note = 'given back'
      from orders o
     where f.resolved_at is null and (o.merchant_id, o.order_number) = (f.merchant_id, f.order_number)
       and o.status = 'paid' and o.refunded_fen = o.paid_fen
       and (f.kind = 'shipping_due' or (f.kind = 'outbox_dead' and exists (
         select from outbox u
          where (u.merchant_id, u.outbox_id, u.kind) = (f.merchant_id, f.subject_id, 'upload_shipping'))))`
}
