import type { FlagKind, NewFlag } from '../domain/flag.ts'
import type { Queries } from './store.ts'

/** False when the same fact has an open flag of this kind. */
export async function insertFlag(
  sql: Queries,
  merchantId: string,
  flagId: string,
  flag: NewFlag,
  at: Date,
): Promise<boolean> {
  const rows = await sql`
    insert into flags (merchant_id, flag_id, kind, subject_type, subject_id, order_number, evidence, opened_at)
    values (${merchantId}, ${flagId}, ${flag.kind}, ${flag.subjectType}, ${flag.subjectId}, ${flag.orderNumber ?? null},
            ${sql.json(flag.evidence)}, ${at})
    on conflict (merchant_id, kind, subject_id) where resolved_at is null do nothing returning 1`
  return rows.length === 1
}

export async function resolveFlag(
  sql: Queries,
  merchantId: string,
  kind: FlagKind,
  subjectId: string,
  by: string,
  note: string,
  at: Date,
): Promise<boolean> {
  const rows = await sql`
    update flags set resolved_at = ${at}, resolved_by = ${by}, note = ${note}
     where merchant_id = ${merchantId} and kind = ${kind} and subject_id = ${subjectId} and resolved_at is null
    returning 1`
  return rows.length === 1
}

export async function resolveDeadShipping(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
  note: string,
  at: Date,
): Promise<void> {
  await sql`
    update flags f set resolved_at = ${at}, resolved_by = 'fenpay', note = ${note}
      from outbox o
     where f.merchant_id = ${merchantId} and f.order_number = ${orderNumber} and f.kind = 'outbox_dead' and f.resolved_at is null
       and (o.merchant_id, o.outbox_id, o.kind) = (f.merchant_id, f.subject_id, 'upload_shipping')`
}
