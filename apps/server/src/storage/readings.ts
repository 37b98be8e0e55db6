import type { Readings } from '../ports.ts'
import type { Queries } from './store.ts'

/** What the metrics tell, of all merchants together. */
export async function readings(sql: Queries, now: Date): Promise<Readings> {
  const hourAgo = new Date(now.getTime() - 60 * 60 * 1000)
  const [orders] = await sql<{ seconds: number; unknown: number }[]>`
    select coalesce(extract(epoch from ${now}::timestamptz - min(created_at)), 0)::float8 as seconds,
           (select count(*) from attempts where status in ('intended', 'unknown'))
             + (select count(*) from refunds where status in ('intended', 'unknown')) as unknown
      from orders where status in ('pending', 'closing')`
  const openFlags = await sql<{ kind: string; count: number }[]>`
    select kind, count(*) from flags where resolved_at is null group by kind order by kind`
  const outbox = await sql<{ kind: string; pending: number; dead: number; seconds: number }[]>`
    select kind, count(*) filter (where status = 'pending') as pending, count(*) filter (where status = 'dead') as dead,
           coalesce(extract(epoch from ${now}::timestamptz
             - min(next_at) filter (where status = 'pending' and next_at <= ${now})), 0)::float8 as seconds
      from outbox where status in ('pending', 'dead') group by kind order by kind`
  const refusedNotifies = await sql<{ reason: string; count: number }[]>`
    select coalesce(reason, '') as reason, count(*) from notify_inbox
     where verdict = 'refused' and received_at > ${hourAgo} group by 1 order by 1`
  const payments = await sql<{ source: string; count: number; median: number; max: number }[]>`
    select source, count(*), percentile_cont(0.5) within group (order by delay)::float8 as median,
           max(delay)::float8 as max
      from (select source, greatest(extract(epoch from recorded_at - success_time), 0) as delay
              from payments where recorded_at > ${hourAgo}) p
     group by source order by source`
  return {
    oldestUndecidedSeconds: orders?.seconds ?? 0,
    unknownOperations: orders?.unknown ?? 0,
    openFlags: openFlags.map(({ kind, count }) => ({ kind, count })),
    outbox: outbox.map(({ kind, pending, dead, seconds }) => ({ kind, pending, dead, oldestDueSeconds: seconds })),
    refusedNotifies: refusedNotifies.map(({ reason, count }) => ({ reason, count })),
    payments: payments.map(({ source, count, median, max }) => ({
      source,
      count,
      secondsMedian: median,
      secondsMax: max,
    })),
  }
}
