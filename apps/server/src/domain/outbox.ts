/** What leaves the back end after a change was committed, each item with its own tries. */
export type OutboxKind = 'upload_shipping' | 'paid_message' | 'shipping_deadline' | 'webhook'

/** How a try ended. */
export type DeliveryOutcome =
  | { outcome: 'delivered'; note?: string }
  /** Nothing arrived, or the other side asked to come back later. */
  | { outcome: 'later'; error: string }
  /** It is too early for it, which is no failure. */
  | { outcome: 'not_yet'; until: Date; error: string }
  /** It may have arrived: no answer, or none that says so. */
  | { outcome: 'unknown'; error: string }
  /** The other side will not take it, today or tomorrow. */
  | { outcome: 'refused'; error: string }

export type OutboxStep =
  | { status: 'done'; note: string | undefined }
  | { status: 'pending'; nextAt: Date; error: string; mayHaveArrived: boolean }
  | { status: 'dead'; error: string }

/** The other side would take it a second time, and nobody can ask whether it has it: so it goes out once at most. */
const onceAtMost: ReadonlySet<OutboxKind> = new Set(['paid_message'])

const minute = 60
const hour = 60 * minute

/** Seconds from one failed try to the next; after the last one the item is given up. */
const gapsSeconds: Record<OutboxKind, readonly number[]> = {
  // WeChat's shipping side learns of a payment seconds to a minute after it (10060001); an outage may last a day.
  upload_shipping: [
    5,
    10,
    20,
    30,
    minute,
    2 * minute,
    5 * minute,
    15 * minute,
    hour,
    2 * hour,
    4 * hour,
    8 * hour,
    8 * hour,
  ],
  // A message about a payment long ago helps nobody.
  paid_message: [5, 30, 2 * minute, 10 * minute, 30 * minute],
  shipping_deadline: [minute, 10 * minute, hour, 6 * hour],
  // The schedule that Standard Webhooks proposes.
  webhook: [5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
}

/**
 * Seconds that an item waits at most after its first, second … try; the last one repeats. While all the money of an order
 * is on its way back, the look at its shipping is put off again and again, each time by less than this.
 */
export const longestWaitsSeconds: Record<OutboxKind, readonly number[]> = {
  ...gapsSeconds,
  shipping_deadline: [Math.max(...gapsSeconds.shipping_deadline)],
}

/** Whether another try would do harm, since an earlier one ended without a result. */
export function mustNotRepeat(kind: OutboxKind, wasInFlight: boolean): boolean {
  return wasInFlight && onceAtMost.has(kind)
}

/**
 * What becomes of an item whose try number `attempts` (from 1) ended so at `now`. A poison item does not go on for
 * ever (F65). `wasInFlight`: an earlier try may have arrived.
 */
export function nextOutboxStep(
  { kind, attempts, wasInFlight }: { kind: OutboxKind; attempts: number; wasInFlight: boolean },
  ended: DeliveryOutcome,
  now: Date,
): OutboxStep {
  if (ended.outcome === 'delivered') return { status: 'done', note: ended.note }
  if (ended.outcome === 'unknown' && onceAtMost.has(kind)) return { status: 'done', note: ended.error }
  if (ended.outcome === 'not_yet')
    return { status: 'pending', nextAt: ended.until, error: ended.error, mayHaveArrived: false }
  const gap = ended.outcome === 'refused' ? undefined : gapsSeconds[kind][attempts - 1]
  if (gap === undefined) return { status: 'dead', error: ended.error }
  const nextAt = new Date(now.getTime() + gap * 1000)
  return { status: 'pending', nextAt, error: ended.error, mayHaveArrived: wasInFlight || ended.outcome === 'unknown' }
}
