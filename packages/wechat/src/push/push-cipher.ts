/** Signing and encryption of message pushes. See after-payment, section 3. */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, type KeyObject } from 'node:crypto'
import { decodeBase64 } from '../crypto/base64.ts'
import { WechatDecryptError, WechatMalformedError } from '../errors.ts'

const blockBytes = 32
const randomBytes = 16
const headBytes = randomBytes + 4

/** hex(sha1) of the parts sorted by bytes and joined: token, timestamp, nonce and, in secure mode, Encrypt. */
export function pushSignature(parts: readonly string[]): string {
  return createHash('sha1')
    .update([...parts].sort().join(''), 'utf8')
    .digest('hex')
}

/** The AES key in an EncodingAESKey of 43 letters and digits. */
export function pushKey(encodingAesKey: string): KeyObject {
  // The last letter's two spare bits are random in real keys, so a strict decoder would refuse most of them.
  return createSecretKey(Buffer.from(`${encodingAesKey}=`, 'base64'))
}

/** Encrypts a message for an appid: random 16 bytes, length, message, appid, padded to whole 32 bytes. */
export function sealPush(message: string, appid: string, key: KeyObject, random: Uint8Array): string {
  const text = Buffer.from(message, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  const plain = Buffer.concat([random, length, text, Buffer.from(appid, 'utf8')])
  const pad = blockBytes - (plain.length % blockBytes)
  const cipher = createCipheriv('aes-256-cbc', key, ivOf(key)).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString('base64')
}

/**
 * Decrypts `Encrypt`, whose signature must have been checked: CBC alone lets edits through.
 * @throws WechatDecryptError, with one reason for a wrong key and all broken content; WechatMalformedError
 * `identity_mismatch` for another appid
 */
export function openPush(encrypt: string, appid: string, key: KeyObject): Buffer {
  const sealed = decodeBase64(encrypt)
  if (sealed === undefined || sealed.length === 0 || sealed.length % blockBytes !== 0) {
    throw new WechatDecryptError('malformed_input', 'Encrypt is not base64 of whole 32-byte blocks')
  }
  // Padding goes up to 32, which the platform's own unpadding refuses above 16.
  const decipher = createDecipheriv('aes-256-cbc', key, ivOf(key)).setAutoPadding(false)
  const plain = withoutPadding(Buffer.concat([decipher.update(sealed), decipher.final()]))
  const length = plain.length < headBytes ? plain.length : plain.readUInt32BE(randomBytes)
  if (length > plain.length - headBytes) throw undecryptable()
  if (!plain.subarray(headBytes + length).equals(Buffer.from(appid, 'utf8'))) {
    throw new WechatMalformedError('identity_mismatch', 'The push is for another appid', 'appid')
  }
  return plain.subarray(headBytes, headBytes + length)
}

/** The initialisation vector is the first half of the key, because WeChat defines it so. */
function ivOf(key: KeyObject): Buffer {
  return key.export().subarray(0, 16)
}

function withoutPadding(padded: Buffer): Buffer {
  const pad = padded.at(-1) ?? 0
  if (pad < 1 || pad > blockBytes || !padded.subarray(-pad).every((byte) => byte === pad)) throw undecryptable()
  return padded.subarray(0, -pad)
}

function undecryptable(): WechatDecryptError {
  return new WechatDecryptError('undecryptable', 'Encrypt does not decrypt: wrong EncodingAESKey, or it was altered')
}
