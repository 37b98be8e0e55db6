import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { assertLinearTime } from '../../../../tests/support/linear-time.ts'
import { isWechatError, MessagePush, type MessagePushOptions, type PushQuery } from '../index.ts'
import { openPush, pushKey, pushSignature, sealPush } from './push-cipher.ts'

const appid = 'wxba5fad812f8e6fb9'
const token = 'T0kenOfThePush'
const encodingAesKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const key = pushKey(encodingAesKey)
const timestamp = '1714112445'
const nonce = '415670741'
const random = Buffer.from('a8eedb185eb2fecf')

const event = {
  ToUserName: 'gh_97417a04a28d',
  FromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
  CreateTime: 1714112440,
  MsgType: 'event',
  Event: 'debug_demo',
  debug_str: '你好',
}
const json = JSON.stringify(event)
const xml = `<xml>${Object.entries(event)
  .map(([name, value]) => (typeof value === 'number' ? `<${name}>${value}</${name}>` : cdata(name, value)))
  .join('\n')}</xml>`

function cdata(name: string, value: string): string {
  return `<${name}><![CDATA[${value}]]></${name}>`
}

const secure = makePush()
const plain = new MessagePush({ appid, token })

function makePush(options: Partial<MessagePushOptions> = {}): MessagePush {
  return new MessagePush({ appid, token, encodingAesKey, ...options })
}

function signed(...more: string[]): Record<string, unknown> {
  const query = { timestamp, nonce, signature: pushSignature([token, timestamp, nonce]) }
  if (more.length === 0) return query
  return { ...query, encrypt_type: 'aes', msg_signature: pushSignature([token, timestamp, nonce, ...more]) }
}

const read = (push: MessagePush, query: PushQuery, body: string, contentType?: string) =>
  push.read({ query, body: Buffer.from(body), contentType })

/** A push in secure mode, with whatever else stands beside Encrypt. */
function sealed(message: string, beside: object = { ToUserName: event.ToUserName }, forAppid = appid) {
  const Encrypt = sealPush(message, forAppid, key, random)
  return { query: signed(Encrypt), body: JSON.stringify({ ...beside, Encrypt }), Encrypt }
}

test('The test of the address is answered with echostr, if its signature is right', () => {
  const query = { ...signed(), echostr: '4375120948345356249' }
  assert.equal(secure.verifyUrl(query), query.echostr)
  assert.equal(plain.verifyUrl(query), query.echostr)
  assert.throws(() => plain.verifyUrl({ ...query, nonce: '415670742' }), { reason: 'bad_signature' })
  assert.throws(() => plain.verifyUrl({ echostr: '1' }), { code: 'wechat_signature', reason: 'missing_sign' })
  assert.throws(() => plain.verifyUrl(signed()), { code: 'wechat_malformed', field: 'echostr' })
})

test('A46: an echostr that a browser could run is refused, though the signature does not cover it', () => {
  for (const echostr of ['<script>alert(1)</script>', '', 'a b', '1\r\n2', ['1'], 'x'.repeat(257)]) {
    assert.throws(() => plain.verifyUrl({ ...signed(), echostr }), { code: 'wechat_malformed', field: 'echostr' })
  }
})

for (const [format, body, contentType] of [
  ['JSON', json, 'application/json; charset=utf-8'],
  ['XML', xml, 'text/xml'],
] as const) {
  test(`A plain push in ${format} is read, its time and time of sending told`, () => {
    const message = read(plain, signed(), body, contentType)
    const { dedupeKey, fields, ...facts } = message
    assert.deepEqual(facts, {
      toUserName: event.ToUserName,
      fromUserName: event.FromUserName,
      createTime: 1714112440,
      msgType: 'event',
      event: 'debug_demo',
      timestamp: 1714112445,
      encrypted: false,
    })
    assert.match(dedupeKey, /^1714112440:[0-9a-f]{64}$/)
    assert.equal(fields['debug_str'], '你好')
  })

  test(`A push in secure mode is read from ${format}`, () => {
    const Encrypt = sealPush(body, appid, key, random)
    const outer =
      format === 'JSON' ? JSON.stringify({ ToUserName: 'x', Encrypt }) : `<xml>${cdata('Encrypt', Encrypt)}</xml>`
    const message = read(secure, signed(Encrypt), outer, contentType)
    assert.equal(message.encrypted, true)
    assert.equal(message.fromUserName, event.FromUserName)
    assert.equal(message.fields['debug_str'], '你好')
  })
}

test('In compatible mode the encrypted part alone counts, with a key; without one the plain part', () => {
  const { query, body } = sealed(json, { ...event, FromUserName: 'attacker' })
  assert.equal(read(secure, query, body).fromUserName, event.FromUserName)
  const message = read(plain, query, body)
  assert.equal(message.fromUserName, 'attacker')
  assert.equal(message.encrypted, false)
})

test('A plain push is refused where secure mode is configured, unless plain ones are allowed', () => {
  const expected = { code: 'wechat_signature', reason: 'wrong_algorithm' }
  assert.throws(() => read(secure, signed(), json), expected)
  assert.throws(() => read(secure, { ...signed('x'), encrypt_type: 'raw' }, json), expected)
  const { query, body } = sealed(json)
  assert.throws(() => read(secure, { ...query, encrypt_type: 'raw' }, body), expected)
  const both = makePush({ allowPlain: true })
  assert.equal(read(both, signed(), json).encrypted, false)
  assert.equal(read(both, query, body).encrypted, true)
  assert.throws(() => read(both, { ...query, msg_signature: 'x' }, body), { reason: 'bad_signature' })
})

test('In secure mode the signature that does not cover the body is not enough', () => {
  const { query, body } = sealed(json)
  const { msg_signature: _, ...others } = query
  assert.throws(() => read(secure, others, body), { code: 'wechat_signature', reason: 'missing_sign' })
  const signature = query['signature']
  assert.throws(() => read(secure, { ...query, msg_signature: signature }, body), { reason: 'bad_signature' })
})

test('An encrypted push without a key says what to configure', () => {
  const { query, body } = sealed(json)
  const expected = { code: 'wechat_decrypt', reason: 'unsupported_algorithm', message: /configure encodingAesKey/ }
  assert.throws(() => read(plain, query, body), expected)
})

test('A push for another appid, or under another key, is refused after its signature was right', () => {
  const other = sealed(json, {}, 'wxb11529c136998cb6')
  assert.throws(() => read(secure, other.query, other.body), { reason: 'identity_mismatch', field: 'appid' })
  const longer = sealed(json, {}, `${appid}0`)
  assert.throws(() => read(secure, longer.query, longer.body), { reason: 'identity_mismatch' })
  const otherKey = makePush({ encodingAesKey: 'GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba' })
  const { query, body } = sealed(json)
  assert.throws(() => read(otherKey, query, body), { code: 'wechat_decrypt', reason: 'undecryptable' })
})

test('Any changed bit of Encrypt, its signature, the timestamp or the nonce is refused', () => {
  const { query, Encrypt } = sealed(json)
  const changed = (text: string, at: number, bit: number) => {
    const bytes = Buffer.from(text, 'latin1')
    const index = at % bytes.length
    bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
    return bytes.toString('latin1')
  }
  const place = fc.constantFrom('Encrypt', 'msg_signature', 'timestamp', 'nonce')
  fc.assert(
    fc.property(place, fc.nat(10_000), fc.nat(7), (name, at, bit) => {
      const all: Record<string, unknown> = { ...query, Encrypt }
      all[name] = changed(String(all[name]), at, bit)
      const body = JSON.stringify({ Encrypt: all['Encrypt'] })
      assert.throws(() => read(secure, all, body), { code: 'wechat_signature', reason: 'bad_signature' })
    }),
    { numRuns: 500 },
  )
})

test('What is encrypted is decrypted again, whatever its length, and an answer is signed as a push is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (text, bytes) => {
        assert.equal(openPush(sealPush(text, appid, key, bytes), appid, key).toString(), text)
      },
    ),
  )
  const reply = secure.encryptReply(json, { timestamp: 1714112445, nonce, random: randomBytes(16) })
  assert.deepEqual([reply.TimeStamp, reply.Nonce], [1714112445, nonce])
  const query = { timestamp: String(reply.TimeStamp), nonce, msg_signature: reply.MsgSignature, encrypt_type: 'aes' }
  assert.equal(read(secure, query, JSON.stringify({ Encrypt: reply.Encrypt })).event, 'debug_demo')
})

test('Padding is stripped strictly, and a length beyond the content is refused', () => {
  const seal = (plaintext: Buffer) => {
    const cipher = createCipheriv('aes-256-cbc', key, key.export().subarray(0, 16)).setAutoPadding(false)
    return Buffer.concat([cipher.update(plaintext), cipher.final()]).toString('base64')
  }
  const appidBytes = Buffer.from(appid)
  const head = (length: number) => {
    const bytes = Buffer.alloc(20)
    bytes.writeUInt32BE(length, 16)
    return bytes
  }
  const padded = (content: Buffer, pad: Buffer) => Buffer.concat([content, pad])
  const content = Buffer.concat([head(2), Buffer.from('{}'), appidBytes])
  const pad = 64 - content.length
  assert.equal(openPush(seal(padded(content, Buffer.alloc(pad, pad))), appid, key).toString(), '{}')
  const wrongPads = [Buffer.alloc(pad, 0), Buffer.alloc(pad, 33), Buffer.alloc(pad, 255), Buffer.alloc(pad, pad)]
  wrongPads[3]?.writeUInt8(1, 0)
  for (const bytes of wrongPads) {
    assert.throws(() => openPush(seal(padded(content, bytes)), appid, key), { reason: 'undecryptable' })
  }
  const longer = Buffer.concat([head(25), Buffer.alloc(25), appidBytes])
  assert.throws(() => openPush(seal(padded(longer, Buffer.alloc(33, 33))), appid, key), { reason: 'undecryptable' })
  for (const length of [0xffffffff, 0x7fffffff, content.length]) {
    const long = Buffer.concat([head(length), Buffer.from('{}'), appidBytes, Buffer.alloc(pad, pad)])
    assert.throws(() => openPush(seal(long), appid, key), { reason: 'undecryptable' })
  }
  assert.throws(() => openPush(seal(Buffer.alloc(32, 32)), appid, key), { reason: 'undecryptable' })
})

test('A17: base64 has one spelling, and whole 32-byte blocks', () => {
  const { Encrypt } = sealed(json)
  for (const text of [
    '',
    ` ${Encrypt}`,
    `${Encrypt}\n`,
    Encrypt.replace(/=+$/, ''),
    Encrypt.slice(0, 64),
    `${Encrypt}!`,
  ]) {
    const body = JSON.stringify({ Encrypt: text })
    assert.throws(() => read(secure, signed(text), body), { code: 'wechat_decrypt', reason: 'malformed_input' }, text)
  }
})

test('A16, A17: a signature must be the exact lower-case hex', () => {
  const signature = String(signed()['signature'])
  const sameLowBytes = Array.from(signature, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0x100)).join('')
  const wrong = ['', signature.toUpperCase(), `${signature}\n`, ` ${signature}`, signature.slice(1), sameLowBytes]
  for (const text of wrong) {
    assert.throws(() => read(plain, { ...signed(), signature: text }, json), { reason: 'bad_signature' }, text)
  }
})

test('A13: a list in the query, or as a field, is never taken for a text', () => {
  for (const name of ['signature', 'timestamp', 'nonce']) {
    const query = { ...signed(), [name]: [signed()[name]] }
    assert.throws(() => read(plain, query, json), { code: 'wechat_signature', reason: 'bad_signature' }, name)
  }
  const { query, Encrypt } = sealed(json)
  for (const odd of [[Encrypt], { Encrypt }, 1, true, null]) {
    assert.throws(() => read(secure, query, JSON.stringify({ Encrypt: odd })), { field: 'Encrypt' })
  }
  for (const name of ['ToUserName', 'FromUserName', 'CreateTime', 'MsgType', 'Event']) {
    const body = JSON.stringify({ ...event, [name]: ['event'] })
    assert.throws(() => read(plain, signed(), body), { code: 'wechat_malformed', reason: 'invalid_field', field: name })
  }
  assert.throws(() => read(plain, signed(), '[]'), { code: 'wechat_malformed' })
  assert.throws(() => plain.read({ query: signed(), body: json as unknown as Uint8Array }), TypeError)
})

test('A13: JSON declared as XML, and XML declared as JSON, are refused', () => {
  const expected = { code: 'wechat_malformed', field: 'content-type' }
  assert.throws(() => read(plain, signed(), json, 'text/xml'), expected)
  assert.throws(() => read(plain, signed(), xml, 'application/json'), expected)
  assert.equal(read(plain, signed(), xml, 'text/plain').event, 'debug_demo')
})

test('A24: digits moved from the nonce to the timestamp leave the signature as it is, and are refused', () => {
  const sent = { timestamp: '1714112445', nonce: '225670741' }
  const moved = { timestamp: '17141124452', nonce: '25670741' }
  const signature = pushSignature([token, sent.timestamp, sent.nonce])
  assert.equal(pushSignature([token, moved.timestamp, moved.nonce]), signature)
  assert.equal(read(plain, { signature, ...sent }, json).timestamp, 1714112445)
  assert.throws(() => read(plain, { signature, ...moved }, json), { reason: 'bad_signature' })
})

test('A60: __proto__, a deep text and repeated names cannot do harm', () => {
  const polluted = json.replace('{', '{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}},"Event":"first",')
  const { event: name, fields } = read(plain, signed(), polluted)
  assert.equal(name, 'debug_demo', 'the last counts')
  assert.equal(Object.getPrototypeOf(fields), null)
  assert.equal(JSON.stringify(fields).includes('polluted'), false)
  assert.equal(fields['constructor'], undefined)
  const deep = json.replace('{', `{"deep":${'['.repeat(10_000)}${']'.repeat(10_000)},`)
  assert.throws(() => read(plain, signed(), deep), { code: 'wechat_malformed', reason: 'json' })
})

test('A2: more than 64 KiB is refused before anything else, in bytes', () => {
  const fill = (size: number) => json.replace('{', `{"fill":"${'x'.repeat(size - Buffer.byteLength(json) - 10)}",`)
  assert.equal(read(plain, signed(), fill(65_536)).event, 'debug_demo')
  assert.throws(() => read(plain, {}, fill(65_537)), { code: 'wechat_malformed', reason: 'too_large' })
})

test('A6: bytes that are not UTF-8 are refused, outside and inside', () => {
  const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')])
  assert.throws(() => plain.read({ query: signed(), body: bytes }), { code: 'wechat_malformed', reason: 'encoding' })
})

test('A message is told from its repeats by MsgId, with all its digits', () => {
  const body = (MsgId: string) =>
    `{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":"1714112440","MsgType":"text","MsgId":${MsgId}}`
  const first = read(plain, signed(), body('23637352235060881'))
  assert.equal(first.msgId, '23637352235060881')
  assert.equal(first.dedupeKey, 'msg:23637352235060881')
  assert.equal(first.createTime, 1714112440)
  assert.notEqual(read(plain, signed(), body('23637352235060880')).dedupeKey, first.dedupeKey)
  assert.equal(read(plain, signed(), body('"23637352235060881"')).dedupeKey, first.dedupeKey)
  assert.equal(read(plain, signed(), body('42')).dedupeKey, 'msg:42')
  assert.match(read(plain, signed(), body(`"${'x'.repeat(5000)}"`)).dedupeKey, /^\d+:[0-9a-f]{64}$/)
})

test('An event is told from its repeats, and from others of the same second, by all its fields', () => {
  const keyOf = (fields: object) => read(plain, signed(), JSON.stringify({ ...event, ...fields })).dedupeKey
  assert.equal(keyOf({ transaction_id: '1' }), keyOf({ transaction_id: '1' }))
  assert.notEqual(keyOf({ transaction_id: '1' }), keyOf({ transaction_id: '2' }))
  assert.notEqual(keyOf({ FromUserName: 'o2' }), keyOf({}))
  const again = (bytes: Buffer) => JSON.stringify({ ...event, Encrypt: sealPush(json, appid, key, bytes) })
  const [one, two] = [again(random), again(Buffer.alloc(16, 7))]
  assert.notEqual(one, two)
  assert.equal(read(plain, signed(), one).dedupeKey, read(plain, signed(), two).dedupeKey)
})

test('A push without what every push has is refused', () => {
  for (const name of ['ToUserName', 'FromUserName', 'CreateTime', 'MsgType']) {
    const expected = { code: 'wechat_malformed', reason: 'missing_field', field: name }
    assert.throws(() => read(plain, signed(), JSON.stringify({ ...event, [name]: '' })), expected)
  }
  for (const CreateTime of [1714112440000, -1, 1.5, '1e9', '0x5f5e100', 'now']) {
    assert.throws(() => read(plain, signed(), JSON.stringify({ ...event, CreateTime })), { reason: 'invalid_field' })
  }
})

test('A59: 64 KiB of the worst JSON takes linear time', () => {
  const parts = ['\\"', '"', '\\', '"\\', '1', '1,', '-', '[', '{"', 'e1', '中']
  for (const part of parts) {
    assertLinearTime(part, (bytes) => {
      const text = `{"a":${part.repeat(Math.floor(bytes / Buffer.byteLength(part)))}`
      assert.throws(() => read(plain, signed(), text), isWechatError)
    })
  }
})

test('Any bytes give a message or a typed error', () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(json.replace('{', `{"x":${text},`))),
  )
  fc.assert(
    fc.property(body, (bytes) => {
      try {
        assert.equal(plain.read({ query: signed(), body: bytes }).encrypted, false)
      } catch (error) {
        assert(isWechatError(error), String(error))
      }
    }),
  )
})

test('A11: options that cannot be right are refused, without showing them', () => {
  const wrong: Array<Partial<MessagePushOptions>> = [
    { token: '' },
    { token: 'AAAAA' },
    { token: 'undefined' },
    { token: 'has a blank' },
    { token: 'x1y2'.repeat(9) },
    { encodingAesKey: '' },
    { encodingAesKey: 'A'.repeat(43) },
    { encodingAesKey: `${encodingAesKey}=` },
    { encodingAesKey: encodingAesKey.slice(1) },
    { appid: '' },
  ]
  for (const options of wrong) assert.throws(() => makePush(options), TypeError, JSON.stringify(options))
  const reply = { timestamp: 1714112445, nonce, random }
  assert.throws(() => plain.encryptReply('x', reply), TypeError)
  assert.throws(() => secure.encryptReply('x', { ...reply, random: Buffer.alloc(15) }), TypeError)
  assert.throws(() => secure.encryptReply('x', { ...reply, nonce: 'a b' }), TypeError)
  assert.throws(() => secure.encryptReply('x', { ...reply, timestamp: 1714112445000 }), TypeError)
})

test('Neither the object nor its errors print the token, the key or a plaintext', () => {
  const prints = [inspect(secure, { depth: 20, showHidden: true }), JSON.stringify(secure)]
  const { query, body } = sealed('{"secret_text":1}')
  for (const attempt of [
    () => read(secure, query, body),
    () => read(secure, signed(), json),
    () => secure.verifyUrl({}),
  ]) {
    assert.throws(attempt, (error) => prints.push(inspect(error, { depth: 20 })) > 0)
  }
  for (const text of [token, encodingAesKey, key.export().toString('hex'), 'secret_text']) {
    assert.equal(prints.join('\n').includes(text), false)
  }
})
