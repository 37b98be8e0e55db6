import type { Merchant } from '../../engine/records.ts'
import { type Call, headerOf } from '../exchange.ts'
import { isJsonObject, type JsonObject } from './json-schema.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'

/** A request whose signature is right. */
export interface V3Request {
  readonly call: Call
  readonly merchant: Merchant
  /** The variable part of the path, decoded. */
  readonly pathValue: string
  /** Wechatpay-Serial: the key that the answer is to be signed with. */
  readonly wechatpaySerial: string | undefined
}

/** The JSON object in the body; throws PARAM_ERROR when there is none or it holds characters of four UTF-8 bytes. */
export function readJsonBody({ call }: V3Request): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(call.text)
  } catch {
    value = undefined
  }
  if (!isJsonObject(value)) {
    throw new V3Refusal('PARAM_ERROR', '请求体不是合法的JSON', { requestIdCode: requestIdCodes.invalidParameter })
  }
  if (!Buffer.from(call.text).equals(call.raw) || /[\u{10000}-\u{10FFFF}]/u.test(JSON.stringify(value))) {
    throw new V3Refusal('PARAM_ERROR', '请求体只支持UTF-8编码的1至3字节字符', {
      requestIdCode: requestIdCodes.invalidParameter,
    })
  }
  return value
}

/** Throws unless the mchid of the body or query is the one that signed. */
export function checkSameMchid({ merchant }: V3Request, mchid: unknown): void {
  if (mchid === merchant.mchid) return
  throw new V3Refusal('PARAM_ERROR', 'http header中的mchid与post payload中的mchid不匹配', {
    requestIdCode: requestIdCodes.invalidParameter,
  })
}

/** Throws unless both Accept and User-Agent are there; not all endpoints insist. */
export function checkClientHeaders(call: Call): void {
  if (headerOf(call, 'accept') && headerOf(call, 'user-agent')) return
  throw new V3Refusal('INVALID_REQUEST', 'Http头缺少Accept或User-Agent', {
    requestIdCode: requestIdCodes.invalidParameter,
  })
}
