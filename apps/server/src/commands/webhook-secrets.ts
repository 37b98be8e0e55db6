import { rotateSecrets, type WebhookSecret } from '../domain/webhook.ts'
import type { Secrets, World } from '../ports.ts'

/** What the secrets of an endpoint are sealed as. */
export function secretsContext({ merchantId, endpointId }: { merchantId: string; endpointId: string }): string {
  return `webhook secrets of ${endpointId} of merchant ${merchantId}`
}

/** 192 random bits, in the form of Standard Webhooks. */
export function newWebhookSecret(world: World): string {
  return `whsec_${Buffer.from(world.randomBytes(24)).toString('base64')}`
}

/** Seals `secret` as the newest one of the endpoint, which signs along with the one before it for a while. */
export function sealWithNewSecret(
  ports: { secrets: Secrets; world: World },
  endpoint: { merchantId: string; endpointId: string; sealedSecrets?: Uint8Array },
  secret: string,
): Uint8Array {
  const context = secretsContext(endpoint)
  const before =
    endpoint.sealedSecrets === undefined
      ? []
      : (JSON.parse(ports.secrets.open(context, endpoint.sealedSecrets)) as WebhookSecret[])
  return ports.secrets.seal(context, JSON.stringify(rotateSecrets(before, secret, ports.world.now())))
}
