/** Open data of the Mini Program. See miniprogram-login, "Open data: signature and decryption". */
import { createDecipheriv, createHash } from 'node:crypto'
import { decodeBase64 } from '../crypto/base64.ts'
import { equalDigests } from '../crypto/equal-digests.ts'
import { WechatDecryptError } from '../errors.ts'
import { type JsonFields, parseJsonObject } from '../wire/json-fields.ts'
import { withoutUndefined } from '../wire/without-undefined.ts'
import type { SessionKey } from './session-key.ts'

/** Decrypted profile or phone data. New Mini Programs get anonymous profiles: empty texts, gender 0. */
export interface OpenData {
  openId?: string
  unionId?: string
  nickName?: string
  avatarUrl?: string
  gender?: number
  language?: string
  city?: string
  province?: string
  country?: string
  phoneNumber?: string
  purePhoneNumber?: string
  countryCode?: string
  /** The appid is checked; the timestamp is in seconds and tells how fresh the data is. */
  watermark: { appid: string; timestamp: number }
}

/**
 * True when `signature` is hex(sha1(rawData + session_key)). `rawData` is the exact text received. False means: altered,
 * or the session_key was replaced since; ask the client to log in again.
 */
export function verifyRawData(message: { rawData: string; sessionKey: SessionKey; signature: string }): boolean {
  const { rawData, sessionKey, signature } = message
  if (typeof rawData !== 'string' || typeof signature !== 'string')
    throw new TypeError('rawData and signature are texts')
  const expected = createHash('sha1').update(rawData, 'utf8').update(sessionKey.reveal(), 'utf8').digest('hex')
  return /^[0-9a-f]{40}$/.test(signature) && equalDigests(signature, expected)
}

/**
 * Decrypts `encryptedData` and checks that its watermark names this appid.
 * @throws WechatDecryptError `malformed_input`, `undecryptable` (wrong or replaced session_key, or altered: log in
 * again; one reason for all, so that answers tell an attacker nothing), `watermark_mismatch`
 */
export function decryptOpenData(message: {
  encryptedData: string
  iv: string
  sessionKey: SessionKey
  appid: string
}): OpenData {
  const sealed = decodeBase64(message.encryptedData)
  const iv = decodeBase64(message.iv)
  if (sealed === undefined || sealed.length === 0 || sealed.length % 16 !== 0 || iv?.length !== 16) {
    const message = 'encryptedData or iv is not base64 of AES blocks; a blank in it was a + before URL decoding'
    throw new WechatDecryptError('malformed_input', message)
  }
  const data = readOpenData(decryptToJson(sealed, iv, message.sessionKey))
  if (data.watermark.appid === message.appid) return data
  throw new WechatDecryptError('watermark_mismatch', 'The data belongs to another Mini Program')
}

function decryptToJson(sealed: Buffer, iv: Buffer, sessionKey: SessionKey): JsonFields {
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(sessionKey.reveal(), 'base64'), iv)
  try {
    return parseJsonObject(Buffer.concat([decipher.update(sealed), decipher.final()]))
  } catch {
    throw new WechatDecryptError('undecryptable', 'encryptedData does not decrypt with this session_key: log in again')
  }
}

function readOpenData(fields: JsonFields): OpenData {
  const watermark = fields.object('watermark')
  return withoutUndefined<OpenData>({
    openId: fields.optionalText('openId'),
    unionId: fields.optionalText('unionId'),
    nickName: fields.optionalText('nickName'),
    avatarUrl: fields.optionalText('avatarUrl'),
    gender: fields.optionalInteger('gender'),
    language: fields.optionalText('language'),
    city: fields.optionalText('city'),
    province: fields.optionalText('province'),
    country: fields.optionalText('country'),
    phoneNumber: fields.optionalText('phoneNumber'),
    purePhoneNumber: fields.optionalText('purePhoneNumber'),
    countryCode: fields.optionalText('countryCode'),
    watermark: { appid: watermark.text('appid'), timestamp: watermark.integer('timestamp') },
  })
}
