import { isDatabaseUnavailable, type Sql } from '../../apps/server/src/storage/connect.ts'
import { until } from '../../scripts/until.ts'

/** A minute passes, and every claim is over: for when who made it is dead, or stopped. */
export async function leasesEnd(sql: Sql): Promise<void> {
  await dueWithin(sql, 61)
}

/** What only waits for its time is due now. A claim of a worker that lives holds for longer, and stays. */
export async function dueNow(sql: Sql): Promise<void> {
  await dueWithin(sql, 40)
}

/** A process that is stopped inside a transaction keeps its locks until the database ends that one. */
async function dueWithin(sql: Sql, seconds: number): Promise<void> {
  await until('nothing is locked', () => setDue(sql, seconds).then(() => true, isLocked), 30_000)
}

function isLocked(error: unknown): boolean {
  if (isDatabaseUnavailable(error)) return false
  throw error
}

async function setDue(sql: Sql, seconds: number): Promise<void> {
  const soon = sql`now() + make_interval(secs => ${seconds})`
  await sql`update refunds set next_check_at = now() where next_check_at > now() and next_check_at < ${soon}`
  await sql`update orders set next_check_at = now() where next_check_at > now() and next_check_at < ${soon}`
  await sql`update outbox set next_at = now() where status = 'pending' and next_at > now() and next_at < ${soon}`
}
