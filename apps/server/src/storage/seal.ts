import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import type { Secrets } from '../ports.ts'

const nonceLength = 12
const tagLength = 16

/**
 * Encrypts and authenticates secrets at rest: nonce, tag, ciphertext of AES-256-GCM under the master key. Opening
 * fails when the master key, the context or the bytes are not those of the sealing.
 */
export function createSealer(masterKey: KeyObject, randomBytes: (size: number) => Uint8Array): Secrets {
  return {
    seal(context, secret) {
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: tagLength })
      cipher.setAAD(Buffer.from(context))
      const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext])
    },
    open(context, sealed) {
      const nonce = sealed.subarray(0, nonceLength)
      const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: tagLength })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(sealed.subarray(nonceLength, nonceLength + tagLength))
      const ciphertext = sealed.subarray(nonceLength + tagLength)
      try {
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
      } catch {
        throw new Error(`the sealed ${context} cannot be opened: the master key is not the one it was sealed with`)
      }
    },
  }
}
