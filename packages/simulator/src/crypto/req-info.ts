import { createCipheriv, createHash } from 'node:crypto'

/** The key of req_info (pay-v2.md 13): lower-case hex MD5 of the APIv2 key, taken as 32 characters. */
export const reqInfoKey = (apiV2Key: string): string => createHash('md5').update(apiV2Key).digest('hex')

/** AES-256-ECB with PKCS#7, base64; `key` is 32 characters. */
export function encryptReqInfo(plaintext: string, key: string): string {
  const cipher = createCipheriv('aes-256-ecb', Buffer.from(key), null)
  return Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]).toString('base64')
}
