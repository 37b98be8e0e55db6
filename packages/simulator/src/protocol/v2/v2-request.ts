import type { V2SignType } from '../../crypto/v2-sign.ts'
import type { Merchant } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import { type Call, subjectOf } from '../exchange.ts'
import { checkFields, commonRules } from './field-rules.ts'
import { checkV2Signature } from './signature-check.ts'
import { V2Refusal } from './v2-refusal.ts'
import { readXml, XmlFormatError } from './xml.ts'

/** A request whose signature is right. `appid` is bound to the merchant once `checkIdentity` has passed. */
export interface V2Request {
  readonly call: Call
  readonly path: string
  readonly params: ReadonlyMap<string, string>
  readonly merchant: Merchant
  readonly appid: string
  readonly signType: V2SignType
}

/** Reads the message: POST, UTF-8 of at most three bytes a character, flat XML. Throws {@link V2Refusal}. */
export function readV2Message(call: Call): ReadonlyMap<string, string> {
  if (call.method !== 'POST') throw new V2Refusal('REQUIRE_POST_METHOD', '请使用post方法', 'communication')
  if (call.raw.length === 0) throw new V2Refusal('POST_DATA_EMPTY', 'post数据为空', 'communication')
  if (!Buffer.from(call.text).equals(call.raw) || hasAstral(call.text)) {
    throw new V2Refusal('NOT_UTF8', '编码格式错误', 'communication')
  }
  try {
    const params = readXml(call.text)
    if ([...params.values()].some(hasAstral)) throw new V2Refusal('NOT_UTF8', '编码格式错误', 'communication')
    return params
  } catch (error) {
    if (!(error instanceof XmlFormatError)) throw error
    throw new V2Refusal('XML_FORMAT_ERROR', 'XML格式错误', 'communication', { differsAt: error.message })
  }
}

const hasAstral = (text: string): boolean => /[\u{10000}-\u{10FFFF}]/u.test(text)

/** Finds the merchant and checks the signature. Throws {@link V2Refusal}. */
export function checkSender(world: World, call: Call, params: ReadonlyMap<string, string>): V2Request {
  const mchid = params.get('mch_id') ?? ''
  const merchant = world.books.merchants.get(mchid)
  // A probe of the real service with a bad merchant number was answered like a wrong signature.
  if (!merchant) throw signError({ differsAt: `merchant ${mchid || '(no mch_id)'} is unknown` })
  const named = params.get('sign_type') ?? ''
  const given = named === '' ? 'MD5' : named
  if (given !== 'MD5' && given !== 'HMAC-SHA256') {
    throw signError({ differsAt: `sign_type must be MD5 or HMAC-SHA256, not ${given}` })
  }
  if (world.faults.take(subjectOf(call, world.books), 'merchant.key-revoked')) {
    throw signError({ differsAt: 'nowhere: merchant.key-revoked is being played' })
  }
  const others = [...world.books.merchants.values()].filter((other) => other !== merchant)
  const mismatch = checkV2Signature(params, params.get('sign') ?? '', given, merchant, others)
  if (mismatch) throw signError(mismatch)
  return { call, path: call.path, params, merchant, appid: params.get('appid') ?? '', signType: given }
}

const signError = (hint: V2Refusal['hint']): V2Refusal => new V2Refusal('SIGNERROR', '签名错误', 'communication', hint)

/** Checks the common fields and that the app exists and is bound to the merchant. Throws {@link V2Refusal}. */
export function checkIdentity(world: World, { params, merchant, appid }: V2Request): void {
  checkFields(params, commonRules)
  if (!world.books.apps.get(appid)) throw new V2Refusal('APPID_NOT_EXIST', 'APPID不存在')
  if (!merchant.appids.includes(appid)) throw new V2Refusal('APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配')
}

/** Throws CERT_ERROR unless the call came with a client certificate of this merchant (pay-v2.md 1). */
export function checkClientCertificate({ call, merchant }: V2Request): void {
  if (merchant.certificates.some(({ serialNo }) => serialNo === call.clientCertificate)) return
  const given =
    call.clientCertificate === undefined ? 'no certificate of this WeChat' : `certificate ${call.clientCertificate}`
  const differsAt = `${call.path} wants a client certificate of merchant ${merchant.mchid} on the https port; it came with ${given}`
  throw new V2Refusal('CERT_ERROR', '证书校验错误', 'business', { differsAt })
}
