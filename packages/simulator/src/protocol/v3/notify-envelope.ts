import { encryptResource } from '../../crypto/resource-cipher.ts'
import { toRfc3339 } from '../../engine/beijing-time.ts'
import { alphabets, type RandomBytes, randomText } from '../../engine/random.ts'
import type { Notification } from '../../engine/records.ts'

/** What a v3 notification is about. */
export interface NotifyContent {
  readonly eventType: string
  readonly summary: string
  readonly originalType: 'transaction' | 'refund'
  readonly resource: object
}

/** The body of a v3 notification (pay-v3.md 11), its resource encrypted under `apiV3Key`. */
export function v3NotifyBody(
  random: RandomBytes,
  { id, createdAtMs }: Notification,
  { eventType, summary, originalType, resource }: NotifyContent,
  apiV3Key: string,
): string {
  const nonce = randomText(random, alphabets.alphanumeric, 12)
  return JSON.stringify({
    id,
    create_time: toRfc3339(createdAtMs),
    event_type: eventType,
    resource_type: 'encrypt-resource',
    summary,
    resource: {
      original_type: originalType,
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: encryptResource(JSON.stringify(resource), apiV3Key, nonce, originalType),
      associated_data: originalType,
      nonce,
    },
  })
}
