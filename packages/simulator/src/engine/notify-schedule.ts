import type { Delivery, Notification } from './records.ts'

/** Seconds between a failed delivery and the next one (pay-v2.md 12, pay-v3.md 11): 15 retries, 24 h 4 min in all. */
export const retryDelaysSeconds = [
  15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600,
] as const

/** The notification after a delivery: finished when acknowledged or when the schedule is used up, else due again. */
export function afterDelivery(notification: Notification, delivery: Delivery): Notification {
  const { dueAtMs: _, ...rest } = notification
  const deliveries = [...notification.deliveries, delivery]
  const delaySeconds = retryDelaysSeconds[notification.deliveries.length]
  if (delivery.outcome === 'acknowledged' || delaySeconds === undefined) return { ...rest, deliveries }
  return { ...rest, deliveries, dueAtMs: delivery.atMs + delaySeconds * 1000 }
}
