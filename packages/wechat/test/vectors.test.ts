import assert from 'node:assert/strict'
import { createHash, createPublicKey, createSecretKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { PlatformKey } from '../src/auth/platform-key.ts'
import { readSignedHeaders, signatureBytes, signedMessage } from '../src/auth/signed-headers.ts'
import { decryptResource } from '../src/crypto/aes-gcm.ts'
import { verifyRsaSha256 } from '../src/crypto/rsa-sha256.ts'
import { decryptOpenData, SessionKey, verifyRawData } from '../src/index.ts'
import { canonicalV2, signV2, type V2SignType, verifyV2 } from '../src/pay-v2/v2-sign.ts'
import { requestMessage } from '../src/pay-v3/authorization.ts'
import { decryptCertificates } from '../src/pay-v3/download-certificates.ts'
import { paySignMessage } from '../src/pay-v3/pay-sign.ts'
import { openPush, pushKey, pushSignature, sealPush } from '../src/push/push-cipher.ts'
import { readFlatXml } from '../src/wire/flat-xml.ts'
import { parseJsonObject } from '../src/wire/json-fields.ts'
import { decryptReqInfo, reqInfoKey } from '../src/wire/v2-refund-notify.ts'
import { readEncryptedResource, readSealedNotify } from '../src/wire/v3-notify.ts'

interface Vector {
  name: string
  kind: string
  inputs: Record<string, unknown>
  expected: Record<string, unknown>
}

interface PublishedKey {
  serial_no?: string
  public_key_spki_der_base64?: string
  certificate_der_base64?: string
}

const file: { keys: Record<string, PublishedKey>; vectors: Vector[] } = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
)

function text(record: Record<string, unknown>, name: string): string {
  const value = record[name]
  assert(typeof value === 'string', `${name} is no text`)
  return value
}

function texts(record: Record<string, unknown>, name: string): Record<string, string> {
  const value = record[name]
  assert(typeof value === 'object' && value !== null)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]))
}

function certificatePem(name: string): string {
  const der = file.keys[name]?.certificate_der_base64
  assert(der !== undefined)
  return new X509Certificate(Buffer.from(der, 'base64')).toString()
}

function publicKey(name: string): KeyObject {
  const der = file.keys[name]?.public_key_spki_der_base64
  if (der === undefined) return createPublicKey(certificatePem(name))
  return createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' })
}

/** Only public keys are published, so our text is compared and the published signature verified over it. */
async function checkSigned(message: string, { inputs, expected }: Vector): Promise<void> {
  assert.equal(message, expected['message'])
  const signature = Buffer.from(text(expected, 'signature'), 'base64')
  assert.equal(await verifyRsaSha256(Buffer.from(message), signature, publicKey(text(inputs, 'key'))), true)
}

async function checkPaySign(vector: Vector): Promise<void> {
  const { inputs } = vector
  const message = paySignMessage({
    appid: text(inputs, 'appId'),
    timeStamp: text(inputs, 'timeStamp'),
    nonceStr: text(inputs, 'nonceStr'),
    package: text(inputs, 'fourth_line'),
  })
  await checkSigned(message, vector)
}

function gcm({ inputs }: Vector): string {
  return decryptResource(
    {
      algorithm: 'AEAD_AES_256_GCM',
      nonce: text(inputs, 'nonce'),
      associated_data: text(inputs, 'associated_data'),
      ciphertext: text(inputs, 'ciphertext_with_tag_base64'),
    },
    createSecretKey(text(inputs, 'key'), 'utf8'),
  ).toString()
}

async function checkNotify({ inputs, expected }: Vector): Promise<void> {
  const certificate = certificatePem(text(inputs, 'platform_certificate'))
  const body = Buffer.from(text(inputs, 'body'))
  const headers = readSignedHeaders(texts(inputs, 'headers'))
  const key = PlatformKey.fromCertificate(headers.serial, certificate)
  assert.equal(await key.verify(signedMessage(headers, body), signatureBytes(headers)), true)
  const { resource } = readSealedNotify(body)
  const plaintext = decryptResource(resource, createSecretKey(text(inputs, 'api_v3_key'), 'utf8')).toString()
  assert.equal(plaintext, expected['plaintext'])
}

type Check = (vector: Vector) => void | Promise<void>

const checks: Record<string, Check> = {
  v2_sign({ inputs, expected }) {
    const params = new Map(Object.entries(texts(inputs, 'params')))
    const key = text(inputs, 'key')
    const signType = text(inputs, 'sign_type')
    assert(signType === 'MD5' || signType === 'HMAC-SHA256')
    const other: V2SignType = signType === 'MD5' ? 'HMAC-SHA256' : 'MD5'
    assert.equal(`${canonicalV2(params)}&key=${key}`, expected['string_to_sign'])
    assert.equal(signV2(params, key, signType), expected['sign'])
    params.set('sign', text(expected, 'sign'))
    assert.equal(verifyV2(params, key, signType), true)
    assert.equal(verifyV2(params, key, other), false)
  },
  v2_req_info({ inputs, expected }) {
    const key = reqInfoKey(text(inputs, 'api_key'))
    assert.equal(key, expected['aes_key_hex_text'])
    const plaintext = decryptReqInfo(text(inputs, 'req_info'), key)
    assert.equal(plaintext.toString(), expected['plaintext_xml'])
    assert.equal(readFlatXml(plaintext, 'root').get('refund_status'), 'SUCCESS')
  },
  aes_256_ecb_pkcs7_encrypt({ inputs, expected }) {
    const plaintext = decryptReqInfo(text(expected, 'ciphertext_base64'), text(inputs, 'key'))
    assert.equal(plaintext.toString(), inputs['plaintext'])
  },
  md5_hex({ inputs, expected }) {
    assert.equal(reqInfoKey(text(inputs, 'text')), expected['hex'])
  },
  async v3_request_sign(vector) {
    const { inputs } = vector
    const method = text(inputs, 'method')
    assert(method === 'GET' || method === 'POST')
    const message = requestMessage({
      method,
      path: text(inputs, 'url_path'),
      timestamp: text(inputs, 'timestamp'),
      nonce: text(inputs, 'nonce_str'),
      body: text(inputs, 'body'),
    })
    await checkSigned(message, vector)
  },
  v3_pay_sign: checkPaySign,
  v3_app_sign: checkPaySign,
  async v3_response_verify({ inputs, expected }) {
    const headers = readSignedHeaders({
      'Wechatpay-Timestamp': text(inputs, 'Wechatpay-Timestamp'),
      'Wechatpay-Nonce': text(inputs, 'Wechatpay-Nonce'),
      'Wechatpay-Signature': text(inputs, 'Wechatpay-Signature'),
      'Wechatpay-Serial': 'PUB_KEY_ID_0000000000',
    })
    const message = signedMessage(headers, Buffer.from(text(inputs, 'body')))
    assert.equal(message.toString(), expected['message'])
    const key = PlatformKey.fromPublicKey('PUB_KEY_ID_0000000000', publicKey(text(inputs, 'public_key')))
    assert.equal(await key.verify(message, signatureBytes(headers)), expected['valid'])
  },
  v3_notification: checkNotify,
  aead_aes_gcm_decrypt(vector) {
    assert.equal(gcm(vector), vector.expected['plaintext'])
  },
  aead_aes_gcm_decrypt_fails(vector) {
    assert.throws(() => gcm(vector), { code: 'wechat_decrypt', reason: 'undecryptable' })
  },
  v3_certificates_decrypt({ inputs, expected }) {
    const body = Buffer.from(JSON.stringify(inputs['response']))
    const key = createSecretKey(text(inputs, 'api_v3_key'), 'utf8')
    const [certificate] = decryptCertificates(body, key)
    assert.equal(certificate?.serial, expected['certificate_serial_no'])
    const [item] = parseJsonObject(body).objects('data')
    assert(item !== undefined)
    const pem = decryptResource(readEncryptedResource(item.object('encrypt_certificate')), key)
    assert.equal(createHash('sha256').update(pem).digest('hex'), expected['certificate_pem_sha256_hex'])
  },
  async rsa_sha256_verify({ inputs, expected }) {
    const key = publicKey(text(inputs, inputs['certificate'] === undefined ? 'public_key' : 'certificate'))
    const signature = Buffer.from(text({ ...inputs, ...expected }, 'signature'), 'base64')
    assert.equal(await verifyRsaSha256(Buffer.from(text(inputs, 'message')), signature, key), true)
  },
  mp_encrypted_data({ inputs, expected }) {
    const sessionKey = SessionKey.from(text(inputs, 'session_key'))
    const sealed = { encryptedData: text(inputs, 'encryptedData'), iv: text(inputs, 'iv') }
    const data = decryptOpenData({ ...sealed, sessionKey, appid: text(inputs, 'appId') })
    assert.deepEqual(data, JSON.parse(text(expected, 'plaintext')))
  },
  mp_session_hmac({ inputs, expected }) {
    assert.equal(SessionKey.from(text(inputs, 'session_key')).hmac(text(inputs, 'data')), expected['signature'])
  },
  mp_raw_data_signature({ inputs, expected }) {
    const message = { rawData: text(inputs, 'rawData'), sessionKey: SessionKey.from(text(inputs, 'session_key')) }
    assert.equal(verifyRawData({ ...message, signature: text(expected, 'signature') }), true)
  },
  push_signature({ inputs, expected }) {
    const { parts } = inputs
    assert(Array.isArray(parts))
    assert.equal(pushSignature(parts.map(String)), expected['sha1'])
  },
  push_decrypt({ inputs, expected }) {
    const key = pushKey(text(inputs, 'EncodingAESKey'))
    const appid = text(expected, 'appid')
    const message = openPush(text(inputs, 'Encrypt'), appid, key).toString()
    assert.equal(message, expected['msg'])
    assert.equal(Buffer.byteLength(message), expected['msg_len'])
    // Equal text again only with the same random bytes, length and padding.
    const random = Buffer.from(text(expected, 'random'))
    assert.equal(sealPush(message, appid, key, random), inputs['Encrypt'])
  },
  push_encrypt({ inputs, expected }) {
    const key = pushKey(text(inputs, 'EncodingAESKey'))
    const sealed = sealPush(text(inputs, 'msg'), text(inputs, 'appid'), key, Buffer.from(text(inputs, 'random')))
    assert.equal(sealed, expected['Encrypt'])
    assert.equal(openPush(sealed, text(inputs, 'appid'), key).toString(), inputs['msg'])
    if (expected['MsgSignature'] === undefined) return
    const parts = [text(inputs, 'token'), text(inputs, 'TimeStamp'), text(inputs, 'Nonce'), sealed]
    assert.equal(pushSignature(parts), expected['MsgSignature'])
  },
}

const leftOut: Record<string, string> = {
  xpay_sign: 'virtual payment is not part of this package yet',
  sha1_hex: 'the hash of bill files; bills are not part of this package yet',
}

for (const vector of file.vectors) {
  const check = checks[vector.kind]
  if (check !== undefined) test(`The published vector ${vector.name} holds`, () => check(vector))
}

test('Every published vector is either run or left out for a reason', () => {
  const kinds = new Set(file.vectors.map(({ kind }) => kind))
  assert.deepEqual([...kinds].sort(), [...Object.keys(checks), ...Object.keys(leftOut)].sort())
})
