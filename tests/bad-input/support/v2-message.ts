import { createHash, createHmac } from 'node:crypto'
import type { SimulatedMerchant } from '../../../scripts/merchant-environment.ts'

export type SignType = 'MD5' | 'HMAC-SHA256'
export type Fields = readonly (readonly [name: string, value: string])[]

/** WeChat's v2 signature, written down once more, so that these tests lean on nobody's code. */
export function signatureOf(fields: Fields, key: string, signType: SignType): string {
  const pairs = fields.filter(([name, value]) => name !== 'sign' && value !== '').map((pair) => pair.join('='))
  const text = `${pairs.sort().join('&')}&key=${key}`
  const hash = signType === 'MD5' ? createHash('md5') : createHmac('sha256', key)
  return hash.update(text).digest('hex').toUpperCase()
}

export function toXml(fields: Fields): string {
  return `<xml>${fields.map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`).join('')}</xml>`
}

/** The fields as XML with their valid signature. */
export function signedXml(fields: Fields, key: string, signType: SignType): string {
  return toXml([...fields, ['sign', signatureOf(fields, key, signType)]])
}

/** A refusal as Pay v2 sends it: signed, with result_code FAIL. */
export function v2Refusal(merchant: SimulatedMerchant, signType: SignType, code: string, text: string): string {
  const fields: Fields = [
    ['return_code', 'SUCCESS'],
    ['return_msg', 'OK'],
    ['appid', merchant.apps[0]?.appid ?? ''],
    ['mch_id', merchant.mchid],
    ['nonce_str', 'a'.repeat(32)],
    ['result_code', 'FAIL'],
    ['err_code', code],
    ['err_code_des', text],
  ]
  return signedXml(fields, merchant.api_v2_key, signType)
}
