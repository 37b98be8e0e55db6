/** WeChat's side of Pay v2 for tests: signed XML. */
import { createHash, createHmac } from 'node:crypto'
import type { V2SignType } from '../src/index.ts'
import type { Answerer } from './loopback-host.ts'

export const mchId = '10000100'
export const apiKey = '192006250b4c09247ec02edce69f6a2d'
export const appid = 'wxd930ea5d5a258f4f'

/** The other side's signature, written on its own from the documentation. */
export function signAsWechat(fields: Record<string, string>, signType: V2SignType, key = apiKey): string {
  const names = Object.keys(fields)
    .filter((name) => name !== 'sign' && fields[name] !== '')
    .sort()
  const text = `${names.map((name) => `${name}=${fields[name]}`).join('&')}&key=${key}`
  const hash = signType === 'MD5' ? createHash('md5') : createHmac('sha256', key)
  return hash.update(text).digest('hex').toUpperCase()
}

export function toXml(fields: Record<string, string>): string {
  const parts = Object.entries(fields).map(([name, value]) => {
    return /^\d+$/.test(value) ? `<${name}>${value}</${name}>` : `<${name}><![CDATA[${value}]]></${name}>`
  })
  return `<xml>${parts.join('\n')}</xml>`
}

export const common = { return_code: 'SUCCESS', return_msg: 'OK', appid, mch_id: mchId, nonce_str: 'IITRi8Iabbblz1Jc' }

export function signedXml(fields: Record<string, string>, signType: V2SignType = 'HMAC-SHA256', key = apiKey): string {
  return toXml({ ...fields, sign: signAsWechat(fields, signType, key) })
}

/** Answers with one body after the other, the last one ever after. */
export const answering =
  (...bodies: string[]): Answerer =>
  (_, response, count) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(bodies[Math.min(count, bodies.length) - 1])
  }
