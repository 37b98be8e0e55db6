import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'

// Message push of after-payment.md 3. The padding's block is 32 bytes, twice that of the cipher, so it is done by hand.
const blockLength = 32
const randomLength = 16

/** `signature` and `msg_signature`: hex SHA-1 over the parts, sorted and joined. */
export const pushSignature = (...parts: string[]): string =>
  createHash('sha1').update(parts.sort().join('')).digest('hex')

/** `Encrypt`: 16 characters of `random`, the length, the message and the appid under the EncodingAESKey. */
export function encryptPush(message: string, appid: string, encodingAesKey: string, random: string): string {
  const text = Buffer.from(message)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  const plain = Buffer.concat([Buffer.from(random), length, text, Buffer.from(appid)])
  const padding = blockLength - (plain.length % blockLength)
  const cipher = createCipheriv('aes-256-cbc', ...keyAndIv(encodingAesKey)).setAutoPadding(false)
  const sealed = [cipher.update(plain), cipher.update(Buffer.alloc(padding, padding)), cipher.final()]
  return Buffer.concat(sealed).toString('base64')
}

/** The reverse of {@link encryptPush}. Throws on a wrong key or damaged data. */
export function decryptPush(
  encrypt: string,
  encodingAesKey: string,
): { random: string; message: string; appid: string } {
  const decipher = createDecipheriv('aes-256-cbc', ...keyAndIv(encodingAesKey)).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(Buffer.from(encrypt, 'base64')), decipher.final()])
  const padding = padded.at(-1) ?? 0
  const plain = padded.subarray(0, padded.length - padding)
  const start = randomLength + 4
  const end = start + (plain.length < start ? 0 : plain.readUInt32BE(randomLength))
  const intact = padding >= 1 && padding <= blockLength && padded.subarray(-padding).every((byte) => byte === padding)
  if (!intact || end > plain.length) throw new Error('not a message under this EncodingAESKey')
  return {
    random: plain.subarray(0, randomLength).toString(),
    message: plain.subarray(start, end).toString(),
    appid: plain.subarray(end).toString(),
  }
}

function keyAndIv(encodingAesKey: string): [key: Buffer, iv: Buffer] {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  return [key, key.subarray(0, 16)]
}
