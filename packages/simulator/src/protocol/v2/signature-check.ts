import { timingSafeEqual } from 'node:crypto'
import { type V2SignType, v2Sign, v2StringToSign } from '../../crypto/v2-sign.ts'
import type { Merchant } from '../../engine/records.ts'

/** A refused signature: the string WeChat signed, the key hidden, and where the sender went another way if it shows. */
export interface SignatureMismatch {
  readonly signedString: string
  readonly differsAt?: string
}

/** Checks a v2 signature. `undefined` when it is right. `others` are merchants whose key may have been used by mistake. */
export function checkV2Signature(
  params: ReadonlyMap<string, string>,
  sign: string,
  signType: V2SignType,
  merchant: Merchant,
  others: Iterable<Merchant>,
): SignatureMismatch | undefined {
  const text = v2StringToSign(params)
  if (sameText(v2Sign(text, merchant.apiV2Key, signType), sign)) return undefined
  const differsAt = findDifference(params, sign, signType, merchant, others)
  return { signedString: `${text}&key=<api_v2_key>`, ...(differsAt === undefined ? {} : { differsAt }) }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function findDifference(
  params: ReadonlyMap<string, string>,
  sign: string,
  signType: V2SignType,
  merchant: Merchant,
  others: Iterable<Merchant>,
): string | undefined {
  if (sign === '') return 'sign is missing or empty'
  const text = v2StringToSign(params)
  const key = merchant.apiV2Key
  const upper = sign.toUpperCase()
  if (v2Sign(text, key, signType) === upper) return lowerCase
  const other: V2SignType = signType === 'MD5' ? 'HMAC-SHA256' : 'MD5'
  const mapped = (change: (value: string) => string): string =>
    v2StringToSign([...params].map(([name, value]) => [name, change(value)] as const))
  const attempts: (readonly [reason: string, text: string, key: string, type: V2SignType])[] = [
    [`the signature is ${other}, but sign_type says ${signType} (MD5 when it is not given)`, text, key, other],
    [
      'the values were trimmed before signing, but are sent with blanks',
      mapped((value) => value.trim()),
      key,
      signType,
    ],
    [
      'the values were URL-encoded before signing; WeChat signs the raw text',
      mapped(encodeURIComponent),
      key,
      signType,
    ],
    ['empty values were signed too; WeChat leaves them out', withEmptyValues(params), key, signType],
    ['the parameters were signed in the order sent; WeChat sorts them by name', inOrderSent(params), key, signType],
    ['sign_type itself was left out; WeChat signs it', without(params, 'sign_type'), key, signType],
    ['the APIv3 key was used instead of the APIv2 key', text, merchant.apiV3Key, signType],
    ...[...others].map(
      ({ mchid, apiV2Key }) => [`the key of merchant ${mchid} was used`, text, apiV2Key, signType] as const,
    ),
  ]
  for (const [reason, signed, usedKey, type] of attempts) {
    if (v2Sign(signed, usedKey, type) === upper) return sign === upper ? reason : `${reason}; also, ${lowerCase}`
  }
  const length = signType === 'MD5' ? 32 : 64
  return sign.length === length ? undefined : `sign has ${sign.length} characters, ${signType} makes ${length}`
}

const lowerCase = 'sign is lower-case hex; WeChat compares upper case'
const withEmptyValues = (params: ReadonlyMap<string, string>): string =>
  [...params]
    .filter(([name]) => name !== 'sign')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const inOrderSent = (params: ReadonlyMap<string, string>): string =>
  [...params]
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

const without = (params: ReadonlyMap<string, string>, name: string): string =>
  v2StringToSign([...params].filter(([other]) => other !== name))
