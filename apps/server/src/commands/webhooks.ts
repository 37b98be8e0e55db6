import { numberFromBytes } from '../domain/number.ts'
import type { WebhookEndpoint, WebhookEvent } from '../domain/webhook.ts'
import { webhookAddress, webhookUrlProblem } from '../domain/webhook-url.ts'
import type { Secrets, Store, WebhookDelivery, World } from '../ports.ts'
import { newWebhookSecret, sealWithNewSecret } from './webhook-secrets.ts'

type Ports = { store: Store; secrets: Secrets; world: World }

/**
 * Adds an address of the merchant's own systems. The secret is told here and at a rotation, never again.
 * @returns why not, in words, when the address cannot be one, or is another's: then with that one
 */
export async function addWebhook(
  ports: Ports & { allowLoopback: boolean },
  merchantId: string,
  { url, events }: { url: string; events: WebhookEvent[] },
): Promise<{ endpointId: string; secret: string } | { refused: string; takenBy?: WebhookEndpoint }> {
  const problem = webhookUrlProblem(url, ports.allowLoopback)
  if (problem !== undefined) return { refused: problem }
  if (events.length === 0) return { refused: 'Name at least one event.' }
  const endpointId = numberFromBytes(ports.world.randomBytes(16))
  const secret = newWebhookSecret(ports.world)
  const createdAt = ports.world.now()
  const endpoint: WebhookEndpoint = {
    merchantId,
    endpointId,
    url: webhookAddress(url),
    events: [...new Set(events)],
    status: 'enabled',
    failingSince: undefined,
    createdAt,
  }
  const sealedSecrets = sealWithNewSecret(ports, endpoint, secret)
  const holder = await ports.store.transaction((tx) => tx.insertEndpoint({ ...endpoint, sealedSecrets }))
  if (holder.endpointId === endpointId) return { endpointId, secret }
  return { refused: `Webhook ${holder.endpointId} has this address already; it is ${holder.status}.`, takenBy: holder }
}

export function listWebhooks({ store }: { store: Store }, merchantId: string): Promise<WebhookEndpoint[]> {
  return store.endpoints(merchantId)
}

/** What waits for it is not sent any more; its log is kept. False when there is no such address. */
export function removeWebhook(ports: Pick<Ports, 'store' | 'world'>, merchantId: string, endpointId: string) {
  return changeStatus(ports, merchantId, endpointId, 'removed')
}

/** Switches an address on again, for what happens from now on. False when there is no such address. */
export function enableWebhook(ports: Pick<Ports, 'store' | 'world'>, merchantId: string, endpointId: string) {
  return changeStatus(ports, merchantId, endpointId, 'enabled')
}

function changeStatus(
  { store, world }: Pick<Ports, 'store' | 'world'>,
  merchantId: string,
  endpointId: string,
  status: 'removed' | 'enabled',
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const endpoint = await tx.lockEndpoint(merchantId, endpointId)
    if (endpoint === undefined || endpoint.status === 'removed') return false
    await tx.saveEndpoint({ ...endpoint, status, failingSince: undefined })
    await tx.resolveFlag(merchantId, 'webhook_disabled', endpointId, 'fenpay', `the address is ${status}`, world.now())
    return true
  })
}

/** A new secret; the old one signs along with it for a day. Undefined when there is no such address. */
export function rotateWebhookSecret(ports: Ports, merchantId: string, endpointId: string): Promise<string | undefined> {
  const secret = newWebhookSecret(ports.world)
  return ports.store.transaction(async (tx) => {
    const endpoint = await tx.lockEndpoint(merchantId, endpointId)
    if (endpoint === undefined || endpoint.status === 'removed') return undefined
    await tx.saveEndpoint({ ...endpoint, sealedSecrets: sealWithNewSecret(ports, endpoint, secret) })
    return secret
  })
}

/** The tries to tell the merchant's systems, newest first. */
export function listDeliveries(
  { store }: { store: Store },
  merchantId: string,
  { endpointId, failed = false, limit = 50 }: { endpointId?: string; failed?: boolean; limit?: number } = {},
): Promise<WebhookDelivery[]> {
  return store.deliveries(merchantId, { limit, failed, ...(endpointId === undefined ? {} : { endpointId }) })
}

/**
 * Sends a webhook once more under the same id, whatever became of it; also anything else that the outbox gave up.
 * False when there is none that could be sent again.
 */
export function resendDelivery(
  { store, world }: Pick<Ports, 'store' | 'world'>,
  merchantId: string,
  outboxId: string,
): Promise<boolean> {
  return store.transaction((tx) => tx.restartOutbox(merchantId, outboxId, world.now()))
}
