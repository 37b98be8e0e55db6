import { type V2SignType, v2Sign, v2StringToSign } from '../../crypto/v2-sign.ts'
import { alphabets, randomText } from '../../engine/random.ts'
import type { Merchant } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import type { Answer } from '../exchange.ts'
import { writeXml } from './xml.ts'

/** Fields of a v2 message in the order they are written. */
export type V2Fields = readonly (readonly [string, string | number])[]

const textOf = (fields: V2Fields): [string, string][] => fields.map(([name, value]) => [name, String(value)])

/** Appends the signature to a message's fields. */
export function signFields(fields: V2Fields, key: string, signType: V2SignType): V2Fields {
  return [...fields, ['sign', v2Sign(v2StringToSign(textOf(fields)), key, signType)]]
}

/** A v2 answer: HTTP 200 and text/plain, whatever it says. */
export const toV2Answer = (fields: V2Fields): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: writeXml(fields),
})

/** An answer of the business layer: common fields, then `fields`, signed as the request was. */
export function signedV2Answer(
  world: World,
  request: ReadonlyMap<string, string>,
  merchant: Merchant,
  signType: V2SignType,
  path: string,
  fields: V2Fields,
): Answer {
  const message: V2Fields = [
    ['return_code', 'SUCCESS'],
    ['return_msg', 'OK'],
    ['appid', request.get('appid') ?? ''],
    ['mch_id', merchant.mchid],
    ['device_info', request.get('device_info') ?? ''],
    ['nonce_str', randomText(world.random, alphabets.alphanumeric, 16)],
    ...fields,
  ]
  const outTradeNo = request.get('out_trade_no')
  const subject = { path, mchid: merchant.mchid, ...(outTradeNo === undefined ? {} : { outTradeNo }) }
  const fault = world.faults.take(subject, 'response.unsigned', 'response.wrong-key')
  if (fault?.name === 'response.unsigned') return toV2Answer(message)
  const key = fault ? randomText(world.random, alphabets.alphanumeric, 32) : merchant.apiV2Key
  return toV2Answer(signFields(message, key, signType))
}
