import { createHash, createHmac } from 'node:crypto'

/** The two signature types of Pay v2 (pay-v2.md 2). */
export type V2SignType = 'MD5' | 'HMAC-SHA256'

/**
 * The text that a v2 signature covers, without the `&key=` part: every parameter but `sign` with a value that is not
 * empty, sorted by name in ASCII order, raw values.
 */
export function v2StringToSign(params: Iterable<readonly [string, string]>): string {
  return [...params]
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** Signs `text` (without its key part) with the merchant's APIv2 key: upper-case hex, 32 characters for MD5, 64 for HMAC. */
export function v2Sign(text: string, key: string, signType: V2SignType): string {
  const whole = `${text}&key=${key}`
  const digest = signType === 'MD5' ? createHash('md5').update(whole) : createHmac('sha256', key).update(whole)
  return digest.digest('hex').toUpperCase()
}
