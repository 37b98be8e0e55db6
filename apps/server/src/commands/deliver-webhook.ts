import { createHmac } from 'node:crypto'
import type { DeliveryOutcome } from '../domain/outbox.ts'
import { failingSecondsMax, signingSecrets, type WebhookSecret } from '../domain/webhook.ts'
import type { ClaimedOutbox, OutboxPayload, SealedEndpoint, WebhookDelivery, Writes } from '../ports.ts'
import type { Delivery, OutboxPorts } from './deliver-outbox.ts'
import { raiseFlag } from './raise-flag.ts'
import { secretsContext } from './webhook-secrets.ts'

/** The receiver says that it is gone for good. */
const gone = 410

/** Tells one of the merchant's own systems, signed as Standard Webhooks 1.0 says. Its id stays at each try. */
export async function deliverWebhook(ports: OutboxPorts, claimed: ClaimedOutbox): Promise<Delivery> {
  const { merchantId, outboxId, payload } = claimed
  const endpoint = await ports.store.endpoint(merchantId, String(payload['endpoint_id']))
  if (endpoint === undefined || endpoint.status === 'removed')
    return { ended: { outcome: 'delivered', note: 'the address was removed' } }
  if (endpoint.status === 'disabled')
    return { ended: { outcome: 'refused', error: 'the address is switched off' }, quiet: true }

  const at = ports.world.now()
  const body = JSON.stringify(payload['body'])
  const result = await ports.webhooks.post(endpoint.url, signedHeaders(ports, endpoint, outboxId, body, at), body)
  const status = 'status' in result ? result.status : undefined
  const isTaken = status !== undefined && status >= 200 && status < 300
  const problem = isTaken ? undefined : 'error' in result ? result.error : `it answered HTTP ${status}`
  const ended: DeliveryOutcome =
    problem === undefined
      ? { outcome: 'delivered' }
      : { outcome: status === gone ? 'refused' : 'later', error: problem }
  const { endpointId } = endpoint
  const delivery = { merchantId, outboxId, endpointId, at, status, durationMs: result.durationMs, error: problem }
  // A flag about a flag that could not be told would be the next one that cannot.
  const quiet = status === gone || eventOf(payload) === 'flag.opened'
  return { ended, record: (tx) => recordTry(tx, ports, delivery, endpoint), quiet }
}

function eventOf(payload: OutboxPayload): unknown {
  const { body } = payload
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['type'] : undefined
}

function signedHeaders(
  { secrets }: OutboxPorts,
  endpoint: SealedEndpoint,
  id: string,
  body: string,
  at: Date,
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000)
  const kept = JSON.parse(secrets.open(secretsContext(endpoint), endpoint.sealedSecrets)) as WebhookSecret[]
  const signatures = signingSecrets(kept, at).map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return {
    'content-type': 'application/json',
    'user-agent': 'fenpay-webhook',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

/**
 * Writes the try into the log. An address that has taken nothing for days is switched off, and a person is told.
 * `seen` is the address before the try.
 */
async function recordTry(
  tx: Writes,
  { world }: OutboxPorts,
  delivery: WebhookDelivery,
  seen: SealedEndpoint,
): Promise<void> {
  const { merchantId, endpointId, error } = delivery
  // On a good day the address stays as it is, and nobody waits for its row. Who has to lock it does so before the log
  // refers to it: the reference holds the row as well, and two who have that and want more wait for each other.
  const mayChange = error !== undefined || seen.failingSince !== undefined
  const endpoint = mayChange ? await tx.lockEndpoint(merchantId, endpointId) : undefined
  await tx.logDelivery(delivery)
  if (endpoint === undefined || endpoint.status !== 'enabled') return
  if (error === undefined) {
    if (endpoint.failingSince !== undefined) await tx.saveEndpoint({ ...endpoint, failingSince: undefined })
    return
  }
  const failingSince = endpoint.failingSince ?? delivery.at
  const isOver = delivery.status === gone || delivery.at.getTime() - failingSince.getTime() >= failingSecondsMax * 1000
  await tx.saveEndpoint({ ...endpoint, failingSince, status: isOver ? 'disabled' : 'enabled' })
  if (!isOver) return
  await raiseFlag(tx, world, merchantId, {
    kind: 'webhook_disabled',
    subjectType: 'webhook',
    subjectId: endpointId,
    orderNumber: undefined,
    // Not the whole of it: what follows the host is a secret with some, and a flag is told to every other address.
    evidence: {
      address: new URL(endpoint.url).origin,
      failing_since: failingSince.toISOString(),
      error: error.slice(0, 500),
    },
  })
}
