/** Message pushes of the Mini Program. See after-payment, section 3. */
import { createHash, type KeyObject } from 'node:crypto'
import { equalDigests } from '../crypto/equal-digests.ts'
import { WechatDecryptError, WechatMalformedError, WechatSignatureError } from '../errors.ts'
import { appidForm, checkId, checkSeconds, checkSecret } from '../options.ts'
import { withoutUndefined } from '../wire/without-undefined.ts'
import { openPush, pushKey, pushSignature, sealPush } from './push-cipher.ts'
import { type PushFields, PushReader } from './push-fields.ts'
import { readPushJson } from './push-json.ts'
import { readPushXml } from './push-xml.ts'

export interface MessagePushOptions {
  appid: string
  /** The Token of the console: 3–32 letters and digits, at least four different ones. */
  token: string
  /** The EncodingAESKey of the console, 43 letters and digits. With it only encrypted pushes are taken. */
  encodingAesKey?: string
  /** Takes plain pushes beside encrypted ones, while the console is being switched to secure mode. Default: false. */
  allowPlain?: boolean
}

/** The query of a request, parsed. */
export type PushQuery = Readonly<Record<string, unknown>>

/** A push that came from WeChat. Times are in seconds since the epoch. */
export interface PushMessage {
  /** The Mini Program's own id, `gh_…`. */
  toUserName: string
  /** The user's openid, or an account of WeChat's. */
  fromUserName: string
  createTime: number
  /** `event` for all but messages of users. */
  msgType: string
  event?: string
  msgId?: string
  /**
   * The same for each repeat of a push, at most 80 characters: of a message its MsgId; of an event, which has none, its
   * time and a hash of all its fields, as one account may send several of a kind within a second.
   */
  dedupeKey: string
  /** When WeChat signed this try; a repeat has a later one. How old it may be is for the caller to say. */
  timestamp: number
  /** False when the push was plain: then its signature vouches for the time of sending, not for the content. */
  encrypted: boolean
  /** All fields as sent; `readPushEvent` reads the known events. */
  fields: PushFields
}

const maxBytes = 64 * 1024
/** Fixed at ten digits, as digits moved from the nonce to the timestamp would leave the signature as it is. */
const timestampForm = /^[1-9]\d{9}$/
const nonceForm = /^[A-Za-z0-9]{1,64}$/
const signatureForm = /^[0-9a-f]{40}$/
/** The signature does not cover echostr; nothing in it may mean anything to a browser. */
const echostrForm = /^[A-Za-z0-9+/=_-]{1,256}$/

/** Verifies and reads what WeChat pushes to the address set in the console, and encrypts answers. */
export class MessagePush {
  readonly #appid: string
  readonly #token: string
  readonly #key: KeyObject | undefined
  readonly #allowPlain: boolean

  /** @throws TypeError for any option that cannot be right */
  constructor(options: MessagePushOptions) {
    const { encodingAesKey } = options
    this.#appid = checkId('appid', options.appid, appidForm)
    this.#token = checkSecret('token', options.token, /^[A-Za-z0-9]{3,32}$/, '3 to 32 letters and digits')
    this.#key =
      encodingAesKey === undefined
        ? undefined
        : pushKey(checkSecret('encodingAesKey', encodingAesKey, /^[A-Za-z0-9]{43}$/, '43 letters and digits'))
    this.#allowPlain = options.allowPlain ?? false
  }

  /**
   * Checks the GET request by which the console tests the address, and gives the text to answer with, as text/plain.
   * @throws WechatSignatureError, WechatMalformedError
   */
  verifyUrl(query: PushQuery): string {
    this.#verify(query, 'signature')
    const echostr = query['echostr']
    if (typeof echostr === 'string' && echostrForm.test(echostr)) return echostr
    throw new WechatMalformedError('invalid_field', 'echostr is missing or has unexpected characters', 'echostr')
  }

  /**
   * Verifies and reads a push: JSON or XML; plain, encrypted, or both together, in which case only the encrypted part
   * counts. `body` is the bytes as received, at most 64 KiB. Answer `success` within 5 seconds and once it is kept;
   * otherwise WeChat sends it again, three times in all.
   *
   * With an encodingAesKey a plain push is refused (`wrong_algorithm`) unless `allowPlain`: anyone who saw one request
   * could forge it. Without one, take a plain push as a hint only.
   * @throws WechatSignatureError, WechatDecryptError, WechatMalformedError; TypeError if the body is not bytes
   */
  read(request: { query: PushQuery; body: Uint8Array; contentType?: string | undefined }): PushMessage {
    const { query, body, contentType } = request
    if (!(body instanceof Uint8Array)) throw new TypeError('body must be the bytes as received, before any parsing')
    if (body.byteLength > maxBytes) throw new WechatMalformedError('too_large', 'The push is larger than 64 KiB')
    const envelope = parse(body, contentType)
    const sealed = envelope['Encrypt']
    if (this.#key !== undefined && sealed !== undefined) {
      if (typeof sealed !== 'string')
        throw new WechatMalformedError('invalid_field', 'Encrypt is not a text', 'Encrypt')
      if (query['encrypt_type'] !== 'aes') throw downgraded('encrypt_type is not aes')
      const timestamp = this.#verify(query, 'msg_signature', sealed)
      return toMessage(parse(openPush(sealed, this.#appid, this.#key)), timestamp, true)
    }
    if (this.#key !== undefined && !this.#allowPlain)
      throw downgraded('The push is plain, but secure mode is configured')
    const timestamp = this.#verify(query, 'signature')
    if (sealed !== undefined && envelope['MsgType'] === undefined) {
      throw new WechatDecryptError('unsupported_algorithm', 'The push is encrypted: configure encodingAesKey')
    }
    return toMessage(envelope, timestamp, false)
  }

  /**
   * Encrypts an answer other than `success`; the result is sent as JSON. `timestamp` in seconds, `nonce` letters and
   * digits, `random` 16 fresh random bytes.
   * @throws TypeError without an encodingAesKey, or for an argument that cannot be right
   */
  encryptReply(
    message: string,
    { timestamp, nonce, random }: { timestamp: number; nonce: string; random: Uint8Array },
  ): { Encrypt: string; MsgSignature: string; TimeStamp: number; Nonce: string } {
    if (this.#key === undefined) throw new TypeError('encodingAesKey is needed to encrypt')
    if (!(random instanceof Uint8Array) || random.length !== 16) throw new TypeError('random must be 16 bytes')
    checkSeconds('timestamp', timestamp)
    checkId('nonce', nonce, nonceForm)
    const Encrypt = sealPush(message, this.#appid, this.#key, random)
    const MsgSignature = pushSignature([this.#token, String(timestamp), nonce, Encrypt])
    return { Encrypt, MsgSignature, TimeStamp: timestamp, Nonce: nonce }
  }

  /** Checks one of the two signatures in constant time, and gives the timestamp it covers. */
  #verify(query: PushQuery, name: 'signature' | 'msg_signature', ...more: string[]): number {
    const { timestamp, nonce, [name]: signature } = query
    if (timestamp === undefined || nonce === undefined || signature === undefined) {
      throw new WechatSignatureError('missing_sign', `The query lacks ${name}, timestamp or nonce`)
    }
    const isFormed = isText(timestamp, timestampForm) && isText(nonce, nonceForm) && isText(signature, signatureForm)
    if (!isFormed || !equalDigests(signature, pushSignature([this.#token, timestamp, nonce, ...more]))) {
      throw new WechatSignatureError('bad_signature', `${name} does not fit: wrong Token, or the push was altered`)
    }
    return Number(timestamp)
  }
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value)
}

function downgraded(what: string): WechatSignatureError {
  return new WechatSignatureError('wrong_algorithm', what)
}

/** The format shows in the first character; a declared content type must agree. */
function parse(bytes: Uint8Array, contentType = ''): PushFields {
  const isJson = /^[ \t\r\n]*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'))
  if (isJson ? /xml/i.test(contentType) : /json/i.test(contentType)) {
    throw new WechatMalformedError('invalid_field', 'The push is not of its content type', 'content-type')
  }
  return isJson ? readPushJson(bytes) : readPushXml(bytes)
}

function toMessage(fields: PushFields, timestamp: number, encrypted: boolean): PushMessage {
  const reader = new PushReader(fields)
  const createTime = reader.seconds('CreateTime')
  const msgType = reader.text('MsgType')
  const msgId = reader.optionalText('MsgId')
  return withoutUndefined<PushMessage>({
    toUserName: reader.text('ToUserName'),
    fromUserName: reader.text('FromUserName'),
    createTime,
    msgType,
    event: reader.optionalText('Event'),
    msgId,
    dedupeKey: msgType !== 'event' && isText(msgId, /^\d{1,20}$/) ? `msg:${msgId}` : `${createTime}:${hashOf(fields)}`,
    timestamp,
    encrypted,
    fields,
  })
}

/** Encrypt, which a push sent both ways has beside its fields, is another text with each repeat. */
function hashOf(fields: PushFields): string {
  const text = JSON.stringify(fields, (name, value) => (name === 'Encrypt' ? undefined : value))
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
