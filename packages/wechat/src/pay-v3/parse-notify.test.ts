import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHost } from '../../test/loopback-host.ts'
import {
  answerSigned,
  apiV3Key,
  appid,
  certificateList,
  makeKeyPair,
  makeSigner,
  mchid,
  nowMs,
  nowSeconds,
  seal,
  signedHeaders,
} from '../../test/test-platform.ts'
import { PayV3Client, type PlatformKeysOptions } from '../index.ts'

const merchant = makeKeyPair()
const publicKeySigner = makeSigner('PUB_KEY_ID_0114232134912410000000000000')
const certificateSigner = makeSigner('5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC')
const bothKeys: PlatformKeysOptions = {
  publicKeys: [{ id: publicKeySigner.serial, publicKey: publicKeySigner.publicKey }],
  certificates: [{ serialNo: certificateSigner.serial, certificate: certificateSigner.certificate }],
  download: false,
}

function makeClient(platformKeys: PlatformKeysOptions = bothKeys, baseUrls?: string[]): PayV3Client {
  return new PayV3Client({
    mchid,
    apiV3Key,
    merchantKey: { serialNo: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey: merchant.privateKey },
    platformKeys,
    clock: () => nowMs,
    ...(baseUrls === undefined ? {} : { baseUrls }),
  })
}

const transaction = {
  mchid,
  appid,
  out_trade_no: '1217752501201407033233368018',
  transaction_id: '4200000000201407033233368018',
  trade_type: 'JSAPI',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'OTHERS',
  success_time: '2024-08-05T17:00:20+08:00',
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
}

function notifyBody(resource: object, event_type = 'TRANSACTION.SUCCESS'): string {
  const envelope = { id: 'EV-2018022511223320873', create_time: '2024-08-05T17:00:21+08:00', event_type }
  return JSON.stringify({ ...envelope, resource_type: 'encrypt-resource', summary: '支付成功', resource })
}

const genuine = notifyBody(seal(JSON.stringify(transaction)))

function signed(body: string, signer = publicKeySigner, timestamp = nowSeconds) {
  return { headers: signedHeaders(signer, body, timestamp), body: Buffer.from(body) }
}

test('A genuine payment notify is opened, headers in any case and form', async () => {
  const client = makeClient()
  const message = signed(genuine)
  const lowerCase = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  for (const headers of [message.headers, lowerCase, new Headers(message.headers)]) {
    assert.deepEqual(await client.parseNotify({ ...message, headers }), {
      kind: 'payment',
      id: 'EV-2018022511223320873',
      create_time: '2024-08-05T17:00:21+08:00',
      event_type: 'TRANSACTION.SUCCESS',
      summary: '支付成功',
      resource: transaction,
    })
  }
})

test('F32, F33: certificate and public key both verify, whichever signs', async () => {
  const client = makeClient()
  for (const signer of [publicKeySigner, certificateSigner, publicKeySigner]) {
    assert.equal((await client.parseNotify(signed(genuine, signer))).kind, 'payment')
  }
})

test('A refund notify is opened, and one of an unknown type is handed over as text', async () => {
  const client = makeClient()
  const refund = {
    mchid,
    transaction_id: '42',
    out_trade_no: '1',
    refund_id: '50',
    out_refund_no: 'r1',
    refund_status: 'SUCCESS',
    amount: { total: 100, refund: 1, payer_total: 100, payer_refund: 1 },
  }
  const refundBody = notifyBody(seal(JSON.stringify(refund), 'refund'), 'REFUND.SUCCESS')
  const notify = await client.parseNotify(signed(refundBody))
  assert(notify.kind === 'refund')
  assert.deepEqual(notify.resource, refund)
  const other = await client.parseNotify(signed(notifyBody(seal('not even json', ''), 'PAYSCORE.USER_PAID')))
  assert(other.kind === 'other')
  assert.equal(other.event_type, 'PAYSCORE.USER_PAID')
  assert.equal(other.resource, 'not even json')
})

test('A refund notify tells one state by event_type and refund_status, and its time only with success', async () => {
  const client = makeClient()
  const refund = {
    mchid,
    transaction_id: '42',
    out_trade_no: '1',
    refund_id: '50',
    out_refund_no: 'r1',
    success_time: '2024-08-05T17:00:20+08:00',
    user_received_account: '招商银行信用卡0403',
    amount: { total: 100, refund: 1, payer_total: 100, payer_refund: 1 },
  }
  const parse = async (event: string, refund_status: string) => {
    const notify = await client.parseNotify(
      signed(notifyBody(seal(JSON.stringify({ ...refund, refund_status }), 'refund'), event)),
    )
    assert(notify.kind === 'refund')
    return notify.resource
  }
  assert.deepEqual(await parse('REFUND.SUCCESS', 'SUCCESS'), { ...refund, refund_status: 'SUCCESS' })
  const { success_time: _, ...untimed } = refund
  for (const state of ['ABNORMAL', 'CLOSED']) {
    assert.deepEqual(await parse(`REFUND.${state}`, state), { ...untimed, refund_status: state })
    const disagreeing = { code: 'wechat_malformed', reason: 'invalid_field', field: 'refund_status' }
    await assert.rejects(parse('REFUND.SUCCESS', state), disagreeing, state)
    await assert.rejects(parse(`REFUND.${state}`, 'SUCCESS'), disagreeing, state)
  }
})

test('A18: any change of the raw bytes is refused, also one that means the same JSON', async () => {
  const client = makeClient()
  const { headers } = signed(genuine)
  const changes = [
    `${genuine} `,
    genuine.replace('"id":', '"id": '),
    genuine.replace('支付', '\\u652f\\u4ed8'),
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(genuine)).reverse())),
    `\ufeff${genuine}`,
    '',
  ]
  for (const body of changes) {
    const message = { headers, body: Buffer.from(body) }
    await assert.rejects(client.parseNotify(message), { code: 'wechat_signature', reason: 'bad_signature' })
  }
})

test('A24: a genuine notify is good for less than five minutes, on both sides of our clock', async () => {
  const client = makeClient()
  for (const seconds of [-299, 299]) await client.parseNotify(signed(genuine, publicKeySigner, nowSeconds + seconds))
  for (const seconds of [-300, 300, 99_999]) {
    const message = signed(genuine, publicKeySigner, nowSeconds + seconds)
    await assert.rejects(client.parseNotify(message), { code: 'wechat_signature', reason: 'clock_skew' })
  }
})

test('Headers that are missing, repeated or of another form are refused', async () => {
  const client = makeClient()
  const { headers, body } = signed(genuine)
  const cases: Array<[reason: string, name: string, value: string | string[] | undefined]> = [
    ['missing_header', 'Wechatpay-Timestamp', undefined],
    ['missing_header', 'Wechatpay-Nonce', ''],
    ['missing_header', 'Wechatpay-Signature', undefined],
    ['missing_header', 'Wechatpay-Serial', undefined],
    ['malformed_header', 'Wechatpay-Timestamp', `${nowSeconds} `],
    ['malformed_header', 'Wechatpay-Timestamp', '1e9'],
    ['malformed_header', 'Wechatpay-Timestamp', [String(nowSeconds), String(nowSeconds)]],
    ['malformed_header', 'Wechatpay-Nonce', 'a\nb'],
    ['malformed_header', 'Wechatpay-Nonce', 'a, b'],
    ['malformed_header', 'Wechatpay-Serial', 'constructor'],
    ['malformed_header', 'Wechatpay-Serial', '__proto__'],
    ['malformed_header', 'Wechatpay-Serial', certificateSigner.serial.toLowerCase()],
    ['wrong_algorithm', 'Wechatpay-Signature-Type', 'WECHATPAY2-SM2-WITH-SM3'],
    ['unknown_serial', 'Wechatpay-Serial', 'PUB_KEY_ID_0000000002'],
    ['bad_signature', 'Wechatpay-Serial', certificateSigner.serial],
  ]
  for (const [reason, name, value] of cases) {
    const message = { headers: { ...headers, [name]: value }, body }
    await assert.rejects(client.parseNotify(message), { code: 'wechat_signature', reason }, `${name}: ${value}`)
  }
})

test('A17: a signature must be spelt in canonical base64', async () => {
  const client = makeClient()
  const { headers, body } = signed(genuine)
  const signature = headers['Wechatpay-Signature'] ?? ''
  const spellings = [
    signature.replace(/=+$/, ''),
    `${signature}=`,
    signature.replace('==', 'A='),
    `-${signature}`,
    signature.replaceAll('+', '-').replaceAll('/', '_'),
    `${signature.slice(0, -3)}${signature.at(-3) === 'A' ? 'B' : 'A'}==`,
  ].filter((spelling) => spelling !== signature)
  for (const spelling of spellings) {
    const message = { headers: { ...headers, 'Wechatpay-Signature': spelling }, body }
    await assert.rejects(client.parseNotify(message), { code: 'wechat_signature', reason: 'bad_signature' }, spelling)
  }
})

test('F7: a probe on a notify fails like any wrong signature and is marked as a probe, base64 or not', async () => {
  const client = makeClient()
  const { headers, body } = signed(genuine)
  for (const probe of [`WECHATPAY/SIGNTEST/${'A'.repeat(325)}`, 'WECHATPAY/SIGNTEST/???']) {
    const message = { headers: { ...headers, 'Wechatpay-Signature': probe }, body }
    await assert.rejects(client.parseNotify(message), { reason: 'bad_signature', probe: true, outcomeUnknown: false })
  }
})

test('A19: the tag, the associated data, the algorithm and the nonce are checked', async () => {
  const client = makeClient()
  const resource = seal(JSON.stringify(transaction))
  const bytes = Buffer.from(resource.ciphertext, 'base64')
  const flipped = Buffer.from(bytes)
  flipped[0] = (flipped[0] ?? 0) ^ 1
  const cases: Array<[reason: string, change: object]> = [
    ['undecryptable', { ciphertext: flipped.toString('base64') }],
    ['undecryptable', { ciphertext: bytes.subarray(0, -1).toString('base64') }],
    ['undecryptable', { associated_data: 'refund' }],
    ['undecryptable', { associated_data: undefined }],
    ['undecryptable', { nonce: 'aaaaaaaaaaaa' }],
    ['malformed_input', { ciphertext: bytes.subarray(0, 15).toString('base64') }],
    ['malformed_input', { ciphertext: `${resource.ciphertext}\n` }],
    ['malformed_input', { nonce: 'short' }],
    ['unsupported_algorithm', { algorithm: 'AEAD_AES_128_GCM' }],
    ['unsupported_algorithm', { algorithm: 'none' }],
  ]
  for (const [reason, change] of cases) {
    const message = signed(notifyBody({ ...resource, ...change }))
    await assert.rejects(client.parseNotify(message), { code: 'wechat_decrypt', reason }, JSON.stringify(change))
  }
  const otherKey = seal(JSON.stringify(transaction), 'transaction', 'x'.repeat(32))
  await assert.rejects(client.parseNotify(signed(notifyBody(otherKey))), { reason: 'undecryptable' })
})

test('A60: prototype names, repeats and depth in the plaintext do no harm', async () => {
  const client = makeClient()
  const open = (plaintext: string) => client.parseNotify(signed(notifyBody(seal(plaintext))))
  const text = JSON.stringify(transaction)
  const polluted = await open(text.replace('{', '{"__proto__":{"polluted":1},"constructor":1,'))
  assert.deepEqual(polluted.resource, transaction)
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  const repeated = await open(text.replace('{', '{"out_trade_no":"first",'))
  assert.deepEqual(repeated.resource, transaction)
  const deep = text.replace('{', `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)},`)
  await assert.rejects(open(deep), { code: 'wechat_malformed', reason: 'json' })
  await assert.rejects(open(text.replace('{', `{"x":${'['.repeat(32)}${']'.repeat(32)},`)), { reason: 'json' })
  assert.equal((await open(text.replace('{', `{"x":${'['.repeat(31)}"[{"${']'.repeat(31)},`))).kind, 'payment')
})

test('Fields of another type, missing fields and unsafe amounts are refused', async () => {
  const client = makeClient()
  const cases: Array<[reason: string, change: object]> = [
    ['missing_field', { mchid: undefined }],
    ['missing_field', { trade_state: null }],
    ['invalid_field', { out_trade_no: 1217752501 }],
    ['invalid_field', { out_trade_no: ['1217752501'] }],
    ['invalid_field', { amount: { total: 100.5 } }],
    ['invalid_field', { amount: { total: '100' } }],
    ['invalid_field', { amount: { total: 2 ** 53 } }],
    ['invalid_field', { amount: [] }],
    ['invalid_field', { promotion_detail: {} }],
  ]
  for (const [reason, change] of cases) {
    const message = signed(notifyBody(seal(JSON.stringify({ ...transaction, ...change }))))
    await assert.rejects(client.parseNotify(message), { code: 'wechat_malformed', reason }, JSON.stringify(change))
  }
  for (const plaintext of ['[]', 'null', '"x"']) {
    await assert.rejects(client.parseNotify(signed(notifyBody(seal(plaintext)))), { reason: 'invalid_field' })
  }
})

test('A25: a genuine notify of another merchant is refused', async () => {
  const message = signed(notifyBody(seal(JSON.stringify({ ...transaction, mchid: '1900000001' }))))
  await assert.rejects(makeClient().parseNotify(message), { code: 'wechat_malformed', reason: 'identity_mismatch' })
})

test('A notify over 1 MiB or not JSON is refused, and a parsed body is a mistake', async () => {
  const client = makeClient()
  const huge = signed(`{"x":"${'x'.repeat(1024 * 1024)}"}`)
  await assert.rejects(client.parseNotify(huge), { code: 'wechat_malformed', reason: 'too_large' })
  await assert.rejects(client.parseNotify(signed('<xml></xml>')), { code: 'wechat_malformed', reason: 'json' })
  const parsed: object = JSON.parse(genuine)
  // @ts-expect-error a parsed body has lost the bytes that the signature is over
  await assert.rejects(client.parseNotify({ ...signed(genuine), body: parsed }), {
    name: 'TypeError',
    message: /raw bytes/,
  })
})

test('A20: a flood of unknown serials makes one download, and a rotation is picked up', async (t) => {
  const next = makeSigner('5DEA10EF55877E3CF6C33255C2E7DEFFF7E427ED')
  const host = await startHost(t, (_, response) => {
    answerSigned(response, certificateSigner, certificateList(certificateSigner, next))
  })
  const certificates = [{ serialNo: certificateSigner.serial, certificate: certificateSigner.certificate }]
  const client = makeClient({ certificates }, [host.origin])
  assert.equal((await client.parseNotify(signed(genuine, next))).kind, 'payment')
  const flood = Array.from({ length: 50 }, (_, index) => {
    const { headers, body } = signed(genuine)
    const serial = (0xabcdef0000 + index).toString(16).toUpperCase()
    return client.parseNotify({ headers: { ...headers, 'Wechatpay-Serial': serial }, body })
  })
  for (const message of flood) await assert.rejects(message, { reason: 'unknown_serial' })
  assert.equal(host.requests.length, 1)
})

test('F34: a certificate that has expired or is not yet valid is not used', async () => {
  const day = 86_400_000
  const expired = makeSigner('5DEA10EF55877E3C', { to: nowMs - 1000 })
  const early = makeSigner('5DEA10EF55877E3D', { from: nowMs + day })
  const certificates = [expired, early].map(({ serial, certificate }) => ({ serialNo: serial, certificate }))
  const client = makeClient({ certificates, download: false })
  for (const signer of [expired, early]) {
    const expected = { code: 'wechat_signature', reason: 'key_not_valid_now' }
    await assert.rejects(client.parseNotify(signed(genuine, signer)), expected)
  }
})
