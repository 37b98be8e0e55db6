import type { RefundStatus } from './refund.ts'

/** Seconds to the next look at a refund after so many looks in its status; the last one repeats. */
const gapsSeconds: Record<RefundStatus, readonly number[]> = {
  intended: [10, 10, 20, 40, 60],
  unknown: [2, 5, 10, 20, 60],
  // A wallet has it back within minutes, a bank card within days (pay-v3.md 9: each minute, then growing).
  processing: [10, 20, 30, 60, 60, 60, 60, 120, 300, 600],
  waiting_funds: [60 * 60],
  abnormal: [60 * 60],
  succeeded: [],
  settled: [],
  closed: [],
  refused: [],
}

/** The longest gap of each status that is looked at. */
export const farthestRefundChecks = (Object.entries(gapsSeconds) as [RefundStatus, readonly number[]][])
  .filter(([, gaps]) => gaps.length > 0)
  .map(([status, gaps]) => ({ status, seconds: Math.max(...gaps) }))

/** When a refund is looked at next; undefined when it is final. */
export function nextRefundCheckAt(status: RefundStatus, checkCount: number, now: Date): Date | undefined {
  const gaps = gapsSeconds[status]
  const gap = gaps[Math.min(checkCount, gaps.length - 1)]
  return gap === undefined ? undefined : new Date(now.getTime() + gap * 1000)
}
