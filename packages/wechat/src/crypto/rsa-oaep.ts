import { constants, type KeyObject, publicEncrypt } from 'node:crypto'

/**
 * Encrypts a short text as Pay v3 wants sensitive fields: RSA-OAEP with SHA-1 (WeChat's choice, see pay-v3 section 5.4),
 * base64. At most 214 bytes for a key of 2048 bits.
 */
export function encryptOaep(text: string, publicKey: KeyObject): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return publicEncrypt({ key: publicKey, padding, oaepHash: 'sha1' }, Buffer.from(text, 'utf8')).toString('base64')
}
