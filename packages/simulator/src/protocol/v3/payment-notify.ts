import { encryptResource } from '../../crypto/resource-cipher.ts'
import { toRfc3339 } from '../../engine/beijing-time.ts'
import { alphabets, type RandomBytes, randomText } from '../../engine/random.ts'
import type { Notification, Order, Payment } from '../../engine/records.ts'
import { transactionOf } from './order-query.ts'

/** The body of a v3 payment notification (pay-v3.md 11), its resource encrypted under `apiV3Key`. */
export function v3PaymentNotify(
  random: RandomBytes,
  notification: Notification,
  order: Order,
  payment: Payment,
  apiV3Key: string,
): string {
  const nonce = randomText(random, alphabets.alphanumeric, 12)
  return JSON.stringify({
    id: notification.id,
    create_time: toRfc3339(notification.createdAtMs),
    event_type: 'TRANSACTION.SUCCESS',
    resource_type: 'encrypt-resource',
    summary: '支付成功',
    resource: {
      original_type: 'transaction',
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: encryptResource(JSON.stringify(transactionOf(order, payment)), apiV3Key, nonce, 'transaction'),
      associated_data: 'transaction',
      nonce,
    },
  })
}

/** Whether the back end took a v3 notification: 200 or 204, the body does not matter. */
export const isV3Acknowledgement = (status: number): boolean => status === 200 || status === 204
