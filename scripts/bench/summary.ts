/** Times of one kind, summed up; milliseconds. */
export interface Summary {
  count: number
  p50: number
  p99: number
  max: number
}

export function summaryOf(times: readonly number[]): Summary {
  const sorted = times.toSorted((a, b) => a - b)
  /** The least time that so many of all do not exceed. */
  const percentile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { count: sorted.length, p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) }
}
