/** What the merchant's own systems can be told. */
export const webhookEvents = [
  'order.paid',
  'order.closed',
  'order.shipped',
  'refund.succeeded',
  'refund.failed',
  'payment.suspended',
  'flag.opened',
] as const
export type WebhookEvent = (typeof webhookEvents)[number]

export type WebhookStatus = 'enabled' | 'disabled' | 'removed'

/** A secret of an endpoint, `whsec_` and base64. During a rotation two are valid. */
export interface WebhookSecret {
  secret: string
  /** Undefined while it is the newest one. */
  endsAt: string | undefined
}

export interface WebhookEndpoint {
  merchantId: string
  endpointId: string
  url: string
  events: WebhookEvent[]
  status: WebhookStatus
  failingSince: Date | undefined
  createdAt: Date
}

/** Both secrets sign for so long after a rotation. */
export const rotationSeconds = 24 * 60 * 60
/** An address that took nothing for so long is switched off. */
export const failingSecondsMax = 3 * 24 * 60 * 60

/** The secrets that sign at `now`, newest first. */
export function signingSecrets(secrets: readonly WebhookSecret[], now: Date): string[] {
  return secrets
    .filter(({ endsAt }) => endsAt === undefined || now.getTime() < new Date(endsAt).getTime())
    .map(({ secret }) => secret)
}

/** The new secret signs from now on, the one before it until the rotation ends; older ones are gone. */
export function rotateSecrets(secrets: readonly WebhookSecret[], secret: string, now: Date): WebhookSecret[] {
  const [last] = secrets
  const endsAt = new Date(now.getTime() + rotationSeconds * 1000).toISOString()
  return [{ secret, endsAt: undefined }, ...(last === undefined ? [] : [{ secret: last.secret, endsAt }])]
}
