import type { Push, PushDelivery, PushValue } from './after-payment-records.ts'
import type { Engine } from './engine.ts'

const triesMax = 3
const betweenTriesMs = 5000

/**
 * Queues an event for the app's back end, due at once; nothing happens when the app has no push address. `from` is an
 * openid, the system's by default. Call inside a transaction.
 */
export function queuePush(
  { books, clock }: Engine,
  appid: string,
  event: string,
  fields: Readonly<Record<string, PushValue>>,
  from?: string,
): void {
  const target = books.pushTargets.get(appid)
  if (!target) return
  const nowMs = clock.nowMs()
  const fromUser = from ?? target.systemOpenid
  let createTime = Math.floor(nowMs / 1000)
  // Receivers tell events apart by these three, so no two of a sender's events share their second.
  while (books.pushes.get(appid, fromUser, event, String(createTime))) createTime++
  books.pushes.put({ appid, fromUser, createTime, event, fields, dueAtMs: nowMs, deliveries: [] })
}

/** The push after a try: finished when acknowledged or tried three times, else due again after five seconds. */
export function afterPushDelivery(push: Push, delivery: PushDelivery): Push {
  const { dueAtMs: _, ...rest } = push
  const deliveries = [...push.deliveries, delivery]
  const done = delivery.outcome === 'acknowledged' || deliveries.length >= triesMax
  return { ...rest, deliveries, ...(done ? {} : { dueAtMs: delivery.atMs + betweenTriesMs }) }
}
