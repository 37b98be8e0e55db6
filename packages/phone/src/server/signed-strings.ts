/**
 * The exact strings under WeChat's signatures, worked out from the messages themselves (pay-v2.md 2, pay-v3.md 2, 3, 7).
 * They are shown to people and verify nothing. `undefined` where a message is not signed in that way.
 */

type Headers = Readonly<Record<string, string>>

const hiddenKey = '<api_v2_key>'

/** Under a request to WeChat: five lines for v3, sorted fields for v2. */
export function requestSignedString(
  method: string,
  target: string,
  headers: Headers,
  body: string,
): string | undefined {
  const authorization = headerOf(headers, 'authorization') ?? ''
  if (!authorization.startsWith('WECHATPAY2-')) return v2SignedString(body)
  const timestamp = /timestamp="([^"]*)"/.exec(authorization)?.[1]
  const nonce = /nonce_str="([^"]*)"/.exec(authorization)?.[1]
  if (timestamp === undefined || nonce === undefined) return undefined
  return `${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`
}

/** Under an answer or a notification of WeChat: three lines for v3, sorted fields for v2. */
export function wechatSignedString(headers: Headers, body: string): string | undefined {
  const timestamp = headerOf(headers, 'wechatpay-timestamp')
  const nonce = headerOf(headers, 'wechatpay-nonce')
  return timestamp === undefined || nonce === undefined ? v2SignedString(body) : `${timestamp}\n${nonce}\n${body}\n`
}

/** Under paySign: four lines for RSA, sorted fields for MD5 and HMAC-SHA256. */
export function paySignedString(appid: string, parameters: Readonly<Record<string, unknown>>): string | undefined {
  const { timeStamp, nonceStr, package: packageText, signType } = parameters
  if (signType === 'RSA') return `${appid}\n${timeStamp}\n${nonceStr}\n${packageText}\n`
  if (signType !== undefined && signType !== 'MD5' && signType !== 'HMAC-SHA256') return undefined
  const signed = { appId: appid, nonceStr, package: packageText, signType, timeStamp }
  return joinSorted(Object.entries(signed).map(([name, value]) => [name, value === undefined ? '' : String(value)]))
}

function v2SignedString(body: string): string | undefined {
  if (!body.trimStart().startsWith('<xml>')) return undefined
  const fields = [...body.matchAll(/<(\w+)>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<]*))<\/\1>/g)].map(
    ([, name = '', quoted, plain = '']): [string, string] => [name, quoted ?? plain],
  )
  return fields.some(([name]) => name === 'sign') ? joinSorted(fields) : undefined
}

function joinSorted(fields: readonly (readonly [string, string])[]): string {
  const pairs = fields.filter(([name, value]) => name !== 'sign' && value !== '')
  const sorted = pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `${sorted.map(([name, value]) => `${name}=${value}`).join('&')}&key=${hiddenKey}`
}

function headerOf(headers: Headers, wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1]
}
