/** AES-GCM as Pay v3 uses it for certificates and notifies. See pay-v3, "AES-256-GCM". */
import { createDecipheriv, type KeyObject } from 'node:crypto'
import { WechatDecryptError } from '../errors.ts'
import { decodeBase64 } from './base64.ts'

const tagBytes = 16
const minNonceBytes = 12

/** An encrypted part of a Pay v3 message, as on the wire. */
export interface EncryptedResource {
  algorithm: string
  nonce: string
  associated_data?: string
  ciphertext: string
}

/**
 * Decrypts and authenticates a resource. The algorithm comes from the documentation, so any other name is refused.
 * The key's length is checked where the key is configured.
 * @throws WechatDecryptError `unsupported_algorithm`, `malformed_input`, or `undecryptable` for a wrong key or edit
 */
export function decryptResource(resource: EncryptedResource, key: KeyObject): Buffer {
  if (resource.algorithm !== 'AEAD_AES_256_GCM') {
    throw new WechatDecryptError('unsupported_algorithm', 'The resource is not encrypted with AEAD_AES_256_GCM')
  }
  const sealed = decodeBase64(resource.ciphertext)
  const nonce = Buffer.from(resource.nonce, 'utf8')
  if (sealed === undefined || sealed.length < tagBytes || nonce.length < minNonceBytes) {
    throw new WechatDecryptError('malformed_input', 'The ciphertext or nonce of the resource is malformed')
  }
  // Published test data use a 16-byte key; the cipher follows the key.
  const cipher = key.symmetricKeySize === 16 ? 'aes-128-gcm' : 'aes-256-gcm'
  const decipher = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(resource.associated_data ?? '', 'utf8'))
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  const plaintext = decipher.update(sealed.subarray(0, -tagBytes))
  try {
    return Buffer.concat([plaintext, decipher.final()])
  } catch {
    throw new WechatDecryptError('undecryptable', 'The resource does not decrypt: wrong APIv3 key, or it was altered')
  }
}
