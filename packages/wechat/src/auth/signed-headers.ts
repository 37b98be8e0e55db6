/** The headers that vouch for a message of WeChat's. See pay-v3, "Verifying responses and callbacks". */
import { decodeBase64 } from '../crypto/base64.ts'
import { WechatSignatureError } from '../errors.ts'
import { serialForm } from './serial.ts'

/** Headers as Node's http module, a framework or fetch has them; names in any case. */
export type HeaderSource = Headers | Readonly<Record<string, string | readonly string[] | undefined>>

export interface SignedHeaders {
  /** Seconds since the epoch, as sent: it is part of the signed text. */
  timestamp: string
  nonce: string
  signature: string
  serial: string
}

const maxSkewMs = 300_000
const signatureType = 'WECHATPAY2-SHA256-RSA2048'
const probePrefix = 'WECHATPAY/SIGNTEST/'

/** Reads the four headers and checks their form. @throws WechatSignatureError */
export function readSignedHeaders(source: HeaderSource): SignedHeaders {
  const find = headerFinder(source)
  const type = find('wechatpay-signature-type')
  if (type !== undefined && type !== signatureType) {
    throw new WechatSignatureError('wrong_algorithm', `Wechatpay-Signature-Type is not ${signatureType}`)
  }
  const required = (name: string, form: RegExp): string => {
    const value = find(name)
    if (value === undefined || value === '') throw new WechatSignatureError('missing_header', `There is no ${name}`)
    if (!form.test(value)) throw new WechatSignatureError('malformed_header', `${name} is malformed`)
    return value
  }
  return {
    timestamp: required('wechatpay-timestamp', /^[1-9]\d{0,11}$/),
    nonce: required('wechatpay-nonce', /^[\x21-\x7e]{1,64}$/),
    serial: required('wechatpay-serial', serialForm),
    signature: required('wechatpay-signature', /^[\x21-\x7e]{1,1024}$/),
  }
}

/** A message five minutes away from our clock, either way, is refused. @throws WechatSignatureError `clock_skew` */
export function checkClock(headers: SignedHeaders, nowMs: number): void {
  if (Math.abs(nowMs - Number(headers.timestamp) * 1000) >= maxSkewMs) {
    throw new WechatSignatureError(
      'clock_skew',
      'The message is five minutes or more from our clock: replay, or check it',
    )
  }
}

/** The signed text: timestamp, nonce and the raw body, each ended by a line feed. */
export function signedMessage(headers: Pick<SignedHeaders, 'timestamp' | 'nonce'>, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${headers.timestamp}\n${headers.nonce}\n`, 'latin1'), body, Buffer.from('\n')])
}

/** The signature's bytes. @throws WechatSignatureError for anything but canonical base64 */
export function signatureBytes(headers: SignedHeaders): Buffer {
  const bytes = decodeBase64(headers.signature)
  if (bytes === undefined) throw badSignature(headers)
  return bytes
}

export function badSignature(headers: SignedHeaders): WechatSignatureError {
  const probe = headers.signature.startsWith(probePrefix)
  const what = probe
    ? "a probe of WeChat's with a deliberately wrong signature"
    : 'a wrong signature: altered, or forged'
  return new WechatSignatureError('bad_signature', `The message carries ${what}`, { probe })
}

function headerFinder(source: HeaderSource): (name: string) => string | undefined {
  if (source instanceof Headers) return (name) => source.get(name) ?? undefined
  const byName = new Map(Object.entries(source).map(([name, value]) => [name.toLowerCase(), value]))
  return (name) => {
    const value = byName.get(name)
    if (value === undefined || typeof value === 'string') return value
    throw new WechatSignatureError('malformed_header', `${name} was sent more than once`)
  }
}
