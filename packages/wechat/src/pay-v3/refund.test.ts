import assert from 'node:assert/strict'
import { constants, type KeyObject, privateDecrypt } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Answerer, closedOrigin, startHost } from '../../test/loopback-host.ts'
import {
  answerSigned,
  apiV3Key,
  certificateList,
  makeKeyPair,
  makeSigner,
  mchid,
  nowMs,
  signedHeaders,
} from '../../test/test-platform.ts'
import { PlatformKey } from '../auth/platform-key.ts'
import { PayV3Client, type PayV3Options, type V3AbnormalRefundRequest, type V3RefundRequest } from '../index.ts'

const merchant = makeKeyPair()
const signer = makeSigner('PUB_KEY_ID_0114232134912410000000000000')
const year = 365 * 86_400_000
const older = makeSigner('5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC', { from: nowMs - 2 * year })
const newer = makeSigner('0ABBCCDDEEFF00112233445566778899AABBCCDD')

function makeClient(options: Partial<PayV3Options> = {}): PayV3Client {
  return new PayV3Client({
    mchid,
    apiV3Key,
    merchantKey: { serialNo: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey: merchant.privateKey },
    platformKeys: { publicKeys: [{ id: signer.serial, publicKey: signer.publicKey }] },
    clock: () => nowMs,
    random: () => 0,
    sleep: async () => undefined,
    timeoutMs: 3000,
    ...options,
  })
}

const request: V3RefundRequest = {
  transaction_id: '4200000000201407033233368018',
  out_refund_no: 'r_1|2*3@4-5',
  reason: '商品已售完',
  notify_url: 'https://shop.example.com/wechat/notify/v3',
  amount: { refund: 30, total: 100, from: [{ account: 'AVAILABLE', amount: 30 }] },
  goods_detail: [
    {
      merchant_goods_id: '1217752501201407033233368018',
      goods_name: 'iPhone6s 16G',
      unit_price: 30,
      refund_amount: 30,
      refund_quantity: 1,
    },
  ],
}
const refund = {
  refund_id: '50000000382019052709732678859',
  out_refund_no: 'r_1|2*3@4-5',
  transaction_id: '4200000000201407033233368018',
  out_trade_no: '1217752501201407033233368018',
  channel: 'ORIGINAL',
  user_received_account: '招商银行信用卡0403',
  create_time: '2020-12-01T16:18:12+08:00',
  status: 'PROCESSING',
  funds_account: 'AVAILABLE',
  amount: {
    total: 100,
    refund: 30,
    from: [{ account: 'AVAILABLE', amount: 30 }],
    payer_total: 90,
    payer_refund: 27,
    settlement_refund: 30,
    settlement_total: 100,
    discount_refund: 3,
    currency: 'CNY',
    refund_fee: 0,
  },
  promotion_detail: [{ promotion_id: '109519', scope: 'GLOBAL', type: 'COUPON', amount: 10, refund_amount: 3 }],
}
const answering =
  (...answers: object[]): Answerer =>
  (_, response, count) => {
    answerSigned(response, signer, JSON.stringify(answers[Math.min(count, answers.length) - 1]))
  }
const refusing =
  (...refusals: Array<readonly [status: number, code: string]>): Answerer =>
  (_, response, count) => {
    const [status, code] = refusals[Math.min(count, refusals.length) - 1] ?? [500, '']
    response.writeHead(status).end(JSON.stringify({ code, message: code }))
  }

test('A refund is applied for as given, in CNY, and read with all its amounts', async (t) => {
  const host = await startHost(t, answering({ ...refund, a_future_field: 1 }))
  assert.deepEqual(await makeClient({ baseUrls: [host.origin] }).refund(request), refund)
  const [sent] = host.requests
  assert.equal(`${sent?.method} ${sent?.url}`, 'POST /v3/refund/domestic/refunds')
  assert.deepEqual(JSON.parse(sent?.body ?? ''), { ...request, amount: { ...request.amount, currency: 'CNY' } })
})

test('A refund is found by its number, its state as it is, a time of success only with success', async (t) => {
  const success_time = '2020-12-01T16:18:12+08:00'
  const done = { ...refund, status: 'SUCCESS', success_time }
  const answers = [done, { ...refund, status: 'A_FUTURE_STATE' }, { ...refund, status: 'CLOSED', success_time }]
  const host = await startHost(t, answering(...answers))
  const client = makeClient({ baseUrls: [host.origin] })
  assert.deepEqual(await client.queryRefund(refund.out_refund_no), done)
  assert.equal((await client.queryRefund(refund.out_refund_no)).status, 'A_FUTURE_STATE')
  const closed = await client.queryRefund(refund.out_refund_no)
  assert.deepEqual([closed.status, 'success_time' in closed], ['CLOSED', false])
  assert.equal(host.requests[0]?.url, '/v3/refund/domestic/refunds/r_1%7C2*3%404-5')
  assert.equal(host.requests[0]?.method, 'GET')
})

test('F25: an answer lost after the refund was taken is asked for again with the very same body', async (t) => {
  const host = await startHost(t, (seen, response, count) => {
    if (count === 1) return void response.destroy()
    return answering(refund)(seen, response, count)
  })
  assert.equal((await makeClient({ baseUrls: [host.origin] }).refund(request)).refund_id, refund.refund_id)
  assert.equal(host.requests.length, 2)
  assert.equal(host.requests[0]?.body, host.requests[1]?.body)
})

test('F25: a refund that WeChat is silent about is unknown, and so is one refused after a lost answer', async (t) => {
  const silent = await startHost(t, () => undefined)
  const timeout = { code: 'wechat_transport', reason: 'timeout', outcomeUnknown: true }
  await assert.rejects(makeClient({ baseUrls: [silent.origin], timeoutMs: 300 }).refund(request), timeout)
  const host = await startHost(t, (seen, response, count) => {
    if (count === 1) return void response.destroy()
    return refusing([403, 'NOT_ENOUGH'])(seen, response, count)
  })
  const refused = { code: 'wechat_refused', canonicalCode: 'NOT_ENOUGH', outcomeUnknown: true }
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).refund(request), refused)
})

/** Every code of the refund table: its current spelling, whether it may have happened, whether to come back. */
const refusals: Array<
  [status: number, apiCode: string, canonicalCode: string, outcomeUnknown: boolean, retryLater: boolean, tries: number]
> = [
  [400, 'PARAM_ERROR', 'PARAM_ERROR', false, false, 1],
  [400, 'INVALID_REQUEST', 'INVALID_REQUEST', false, false, 1],
  [401, 'SIGN_ERROR', 'SIGN_ERROR', false, false, 1],
  [403, 'NO_AUTH', 'NO_AUTH', false, false, 1],
  [403, 'NOT_ENOUGH', 'NOT_ENOUGH', false, true, 1],
  [403, 'NOTENOUGH', 'NOT_ENOUGH', false, true, 1],
  [403, 'USER_ACCOUNT_ABNORMAL', 'USER_ACCOUNT_ABNORMAL', false, false, 1],
  [403, 'ACCOUNTERROR', 'USER_ACCOUNT_ABNORMAL', false, false, 1],
  [403, 'TRADE_OVERDUE', 'TRADE_OVERDUE', false, false, 1],
  [400, 'REFUND_FEE_MISMATCH', 'REFUND_FEE_MISMATCH', false, false, 1],
  [404, 'MCH_NOT_EXISTS', 'MCH_NOT_EXISTS', false, false, 1],
  [404, 'RESOURCE_NOT_EXISTS', 'RESOURCE_NOT_EXISTS', false, false, 1],
  [429, 'FREQUENCY_LIMITED', 'FREQUENCY_LIMITED', true, true, 1],
  [429, 'RATELIMIT_EXCEEDED', 'FREQUENCY_LIMITED', true, true, 1],
  [500, 'SYSTEM_ERROR', 'SYSTEM_ERROR', true, true, 3],
  [500, 'BANKERROR', 'BANK_ERROR', true, true, 3],
  [503, 'SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE', true, true, 3],
  [400, 'A_FUTURE_CODE', 'A_FUTURE_CODE', true, false, 3],
]

for (const [status, apiCode, canonicalCode, outcomeUnknown, retryLater, tries] of refusals) {
  test(`F26: a refund refused with ${apiCode} is unknown: ${outcomeUnknown}, for later: ${retryLater}`, async (t) => {
    const host = await startHost(t, refusing([status, apiCode]))
    const expected = { code: 'wechat_refused', apiCode, canonicalCode, outcomeUnknown, retryLater }
    await assert.rejects(makeClient({ baseUrls: [host.origin] }).refund(request), expected)
    assert.equal(host.requests.length, tries)
    assert.equal(new Set(host.requests.map(({ body }) => body)).size, 1)
  })
}

test('A code means for refunds what the refund pages say, for queries and orders what theirs say', async (t) => {
  const host = await startHost(t, refusing([404, 'RESOURCE_NOT_EXISTS'], [429, 'FREQUENCY_LIMITED']))
  const client = makeClient({ baseUrls: [host.origin] })
  const unknownRefund = { canonicalCode: 'RESOURCE_NOT_EXISTS', outcomeUnknown: false, advice: /repeat it unchanged/ }
  await assert.rejects(client.queryRefund('r1'), unknownRefund)
  await assert.rejects(client.refund(request), { outcomeUnknown: true, advice: /already be in progress/ })
  await assert.rejects(client.queryRefund('r1'), { outcomeUnknown: false, retryLater: true })
  await assert.rejects(client.close('20150806125346'), { outcomeUnknown: false, retryLater: true })
})

test('F41: with the first host down, refunds go to the second one', async (t) => {
  const host = await startHost(t, answering(refund))
  const client = makeClient({ baseUrls: [await closedOrigin(), host.origin] })
  for (let call = 0; call < 5; call++) await client.refund(request)
  assert.equal(host.requests.length, 5)
})

test("A genuine answer about another refund is not the asked one's and leaves the outcome unknown", async (t) => {
  const others = [
    { ...refund, out_refund_no: 'r2' },
    { ...refund, transaction_id: '42' },
    { ...refund, amount: { ...refund.amount, total: 101 } },
    { ...refund, amount: { ...refund.amount, refund: 29 } },
  ]
  const another = { ...refund, out_trade_no: 'another' }
  const host = await startHost(t, answering(...others, another, others[0] ?? {}))
  const client = makeClient({ baseUrls: [host.origin] })
  const expected = { code: 'wechat_malformed', reason: 'identity_mismatch', outcomeUnknown: true }
  for (const other of others) await assert.rejects(client.refund(request), expected, JSON.stringify(other))
  const { transaction_id: _, ...byNumber } = request
  await assert.rejects(client.refund({ ...byNumber, out_trade_no: refund.out_trade_no }), expected)
  await assert.rejects(client.queryRefund(refund.out_refund_no), expected)
})

test('A18, A60: forged, half and impossible answers to a refund are no answers, and it is unknown', async (t) => {
  const without = (name: string) => Object.fromEntries(Object.entries(refund).filter(([key]) => key !== name))
  const malformed: Array<[reason: string, answer: object]> = [
    ...['refund_id', 'out_refund_no', 'transaction_id', 'out_trade_no', 'status', 'amount'].map(
      (name): [string, object] => ['missing_field', without(name)],
    ),
    ['invalid_field', { ...refund, status: 1 }],
    ['invalid_field', { ...refund, amount: { total: 100, refund: '30' } }],
    ['invalid_field', { ...refund, amount: { total: 100, refund: 30.5 } }],
    ['invalid_field', { ...refund, amount: { total: 100, refund: 101 } }],
    ['invalid_field', { ...refund, amount: { total: 100, refund: 0 } }],
    ['invalid_field', { ...refund, amount: { total: 100, refund: -1 } }],
    ['invalid_field', { ...refund, amount: [] }],
    ['invalid_field', { ...refund, promotion_detail: {} }],
  ]
  const host = await startHost(t, answering(...malformed.map(([, answer]) => answer)))
  const client = makeClient({ baseUrls: [host.origin] })
  for (const [reason, answer] of malformed) {
    const expected = { code: 'wechat_malformed', reason, outcomeUnknown: true }
    await assert.rejects(client.refund(request), expected, JSON.stringify(answer))
  }
  const body = JSON.stringify(refund)
  const forging = await startHost(t, (_, response, count) => {
    response.writeHead(200, count === 1 ? {} : signedHeaders(signer, `${body} `)).end(body)
  })
  const forged = makeClient({ baseUrls: [forging.origin] })
  for (const reason of ['missing_header', 'bad_signature']) {
    await assert.rejects(forged.refund(request), { code: 'wechat_signature', reason, outcomeUnknown: true })
  }
})

const toUserCard: V3AbnormalRefundRequest = {
  out_refund_no: refund.out_refund_no,
  type: 'USER_BANK_CARD',
  bank_type: 'ICBC_DEBIT',
  bank_account: '6222021234567890123',
  real_name: '张三',
}

function open(sealed: unknown, privateKey: KeyObject): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return privateDecrypt(
    { key: privateKey, padding, oaepHash: 'sha1' },
    Buffer.from(String(sealed), 'base64'),
  ).toString()
}

test("An abnormal refund goes to the user's card, account and name readable for WeChat alone", async (t) => {
  const host = await startHost(t, answering(refund))
  const client = makeClient({ baseUrls: [host.origin] })
  assert.deepEqual(await client.applyAbnormalRefund(refund.refund_id, toUserCard), refund)
  const [sent] = host.requests
  const path = '/v3/refund/domestic/refunds/50000000382019052709732678859/apply-abnormal-refund'
  assert.equal(`${sent?.method} ${sent?.url}`, `POST ${path}`)
  assert.equal(sent?.headers['wechatpay-serial'], signer.serial)
  const { bank_account, real_name, ...rest } = JSON.parse(sent?.body ?? '')
  assert.deepEqual(rest, { out_refund_no: refund.out_refund_no, type: 'USER_BANK_CARD', bank_type: 'ICBC_DEBIT' })
  assert.deepEqual(
    [open(bank_account, signer.privateKey), open(real_name, signer.privateKey)],
    ['6222021234567890123', '张三'],
  )
})

test('An abnormal refund goes back to the merchant with nothing to encrypt', async (t) => {
  const host = await startHost(t, answering(refund))
  const { out_refund_no } = refund
  const back = { out_refund_no, type: 'MERCHANT_BANK_CARD' } as const
  await makeClient({ baseUrls: [host.origin] }).applyAbnormalRefund(refund.refund_id, back)
  assert.deepEqual(JSON.parse(host.requests[0]?.body ?? ''), back)
})

test('With certificates, the newest one that is valid encrypts, downloaded if there is none', async (t) => {
  const future = makeSigner('5DEA10EF55877E3CF6C33255C2E7DEFFF7E427ED', { from: nowMs + 1000, to: nowMs + year })
  const host = await startHost(t, (seen, response) => {
    const isDownload = seen.url === '/v3/certificates'
    answerSigned(response, older, isDownload ? certificateList(older, newer, future) : JSON.stringify(refund))
  })
  const client = makeClient({ baseUrls: [host.origin], platformKeys: {} })
  await client.applyAbnormalRefund(refund.refund_id, toUserCard)
  assert.deepEqual(
    host.requests.map(({ url }) => url.split('/').at(-1)),
    ['certificates', 'apply-abnormal-refund'],
  )
  const sent = host.requests[1]
  assert.equal(sent?.headers['wechatpay-serial'], newer.serial, 'with its leading zero, as WeChat spells it')
  assert.equal(open(JSON.parse(sent?.body ?? '').real_name, newer.privateKey), '张三')
})

test('Without any key to encrypt with nothing is sent', async (t) => {
  const host = await startHost(t, (_, response) => void response.writeHead(404).end('{"code":"RESOURCE_NOT_EXISTS"}'))
  const client = makeClient({ baseUrls: [host.origin], platformKeys: {} })
  const error = { code: 'wechat_signature', reason: 'unknown_serial', outcomeUnknown: false }
  await assert.rejects(client.applyAbnormalRefund(refund.refund_id, toUserCard), error)
  assert.deepEqual(new Set(host.requests.map(({ url }) => url)), new Set(['/v3/certificates']))
})

test('An abnormal refund that may have arrived is not sent again, and another one is not its answer', async (t) => {
  const broken = await startHost(t, (_, response) => void response.destroy())
  const expected = { code: 'wechat_transport', reason: 'reset', outcomeUnknown: true }
  await assert.rejects(
    makeClient({ baseUrls: [broken.origin] }).applyAbnormalRefund(refund.refund_id, toUserCard),
    expected,
  )
  assert.equal(broken.requests.length, 1)
  const host = await startHost(t, answering({ ...refund, refund_id: '51' }, { ...refund, out_refund_no: 'r2' }))
  const client = makeClient({ baseUrls: [host.origin] })
  for (let call = 0; call < 2; call++) {
    const foreign = { code: 'wechat_malformed', reason: 'identity_mismatch', outcomeUnknown: true }
    await assert.rejects(client.applyAbnormalRefund(refund.refund_id, toUserCard), foreign)
  }
})

test("A caller's mistakes are TypeErrors before anything is sent, and show no account or name", async (t) => {
  const host = await startHost(t, answering(refund))
  const client = makeClient({ baseUrls: [host.origin] })
  const { amount, goods_detail: [goods] = [] } = request
  const requests: Array<Partial<Record<keyof V3RefundRequest, unknown>>> = [
    { transaction_id: undefined },
    { out_trade_no: '20150806125346' },
    { transaction_id: '42/1' },
    { out_refund_no: '' },
    { out_refund_no: 'a/b' },
    { out_refund_no: 'x'.repeat(65) },
    { amount: { ...amount, refund: 0 } },
    { amount: { ...amount, refund: 101 } },
    { amount: { ...amount, refund: 1.5 } },
    { amount: { ...amount, refund: '30' } },
    { amount: { ...amount, total: 2 ** 53 } },
    { amount: { ...amount, currency: 'USD' } },
    { amount: { ...amount, from: [{ account: 'AVAILABLE', amount: 29 }] } },
    { amount: { ...amount, from: [{ account: 'MINE', amount: 30 }] } },
    {
      amount: {
        ...amount,
        from: [
          { account: 'AVAILABLE', amount: 15 },
          { account: 'AVAILABLE', amount: 15 },
        ],
      },
    },
    { reason: '' },
    { reason: '退'.repeat(81) },
    { reason: 'noodles 🍜' },
    { notify_url: 'https://shop.example.com/notify?x=1' },
    { notify_url: 'ftp://shop.example.com/notify' },
    { funds_account: 'MINE' },
    { goods_detail: [] },
    { goods_detail: [{ ...goods, merchant_goods_id: '' }] },
    { goods_detail: [{ ...goods, merchant_goods_id: 'x'.repeat(33) }] },
    { goods_detail: [{ ...goods, unit_price: 0.5 }] },
    { goods_detail: [{ ...goods, refund_amount: 101 }] },
    { goods_detail: [{ ...goods, refund_quantity: 0 }] },
  ]
  for (const change of requests) {
    // @ts-expect-error the types do not allow these either
    await assert.rejects(client.refund({ ...request, ...change }), TypeError, JSON.stringify(change))
  }
  const abnormal: Array<Record<string, unknown>> = [
    { out_refund_no: '' },
    { type: 'CARD' },
    { bank_type: 'ICBC' },
    { bank_type: undefined },
    { bank_account: '6222 0212' },
    { bank_account: 6222021234567890 },
    { real_name: '' },
    { real_name: '张三'.repeat(33) },
  ]
  for (const change of abnormal) {
    const mistaken = { ...toUserCard, ...change }
    const isQuiet = (error: unknown) => error instanceof TypeError && !/6222|张三/.test(error.message)
    await assert.rejects(client.applyAbnormalRefund(refund.refund_id, mistaken), isQuiet, JSON.stringify(change))
  }
  await assert.rejects(client.applyAbnormalRefund('5/0', toUserCard), TypeError)
  await assert.rejects(client.queryRefund('undefined'), TypeError)
  assert.equal(host.requests.length, 0)
})

test('Property: what is encrypted for WeChat, its private key reads back, up to the longest name', () => {
  const key = PlatformKey.fromPublicKey(signer.serial, signer.publicKey)
  const names = fc.string({ unit: fc.constantFrom('张', '三', 'é', 'a', '·'), maxLength: 64 })
  fc.assert(
    fc.property(names, (name) => {
      assert.equal(open(key.encrypt(name), signer.privateKey), name)
    }),
    { numRuns: 50 },
  )
  assert.equal(open(key.encrypt('张'.repeat(64)), signer.privateKey).length, 64)
})

test('Property: a refund within its order is taken, one beyond it never sent', async (t) => {
  const host = await startHost(t, (seen, response) => {
    const { amount, out_refund_no, transaction_id } = JSON.parse(seen.body)
    answerSigned(response, signer, JSON.stringify({ ...refund, amount, out_refund_no, transaction_id }))
  })
  const client = makeClient({ baseUrls: [host.origin] })
  const fen = fc.integer({ min: -1, max: 3 })
  await fc.assert(
    fc.asyncProperty(fen, fen, async (part, total) => {
      const before = host.requests.length
      const { goods_detail: _, ...plain } = request
      const allowed = part >= 1 && part <= total
      const taken = await client.refund({ ...plain, amount: { refund: part, total } }).then(
        () => true,
        () => false,
      )
      assert.equal(taken, allowed)
      assert.equal(host.requests.length - before, allowed ? 1 : 0)
    }),
    { numRuns: 60 },
  )
})
