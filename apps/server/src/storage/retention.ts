import type { Queries } from './store.ts'

/** How long what nobody needs any more is kept, in days; money, orders and their history are kept for ever. */
const refusedMessageDays = 90
const idempotencyDays = 7
const sessionDays = 30
const dayMs = 24 * 60 * 60 * 1000

/** At most so many rows of a kind at once, so that no statement holds others up. */
const atOnce = 5_000

/**
 * Deletes what is past its time: messages that were refused or had no effect, so that nobody can fill the disk with them
 * (A56), answers kept under an Idempotency-Key, and sessions that ended.
 * @returns whether more is left
 */
export async function forgetOld(sql: Queries, now: Date): Promise<boolean> {
  const before = (days: number) => new Date(now.getTime() - days * dayMs)
  const deleted = [
    await sql`
      delete from notify_inbox where ctid in (
        select ctid from notify_inbox
         where (verdict in ('refused', 'repeated', 'ignored') or verdict is null) and received_at < ${before(refusedMessageDays)}
         limit ${atOnce})`,
    await sql`
      delete from push_inbox where ctid in (
        select ctid from push_inbox
         where (verdict in ('refused', 'repeated', 'ignored') or verdict is null) and received_at < ${before(refusedMessageDays)}
         limit ${atOnce})`,
    await sql`
      delete from idempotency_keys where ctid in (
        select ctid from idempotency_keys where created_at < ${before(idempotencyDays)} limit ${atOnce})`,
    await sql`
      delete from sessions where ctid in (
        select ctid from sessions where expires_at < ${before(sessionDays)} limit ${atOnce})`,
  ]
  return deleted.some(({ count }) => count === atOnce)
}
