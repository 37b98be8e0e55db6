import type { InboxDecision, InboxMessage } from '../ports.ts'
import type { Queries } from './store.ts'

export async function keepMessage(sql: Queries, message: InboxMessage): Promise<void> {
  await sql`
    insert into notify_inbox (merchant_id, inbox_id, pay_api, received_at, headers, body)
    values (${message.merchantId}, ${message.inboxId}, ${message.payApi}, ${message.receivedAt},
            ${sql.json(message.headers)}, ${message.body})`
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
