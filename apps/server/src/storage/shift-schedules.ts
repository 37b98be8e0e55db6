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
