import { liveStatuses, prepayTtlSeconds } from '../domain/attempt.ts'
import { longestWaitsSeconds } from '../domain/outbox.ts'
import { farthestRefundChecks } from '../domain/refund-schedule.ts'
import { type RetryOptions, type Sql, withRetry } from './connect.ts'

/**
 * Brings everything that is to be looked at later nearer by `byMs`, at most to `now`. A shipping deadline stays: it is
 * counted from the payment, which WeChat's clock dates.
 */
export async function shiftSchedules(sql: Sql, retry: RetryOptions, now: Date, byMs: number): Promise<void> {
  const by = `${byMs} milliseconds`
  // Each table by itself: whoever holds locks on many rows of one waits for none of another.
  for (const [table, column, which] of [
    ['orders', 'next_check_at', 'true'],
    ['refunds', 'next_check_at', 'true'],
    ['outbox', 'next_at', "status = 'pending' and kind <> 'shipping_deadline'"],
  ] as const) {
    await withRetry(
      () =>
        sql.begin(async (tx) => {
          await tx`set local statement_timeout = '2min'`
          await tx.unsafe(
            `update ${table} set ${column} = greatest($1, ${column} - $2::interval) where ${column} > $1 and ${which}`,
            [now, by],
          )
        }),
      retry,
    )
  }
}

/** More than any gap between two looks at a payment under way, and than any lease. */
const farthestCheck = '2 minutes'

/**
 * Brings to `now` the looks at orders and refunds, and the tries of the outbox, that lie farther ahead than any schedule
 * puts them: a clock that was ahead set them, and the process that could have noticed is gone. What it wrote of calls for
 * a prepay_id would put the closing of their numbers off as far, and have the prepay_id handed out after its end.
 */
export async function recallStrays(sql: Sql, now: Date): Promise<void> {
  await sql`
    update orders o set next_check_at = ${now}
     where next_check_at > ${now}::timestamptz + ${farthestCheck}::interval
       and (status <> 'pending' or next_check_at > expires_at or exists (
         select from attempts a where (a.merchant_id, a.order_number) = (o.merchant_id, o.order_number)
            and a.status = any(${[...liveStatuses]})))`
  await sql`
    update attempts a set last_call_at = ${now}
      from orders o
     where o.next_check_at is not null and (a.merchant_id, a.order_number) = (o.merchant_id, o.order_number)
       and a.status = any(${[...liveStatuses]}) and a.last_call_at > ${now}::timestamptz + ${farthestCheck}::interval`
  await sql`
    update attempts a set prepay_expires_at = ${now}
      from orders o
     where o.next_check_at is not null and (a.merchant_id, a.order_number) = (o.merchant_id, o.order_number)
       and a.status = any(${[...liveStatuses]})
       and a.prepay_expires_at > ${now}::timestamptz + ${farthestCheck}::interval + ${`${prepayTtlSeconds} seconds`}::interval`
  await recallOutbox(sql, now)
  for (const { status, seconds } of farthestRefundChecks)
    await sql`
      update refunds set next_check_at = ${now}
       where status = ${status}
         and next_check_at > ${now}::timestamptz + ${farthestCheck}::interval + ${`${seconds} seconds`}::interval`
}

/** A shipping deadline that was not looked at yet stays, since WeChat's clock dates it. Each half has an index of its own. */
async function recallOutbox(sql: Sql, now: Date): Promise<void> {
  for (const [half, kinds] of [
    [sql`user_facing`, ['upload_shipping', 'paid_message']],
    [sql`not user_facing`, ['shipping_deadline', 'webhook']],
  ] as const)
    for (const kind of kinds) {
      const waits = longestWaitsSeconds[kind]
      await sql`
        update outbox set next_at = ${now}
         where status = 'pending' and ${half} and kind = ${kind} and (attempts > 0 or kind <> 'shipping_deadline')
           and next_at > ${now}::timestamptz + ${farthestCheck}::interval
                         + make_interval(secs => coalesce((string_to_array(${waits.join()}, ',')::int[])[least(attempts, ${waits.length})], 0))`
    }
}
