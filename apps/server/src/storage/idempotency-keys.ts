import type { IdempotencyKey } from '../ports.ts'
import type { Queries } from './store.ts'

/**
 * Waits for whoever is at work under the same key, by a lock that ends with the transaction, then looks.
 * So of many equal requests at once one does the work and the others get its answer (I20).
 */
export async function claimIdempotencyKey(
  sql: Queries,
  key: IdempotencyKey,
): Promise<{ requestHash: Uint8Array; answer: unknown } | undefined> {
  const name = JSON.stringify([key.merchantId, key.userId, key.route, key.key])
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`
  const [row] = await sql<{ request_hash: Uint8Array; answer: unknown }[]>`
    select request_hash, answer from idempotency_keys
     where merchant_id = ${key.merchantId} and user_id = ${key.userId} and route = ${key.route} and key = ${key.key}`
  return row && { requestHash: row.request_hash, answer: row.answer }
}

export async function keepIdempotentAnswer(sql: Queries, key: IdempotencyKey, answer: unknown): Promise<void> {
  await sql`
    insert into idempotency_keys (merchant_id, user_id, route, key, request_hash, answer)
    values (${key.merchantId}, ${key.userId}, ${key.route}, ${key.key}, ${key.requestHash}, ${JSON.stringify(answer)}::text::jsonb)`
}
