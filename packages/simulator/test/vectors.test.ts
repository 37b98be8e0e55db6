import assert from 'node:assert/strict'
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { decryptOpenData, encryptOpenData, signRawData, signWithSessionKey } from '../src/crypto/open-data.ts'
import { decryptPush, encryptPush, pushSignature } from '../src/crypto/push-cipher.ts'
import { encryptReqInfo, reqInfoKey } from '../src/crypto/req-info.ts'
import { decryptResource, encryptResource } from '../src/crypto/resource-cipher.ts'
import { rsaVerify } from '../src/crypto/rsa.ts'
import { v2Sign, v2StringToSign } from '../src/crypto/v2-sign.ts'
import { v3RequestMessage } from '../src/protocol/v3/authorization.ts'
import { v3PayMessage } from '../src/protocol/v3/pay-sign.ts'
import { v3ResponseMessage } from '../src/protocol/v3/v3-signature.ts'
import type { Json } from './wechat-client.ts'

interface Vector {
  readonly name: string
  readonly kind: string
  readonly inputs: Json
  readonly expected: Json
}

const file = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as unknown as {
  vectors: readonly Vector[]
  keys: Json
}

function keyNamed(name: string): KeyObject {
  const entry = file.keys[name]
  const certificate = entry?.['certificate_der_base64']
  if (certificate) return new X509Certificate(Buffer.from(certificate, 'base64')).publicKey
  const der = Buffer.from(entry?.['public_key_spki_der_base64'] ?? '', 'base64')
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

const text = (json: Json, name: string): string => json[name] ?? assert.fail(`${name} is missing`)

async function checkPaySign(inputs: Json, expected: Json): Promise<void> {
  const [appId, timeStamp, nonceStr, fourthLine] = ['appId', 'timeStamp', 'nonceStr', 'fourth_line'].map((name) =>
    text(inputs, name),
  )
  const message = v3PayMessage(appId ?? '', timeStamp ?? '', nonceStr ?? '', fourthLine ?? '')
  assert.equal(message, expected['message'])
  assert.ok(await rsaVerify(message, text(expected, 'signature'), keyNamed(text(inputs, 'key'))))
}

/** How each kind is run. Kinds of products that this package does not have yet are named below. */
const runners: Readonly<Record<string, (inputs: Json, expected: Json) => void | Promise<void>>> = {
  v2_sign: (inputs, expected) => {
    const type = text(inputs, 'sign_type') === 'HMAC-SHA256' ? 'HMAC-SHA256' : 'MD5'
    const params = Object.entries(inputs['params'] as object) as [string, string][]
    const unsigned = v2StringToSign(params)
    assert.equal(`${unsigned}&key=${inputs['key']}`, expected['string_to_sign'])
    assert.equal(v2Sign(unsigned, text(inputs, 'key'), type), expected['sign'])
  },
  v3_request_sign: async (inputs, expected) => {
    const [method, path, timestamp, nonce] = ['method', 'url_path', 'timestamp', 'nonce_str'].map((name) =>
      text(inputs, name),
    )
    const message = v3RequestMessage(method ?? '', path ?? '', timestamp ?? '', nonce ?? '', inputs['body'] ?? '')
    assert.equal(message, expected['message'])
    assert.ok(await rsaVerify(message, text(expected, 'signature'), keyNamed(text(inputs, 'key'))))
    assert.ok(!(await rsaVerify(`${message}\n`, text(expected, 'signature'), keyNamed(text(inputs, 'key')))))
  },
  v3_pay_sign: checkPaySign,
  v3_app_sign: checkPaySign,
  v3_response_verify: async (inputs, expected) => {
    const [timestamp, nonce, body, signature] = [
      text(inputs, 'Wechatpay-Timestamp'),
      text(inputs, 'Wechatpay-Nonce'),
      text(inputs, 'body'),
      text(inputs, 'Wechatpay-Signature'),
    ]
    const message = v3ResponseMessage(timestamp, nonce, body)
    assert.equal(message, expected['message'])
    assert.equal(await rsaVerify(message, signature, keyNamed(text(inputs, 'public_key'))), expected['valid'])
  },
  v3_notification: async (inputs, expected) => {
    const headers = inputs['headers'] as Json
    const body = text(inputs, 'body')
    const message = v3ResponseMessage(text(headers, 'Wechatpay-Timestamp'), text(headers, 'Wechatpay-Nonce'), body)
    const key = keyNamed(text(inputs, 'platform_certificate'))
    assert.equal(await rsaVerify(message, text(headers, 'Wechatpay-Signature'), key), expected['valid'])
    const { resource } = JSON.parse(body) as { resource: Json }
    const parts = ['nonce', 'associated_data'].map((name) => resource[name] ?? '')
    const plaintext = decryptResource(
      text(resource, 'ciphertext'),
      text(inputs, 'api_v3_key'),
      parts[0] ?? '',
      parts[1] ?? '',
    )
    assert.equal(plaintext, expected['plaintext'])
  },
  aead_aes_gcm_decrypt: (inputs, expected) => {
    const [key, nonce, data] = [text(inputs, 'key'), text(inputs, 'nonce'), inputs['associated_data'] ?? '']
    const ciphertext = text(inputs, 'ciphertext_with_tag_base64')
    assert.equal(decryptResource(ciphertext, key, nonce, data), expected['plaintext'])
    assert.equal(encryptResource(text(expected, 'plaintext'), key, nonce, data), ciphertext)
  },
  aead_aes_gcm_decrypt_fails: (inputs) => {
    const ciphertext = text(inputs, 'ciphertext_with_tag_base64')
    assert.throws(() =>
      decryptResource(ciphertext, text(inputs, 'key'), text(inputs, 'nonce'), text(inputs, 'associated_data')),
    )
  },
  v3_certificates_decrypt: (inputs, expected) => {
    const { data } = inputs['response'] as unknown as { data: readonly Json[] }
    const sealed = data[0]?.['encrypt_certificate'] as Json
    const [ciphertext, nonce, about] = ['ciphertext', 'nonce', 'associated_data'].map((name) => text(sealed, name))
    const pem = decryptResource(ciphertext ?? '', text(inputs, 'api_v3_key'), nonce ?? '', about ?? '')
    assert.equal(createHash('sha256').update(pem).digest('hex'), expected['certificate_pem_sha256_hex'])
    assert.equal(new X509Certificate(pem).serialNumber, data[0]?.['serial_no'])
  },
  mp_encrypted_data: (inputs, expected) => {
    const [key, iv, data] = ['session_key', 'iv', 'encryptedData'].map((name) => text(inputs, name))
    assert.equal(decryptOpenData(data ?? '', key ?? '', iv ?? ''), expected['plaintext'])
    assert.equal(encryptOpenData(text(expected, 'plaintext'), key ?? '', iv ?? ''), data)
  },
  mp_raw_data_signature: (inputs, expected) => {
    assert.equal(signRawData(text(inputs, 'rawData'), text(inputs, 'session_key')), expected['signature'])
  },
  mp_session_hmac: (inputs, expected) => {
    assert.equal(signWithSessionKey(inputs['data'] ?? '', text(inputs, 'session_key')), expected['signature'])
  },
  push_signature: (inputs, expected) => {
    assert.equal(pushSignature(...(inputs['parts'] as unknown as string[])), expected['sha1'])
  },
  push_decrypt: (inputs, expected) => {
    const { random, message, appid } = decryptPush(text(inputs, 'Encrypt'), text(inputs, 'EncodingAESKey'))
    assert.deepEqual([random, message, appid], [expected['random'], expected['msg'], expected['appid']])
    assert.equal(encryptPush(message, appid, text(inputs, 'EncodingAESKey'), random), inputs['Encrypt'])
  },
  push_encrypt: (inputs, expected) => {
    const [message, appid, key, random] = ['msg', 'appid', 'EncodingAESKey', 'random'].map((name) => text(inputs, name))
    const encrypt = encryptPush(message ?? '', appid ?? '', key ?? '', random ?? '')
    assert.equal(encrypt, expected['Encrypt'])
    if (!expected['MsgSignature']) return
    const parts = ['token', 'TimeStamp', 'Nonce'].map((name) => text(inputs, name))
    assert.equal(pushSignature(...parts, encrypt), expected['MsgSignature'])
  },
  v2_req_info: (inputs, expected) => {
    const key = reqInfoKey(text(inputs, 'api_key'))
    assert.equal(key, expected['aes_key_hex_text'])
    assert.equal(encryptReqInfo(text(expected, 'plaintext_xml'), key), inputs['req_info'])
  },
  aes_256_ecb_pkcs7_encrypt: (inputs, expected) => {
    assert.equal(encryptReqInfo(text(inputs, 'plaintext'), text(inputs, 'key')), expected['ciphertext_base64'])
  },
  md5_hex: (inputs, expected) => {
    assert.equal(reqInfoKey(text(inputs, 'text')), expected['hex'])
  },
  rsa_sha256_verify: async (inputs, expected) => {
    const signature = inputs['signature'] ?? text(expected, 'signature')
    const key = keyNamed(inputs['public_key'] ?? text(inputs, 'certificate'))
    assert.ok(await rsaVerify(text(inputs, 'message'), signature, key))
    assert.ok(!(await rsaVerify('another message', signature, key)))
  },
}

/** Bills and virtual payment are not served here. */
const notServed = ['sha1_hex', 'xpay_sign']

for (const { name, kind, inputs, expected } of file.vectors) {
  if (notServed.includes(kind)) continue
  it(`the published vector ${name} holds`, () => {
    const run = runners[kind]
    assert.ok(run, `no runner for ${kind}`)
    return run(inputs, expected)
  })
}
