import type { InboxDecision, InboxMessage, Refused } from '../ports.ts'
import type { Queries } from './store.ts'

export async function keepMessage(sql: Queries, message: InboxMessage): Promise<void> {
  await sql`
    insert into notify_inbox (merchant_id, inbox_id, pay_api, received_at, headers, body)
    values (${message.merchantId}, ${message.inboxId}, ${message.payApi}, ${message.receivedAt},
            ${sql.json(message.headers)}, ${message.body})`
}

/** So much of a message that nobody vouches for is kept, and so many of a merchant's in a minute; the log tells of all. */
export const refusedBytesMax = 2048
const refusedPerMinute = 100

/** The condition under which an inbox takes one more of them. */
export function hasRoomForRefused(
  sql: Queries,
  inbox: 'notify_inbox' | 'push_inbox',
  { merchantId, receivedAt }: { merchantId: string; receivedAt: Date },
) {
  return sql`(select count(*) from ${sql(inbox)}
               where merchant_id = ${merchantId} and verdict = 'refused'
                 and received_at > ${receivedAt}::timestamptz - interval '1 minute') < ${refusedPerMinute}`
}

export async function keepRefused(sql: Queries, message: InboxMessage, refusal: Refused): Promise<void> {
  const { merchantId, inboxId, payApi, receivedAt, headers, body } = message
  const wechats = Object.entries(headers).filter(([name]) => name === 'content-type' || name.startsWith('wechatpay-'))
  const short = Object.fromEntries(wechats.map(([name, value]) => [name, value.slice(0, refusedBytesMax)]))
  await sql`
    insert into notify_inbox (merchant_id, inbox_id, pay_api, received_at, headers, body, verdict, reason, out_trade_no,
                              decided_at)
    select ${merchantId}, ${inboxId}, ${payApi}, ${receivedAt}::timestamptz, ${sql.json(short)}::jsonb,
           ${body.subarray(0, refusedBytesMax)}::bytea, 'refused', ${refusal.reason}, ${refusal.outTradeNo ?? null}, ${refusal.at}::timestamptz
     where ${hasRoomForRefused(sql, 'notify_inbox', message)}`
}

export async function decideInbox(
  sql: Queries,
  merchantId: string,
  inboxId: string,
  decision: InboxDecision,
): Promise<void> {
  await sql`
    update notify_inbox set verdict = ${decision.verdict}, reason = ${decision.reason ?? null},
           out_trade_no = ${decision.outTradeNo ?? null}, transaction_id = ${decision.transactionId ?? null},
           decided_at = ${decision.at}
     where merchant_id = ${merchantId} and inbox_id = ${inboxId}`
}
