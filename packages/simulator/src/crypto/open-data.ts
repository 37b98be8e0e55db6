import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'

// Open data of miniprogram-login.md 4 and 5. session_key is base64 text; only the cipher uses its decoded 16 bytes.
const cipherName = 'aes-128-cbc'

/** `signature` of a profile: hex SHA-1 over the exact rawData text followed by the session_key text. */
export const signRawData = (rawData: string, sessionKey: string): string =>
  createHash('sha1')
    .update(rawData + sessionKey)
    .digest('hex')

/** `encryptedData`: AES-128-CBC with PKCS#7, all values base64. */
export function encryptOpenData(plaintext: string, sessionKey: string, iv: string): string {
  const cipher = createCipheriv(cipherName, Buffer.from(sessionKey, 'base64'), Buffer.from(iv, 'base64'))
  return Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]).toString('base64')
}

/** The reverse of {@link encryptOpenData}. Throws on a wrong key or damaged data. */
export function decryptOpenData(encryptedData: string, sessionKey: string, iv: string): string {
  const decipher = createDecipheriv(cipherName, Buffer.from(sessionKey, 'base64'), Buffer.from(iv, 'base64'))
  return Buffer.concat([decipher.update(Buffer.from(encryptedData, 'base64')), decipher.final()]).toString('utf8')
}

/** `signature` of checksession and its kin: hex HMAC-SHA256 under the session_key text. */
export const signWithSessionKey = (data: string, sessionKey: string): string =>
  createHmac('sha256', sessionKey).update(data).digest('hex')
