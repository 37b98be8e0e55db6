/** WeChat's side of Pay v3 for tests: keys, certificates, signed answers and notifies. */
import { createCipheriv, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { makeCertificate } from './make-certificate.ts'

export const apiV3Key = '0123456789abcdefghijklmnopqrstuv'
/** The tests' present: 2024-08-05T17:00:21+08:00. */
export const nowSeconds = 1722848421
export const nowMs = nowSeconds * 1000
export const mchid = '1900007291'
export const appid = 'wxd678efh567hg6787'

export function makeKeyPair(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** A key that the tests' WeChat signs with, and what a client needs to believe it. */
export interface TestSigner {
  serial: string
  privateKey: KeyObject
  publicKey: KeyObject
  certificate: string
}

const year = 365 * 86_400_000

export function makeSigner(serial: string, { from = nowMs - year, to = nowMs + year } = {}): TestSigner {
  const pair = makeKeyPair()
  const hex = /^[0-9A-F]+$/.test(serial) ? serial : '01'
  const validity = { from: new Date(from), to: new Date(to) }
  return { serial, ...pair, certificate: makeCertificate({ serial: hex, privateKey: pair.privateKey, ...validity }) }
}

export function signedHeaders(signer: TestSigner, body: string, timestamp = nowSeconds): Record<string, string> {
  const nonce = randomBytes(16).toString('hex')
  const signature = sign('sha256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), signer.privateKey)
  return {
    'Wechatpay-Timestamp': String(timestamp),
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': signature.toString('base64'),
    'Wechatpay-Serial': signer.serial,
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  }
}

export function answerSigned(response: ServerResponse, signer: TestSigner, body: string, status = 200): void {
  const type = { 'content-type': 'application/json' }
  response.writeHead(status, { ...signedHeaders(signer, body), ...(body === '' ? {} : type) }).end(body)
}

export function seal(plaintext: string, associatedData = 'transaction', key = apiV3Key) {
  const nonce = randomBytes(6).toString('hex')
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(associatedData))
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    original_type: associatedData,
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: sealed.toString('base64'),
    associated_data: associatedData,
    nonce,
  }
}

/** The body of `GET /v3/certificates`. */
export function certificateList(...signers: TestSigner[]): string {
  const data = signers.map(({ serial, certificate }) => ({
    serial_no: serial,
    effective_time: '2023-08-05T17:00:21+08:00',
    expire_time: '2028-08-05T17:00:21+08:00',
    encrypt_certificate: seal(certificate, 'certificate'),
  }))
  return JSON.stringify({ data })
}
