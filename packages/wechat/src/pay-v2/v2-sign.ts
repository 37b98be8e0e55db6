/**
 * The Pay v2 signature. See pay-v2, "Signature". MD5 is here because WeChat defines it; HMAC-SHA256 is the better
 * choice.
 */
import { createHash, createHmac } from 'node:crypto'
import { equalDigests } from '../crypto/equal-digests.ts'

export type V2SignType = 'MD5' | 'HMAC-SHA256'

const signForms: Record<V2SignType, RegExp> = { MD5: /^[0-9A-F]{32}$/, 'HMAC-SHA256': /^[0-9A-F]{64}$/ }

/**
 * The text that is signed, without the key: all fields but `sign` and empty ones, sorted by name in byte order.
 * @throws TypeError when a value is not a string: a list or object would be signed like a text
 */
export function canonicalV2(fields: Iterable<readonly [name: string, value: string]>): string {
  const pairs: Array<readonly [string, string]> = []
  for (const [name, value] of fields) {
    if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
    if (name !== 'sign' && value !== '') pairs.push([name, value])
  }
  // Names are ASCII, where comparing code units is comparing bytes.
  pairs.sort(([left], [right]) => (left < right ? -1 : 1))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

/** Signs fields with the API key: upper-case hex, 32 characters for MD5 and 64 for HMAC-SHA256. */
export function signV2(
  fields: Iterable<readonly [name: string, value: string]>,
  apiKey: string,
  signType: V2SignType,
): string {
  const text = `${canonicalV2(fields)}&key=${apiKey}`
  const hash = signType === 'MD5' ? createHash('md5') : createHmac('sha256', apiKey)
  return hash.update(text, 'utf8').digest('hex').toUpperCase()
}

/** True when `sign` is the fields' signature by exactly this algorithm, in WeChat's own spelling. */
export function verifyV2(fields: ReadonlyMap<string, string>, apiKey: string, signType: V2SignType): boolean {
  const sign = fields.get('sign') ?? ''
  return signForms[signType].test(sign) && equalDigests(sign, signV2(fields, apiKey, signType))
}
