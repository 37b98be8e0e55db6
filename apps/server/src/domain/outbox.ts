/** What leaves the back end after a change was committed, each item with its own tries. */
export type OutboxKind = 'upload_shipping' | 'paid_message' | 'shipping_deadline' | 'webhook'

/** How a try ended. */
export type DeliveryOutcome =
  | { outcome: 'delivered'; note?: string }
  /** Nothing arrived, or the other side asked to come back later. */
  | { outcome: 'later'; error: string }
  /** The other side will not take it, today or tomorrow. */
  | { outcome: 'refused'; error: string }

export type OutboxStep =
  | { status: 'done'; note: string | undefined }
  | { status: 'pending'; nextAt: Date; error: string }
  | { status: 'dead'; error: string }

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

/** What becomes of an item whose try number `attempts` (from 1) ended so at `now`. A poison item does not go on for ever (F65). */
export function nextOutboxStep(kind: OutboxKind, attempts: number, ended: DeliveryOutcome, now: Date): OutboxStep {
  if (ended.outcome === 'delivered') return { status: 'done', note: ended.note }
  const gap = ended.outcome === 'later' ? gapsSeconds[kind][attempts - 1] : undefined
  if (gap === undefined) return { status: 'dead', error: ended.error }
  return { status: 'pending', nextAt: new Date(now.getTime() + gap * 1000), error: ended.error }
}
