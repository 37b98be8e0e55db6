import type { PushDecision, PushInboxMessage, Refused } from '../ports.ts'
import { hasRoomForRefused, refusedBytesMax } from './notify-inbox.ts'
import type { Queries } from './store.ts'

export async function keepPush(sql: Queries, message: PushInboxMessage): Promise<void> {
  await sql`
    insert into push_inbox (merchant_id, inbox_id, appid, received_at, query, content_type, body)
    values (${message.merchantId}, ${message.inboxId}, ${message.appid}, ${message.receivedAt},
            ${sql.json(message.query)}, ${message.contentType}, ${message.body})`
}

export async function keepRefusedPush(sql: Queries, message: PushInboxMessage, refusal: Refused): Promise<void> {
  const { merchantId, inboxId, appid, receivedAt, query, contentType, body } = message
  const short = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, value.slice(0, 128)]))
  await sql`
    insert into push_inbox (merchant_id, inbox_id, appid, received_at, query, content_type, body, verdict, reason, decided_at)
    select ${merchantId}, ${inboxId}, ${appid}, ${receivedAt}::timestamptz, ${sql.json(short)}::jsonb, ${contentType},
           ${body.subarray(0, refusedBytesMax)}::bytea, 'refused', ${refusal.reason}, ${refusal.at}::timestamptz
     where ${hasRoomForRefused(sql, 'push_inbox', message)}`
}

/** Waits for whoever is at work on the same message, so that the answer holds until this transaction ends. */
export async function wasPushed(sql: Queries, merchantId: string, appid: string, dedupeKey: string): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`push ${merchantId} ${appid} ${dedupeKey}`}, 0))`
  const rows = await sql`
    select 1 from push_inbox where merchant_id = ${merchantId} and appid = ${appid} and dedupe_key = ${dedupeKey}
       and verdict in ('applied', 'ignored')`
  return rows.length > 0
}

export async function decidePush(
  sql: Queries,
  merchantId: string,
  inboxId: string,
  decision: PushDecision,
): Promise<void> {
  await sql`
    update push_inbox set verdict = ${decision.verdict}, event = ${decision.event}, dedupe_key = ${decision.dedupeKey},
           decided_at = ${decision.at}
     where merchant_id = ${merchantId} and inbox_id = ${inboxId}`
}
