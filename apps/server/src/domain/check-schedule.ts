import { type Attempt, closableAt } from './attempt.ts'
import { mustClose, type Order } from './order.ts'

/**
 * Seconds between two looks at an order whose payment is under way; the last one repeats. The user may pay at any
 * moment until the expiry, and money without a notification is to be seen within a minute (P1).
 */
const gapsSeconds = [5, 5, 10, 15, 20, 30]
/** Seconds between two tries of a close that does not come through. Until CLOSED is seen money can still come (F21, P1). */
const closeGapsSeconds = [5, 10, 20, 30]

/** When an open order is looked at next, after `checkCount` looks. While nobody pays it only its expiry matters. */
export function nextCheckAt(order: Order, attempt: Attempt | undefined, checkCount: number, now: Date): Date {
  if (!mustClose(order, now)) {
    if (attempt === undefined) return order.expiresAt
    return earlier(after(now, gap(gapsSeconds, checkCount)), order.expiresAt)
  }
  const again = after(now, gap(closeGapsSeconds, checkCount))
  if (attempt === undefined) return again
  const closable = closableAt(attempt)
  // Until it may be closed it can still be paid, so it is looked at as often as any open payment.
  return now < closable ? earlier(after(now, gap(gapsSeconds, checkCount)), closable) : again
}

function gap(gaps: readonly number[], count: number): number {
  return gaps[Math.min(count, gaps.length - 1)] ?? 0
}

function after(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000)
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b
}
