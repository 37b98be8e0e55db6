import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
import { test } from 'node:test'
import { decryptOpenData, SessionKey, verifyRawData } from '../index.ts'

const appid = 'wx4f4bc4dec97d474b'
const keyText = 'tiihtNczf5v6AKRyjwEUhQ=='
const sessionKey = SessionKey.from(keyText)
const iv = 'r7BXXKkLb8qrSNn05n0qiA=='

function seal(plaintext: string | Buffer): string {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(keyText, 'base64'), Buffer.from(iv, 'base64'))
  return Buffer.concat([cipher.update(plaintext), cipher.final()]).toString('base64')
}

const watermark = { appid, timestamp: 1477314187 }
const open = (encryptedData: string, change: object = {}) =>
  decryptOpenData({ encryptedData, iv, sessionKey, appid, ...change })

test('Known fields are read, unknown ones dropped', () => {
  const data = { openId: 'o', nickName: '微信用户', gender: 0, purePhoneNumber: '13580006666', watermark }
  const plaintext = JSON.stringify({ ...data, a_future_field: 1 }).replace('{', '{"__proto__":{"polluted":1},')
  assert.deepEqual(open(seal(plaintext)), data)
})

test('Data of another Mini Program is refused', () => {
  const encryptedData = seal(JSON.stringify({ openId: 'o', watermark: { ...watermark, appid: 'wx0' } }))
  assert.throws(() => open(encryptedData), { code: 'wechat_decrypt', reason: 'watermark_mismatch' })
  const unmarked = seal(JSON.stringify({ openId: 'o' }))
  assert.throws(() => open(unmarked), { code: 'wechat_malformed', reason: 'missing_field' })
})

test('Another key, an edit and content that is no JSON are all the same error: no oracle', () => {
  const encryptedData = seal(JSON.stringify({ openId: 'o', watermark }))
  const expected = { code: 'wechat_decrypt', reason: 'undecryptable' }
  assert.throws(() => open(encryptedData, { sessionKey: SessionKey.from('HyVFkGl5F5OQWJZZaNzBBg==') }), expected)
  assert.throws(() => open(seal('not json')), expected)
  assert.throws(() => open(seal(Buffer.from([0xff, 0xfe]))), expected)
  assert.throws(() => open(seal('[]')), expected)
  const bytes = Buffer.from(encryptedData, 'base64')
  assert.throws(() => open(bytes.subarray(0, -16).toString('base64')), expected)
})

test('Malformed base64, half blocks and a wrong iv are refused, with a hint about a lost +', () => {
  const encryptedData = seal(JSON.stringify({ openId: 'o', watermark }))
  const expected = { code: 'wechat_decrypt', reason: 'malformed_input', message: /a \+ before URL decoding/ }
  for (const text of ['', 'x', encryptedData.slice(0, 20), `${encryptedData.slice(0, 8)} ${encryptedData.slice(9)}`]) {
    assert.throws(() => open(text), expected, text)
  }
  assert.throws(() => open(encryptedData, { iv: 'AAAA' }), expected)
})

test('A16, A17: a raw data signature must be the exact lower-case hex', () => {
  const rawData = '{"nickName":"Band"}'
  const signature = createHash('sha1')
    .update(rawData + keyText)
    .digest('hex')
  const verify = (change: object) => verifyRawData({ rawData, sessionKey, signature, ...change })
  assert.equal(verify({}), true)
  assert.equal(verify({ signature: signature.toUpperCase() }), false)
  assert.equal(verify({ signature: `${signature}\n` }), false)
  assert.equal(verify({ signature: '' }), false)
  const sameLowBytes = Array.from(signature, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0x100)).join('')
  assert.equal(verify({ signature: sameLowBytes }), false)
  assert.equal(verify({ rawData: `${rawData} ` }), false)
  assert.equal(verify({ sessionKey: SessionKey.from('HyVFkGl5F5OQWJZZaNzBBg==') }), false)
  assert.throws(() => verify({ rawData: { nickName: 'Band' } }), TypeError)
})

test('A session_key must be base64 of 16 bytes', () => {
  for (const text of ['', 'undefined', 'AAAA', `${keyText} `, keyText.replace('==', '')]) {
    assert.throws(() => SessionKey.from(text), TypeError)
  }
})
