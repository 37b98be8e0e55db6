import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Answerer, closedOrigin, startHost } from '../../test/loopback-host.ts'
import { authorityPem, clientCertificate, demanding, mismatched } from '../../test/secure-world.ts'
import { nowMs } from '../../test/test-platform.ts'
import { answering, apiKey, appid, common, mchId, signAsWechat, signedXml, toXml } from '../../test/v2-platform.ts'
import { PayV2Client, type PayV2Options, type V2RefundFields } from '../index.ts'

function makeClient(options: Partial<PayV2Options> = {}): PayV2Client {
  const fixed = { clock: () => nowMs, random: () => 0, sleep: async () => undefined, timeoutMs: 3000 }
  const secure = { clientCertificate, secureCaPem: authorityPem }
  return new PayV2Client({ mchId, apiKey, signType: 'HMAC-SHA256', ...fixed, ...secure, ...options })
}

const refund: V2RefundFields = {
  appid,
  transaction_id: '4200000000201407033233368018',
  out_refund_no: 'r_1|2*3@4-5',
  total_fee: 100,
  refund_fee: 30,
  refund_desc: '商品已售完',
  notify_url: 'https://shop.example.com/wechat/notify/v2/refund',
}
const accepted = {
  ...common,
  result_code: 'SUCCESS',
  transaction_id: '4200000000201407033233368018',
  out_trade_no: '20150806125346',
  out_refund_no: 'r_1|2*3@4-5',
  refund_id: '50000000382019052709732678859',
  refund_fee: '30',
  total_fee: '100',
  cash_fee: '90',
  cash_refund_fee: '27',
  coupon_refund_fee: '3',
  coupon_refund_count: '1',
  coupon_refund_id_0: '10000',
}
const failed = (err_code: string) => signedXml({ ...common, result_code: 'FAIL', err_code, err_code_des: err_code })

test('A refund goes out over mutual TLS, signed over all that is sent, and tells what was accepted', async (t) => {
  const host = await startHost(t, answering(signedXml(accepted)), demanding)
  const plain = await startHost(t, answering(signedXml(accepted)))
  const client = makeClient({ secureBaseUrls: [host.origin], baseUrls: [plain.origin] })
  assert.deepEqual(await client.refund(refund), {
    transaction_id: '4200000000201407033233368018',
    out_trade_no: '20150806125346',
    out_refund_no: 'r_1|2*3@4-5',
    refund_id: '50000000382019052709732678859',
    refund_fee: 30,
    total_fee: 100,
    cash_fee: 90,
    cash_refund_fee: 27,
    coupon_refund_fee: 3,
    coupon_refund_count: 1,
  })
  assert.equal(plain.requests.length, 0)
  const [request] = host.requests
  assert.equal(`${request?.method} ${request?.url}`, 'POST /secapi/pay/refund')
  const sent = Object.fromEntries(
    Array.from((request?.body ?? '').matchAll(/<(\w+)><!\[CDATA\[(.*?)\]\]><\/\1>/g), ([, name, value]) => [
      name,
      value,
    ]),
  )
  const { sign, nonce_str, ...rest } = sent
  const amounts = { total_fee: '100', refund_fee: '30' }
  assert.deepEqual(rest, { ...refund, ...amounts, mch_id: mchId, sign_type: 'HMAC-SHA256' })
  assert.equal(sign, signAsWechat({ ...rest, nonce_str: nonce_str ?? '' }, 'HMAC-SHA256'))
})

test('F25: an answer lost after the refund was taken is asked for again with the very same bytes', async (t) => {
  const answer: Answerer = (_, response, count) => {
    if (count === 1) return void response.destroy()
    response.end(signedXml(accepted))
  }
  const host = await startHost(t, answer, demanding)
  assert.equal((await makeClient({ secureBaseUrls: [host.origin] }).refund(refund)).refund_fee, 30)
  assert.equal(host.requests.length, 2)
  assert.equal(new Set(host.requests.map(({ body }) => body)).size, 1)
})

test('F25: a refund that WeChat is silent about is unknown, and so is one refused after a lost answer', async (t) => {
  const silent = await startHost(t, () => undefined, demanding)
  const timeout = { code: 'wechat_transport', reason: 'timeout', outcomeUnknown: true }
  await assert.rejects(makeClient({ secureBaseUrls: [silent.origin], timeoutMs: 500 }).refund(refund), timeout)
  const answer: Answerer = (_, response, count) => {
    if (count === 1) return void response.destroy()
    response.end(failed('NOTENOUGH'))
  }
  const host = await startHost(t, answer, demanding)
  const refused = { code: 'wechat_refused', canonicalCode: 'NOT_ENOUGH', outcomeUnknown: true }
  await assert.rejects(makeClient({ secureBaseUrls: [host.origin] }).refund(refund), refused)
})

for (const code of ['SYSTEMERROR', 'BIZERR_NEED_RETRY']) {
  test(`F26: ${code} repeats the very same bytes, three times at most, and stays unknown`, async (t) => {
    const host = await startHost(t, answering(failed(code)), demanding)
    const expected = { code: 'wechat_refused', apiCode: code, canonicalCode: 'SYSTEM_ERROR', outcomeUnknown: true }
    await assert.rejects(makeClient({ secureBaseUrls: [host.origin] }).refund(refund), expected)
    assert.equal(host.requests.length, 3)
    assert.equal(new Set(host.requests.map(({ body }) => body)).size, 1)
  })
}

test('F41: with the first host down, refunds go to the second one', async (t) => {
  const host = await startHost(t, answering(signedXml(accepted)), demanding)
  const down = (await closedOrigin()).replace('http:', 'https:')
  const client = makeClient({ secureBaseUrls: [down, host.origin] })
  for (let call = 0; call < 5; call++) await client.refund(refund)
  assert.equal(host.requests.length, 5)
})

/** Every code of the refund table: its current spelling, whether it may have happened, whether to come back. */
const refusals: Array<[apiCode: string, canonicalCode: string, outcomeUnknown: boolean, retryLater: boolean]> = [
  ['TRADE_OVERDUE', 'TRADE_OVERDUE', false, false],
  ['ERROR', 'ERROR', false, false],
  ['USER_ACCOUNT_ABNORMAL', 'USER_ACCOUNT_ABNORMAL', false, false],
  ['INVALID_REQ_TOO_MUCH', 'INVALID_REQ_TOO_MUCH', false, false],
  ['NOTENOUGH', 'NOT_ENOUGH', false, true],
  ['INVALID_TRANSACTIONID', 'INVALID_TRANSACTIONID', false, false],
  ['PARAM_ERROR', 'PARAM_ERROR', false, false],
  ['APPID_NOT_EXIST', 'APPID_NOT_EXIST', false, false],
  ['MCHID_NOT_EXIST', 'MCH_NOT_EXISTS', false, false],
  ['ORDERNOTEXIST', 'ORDER_NOT_EXIST', false, false],
  ['REQUIRE_POST_METHOD', 'REQUIRE_POST_METHOD', false, false],
  ['XML_FORMAT_ERROR', 'XML_FORMAT_ERROR', false, false],
  ['SIGNERROR', 'SIGN_ERROR', false, false],
  ['FREQUENCY_LIMITED', 'FREQUENCY_LIMITED', false, true],
  ['NOAUTH', 'NO_AUTH', false, false],
  ['CERT_ERROR', 'CERT_ERROR', false, false],
  ['REFUND_FEE_MISMATCH', 'REFUND_FEE_MISMATCH', false, false],
  ['INVALID_REQUEST', 'INVALID_REQUEST', false, false],
  ['ORDER_NOT_READY', 'ORDER_NOT_READY', false, true],
]

test('A refusal by a listed code is final or for later as the table says, has advice, and is made once', async (t) => {
  const host = await startHost(t, answering(...refusals.map(([code]) => failed(code))), demanding)
  const client = makeClient({ secureBaseUrls: [host.origin] })
  for (const [apiCode, canonicalCode, outcomeUnknown, retryLater] of refusals) {
    const error = await client.refund(refund).catch((reason: unknown) => reason)
    const expected = { code: 'wechat_refused', apiCode, canonicalCode, outcomeUnknown, retryLater, verified: true }
    await assert.rejects(Promise.reject(error), expected, apiCode)
    assert(error instanceof Error && !error.message.includes('see the error table'), apiCode)
  }
  assert.equal(host.requests.length, refusals.length)
})

test('A refusal by a code that no table lists, and one that nobody vouches for, say nothing about the money', async (t) => {
  const unsigned = toXml({ return_code: 'FAIL', return_msg: '系统繁忙' })
  const host = await startHost(t, answering(unsigned, failed('A_FUTURE_CODE')), demanding)
  const client = makeClient({ secureBaseUrls: [host.origin] })
  const fail = {
    code: 'wechat_refused',
    apiCode: 'FAIL',
    apiMessage: '系统繁忙',
    verified: false,
    outcomeUnknown: true,
  }
  await assert.rejects(client.refund(refund), fail)
  assert.equal(host.requests.length, 1)
  await assert.rejects(client.refund(refund), { apiCode: 'A_FUTURE_CODE', outcomeUnknown: true })
})

test("A genuine answer about another refund is not the asked one's and leaves the outcome unknown", async (t) => {
  const changes = {
    out_refund_no: 'r2',
    total_fee: '101',
    refund_fee: '29',
    transaction_id: '42',
    appid: 'wx0000000000000000',
    mch_id: '10000101',
  }
  const bodies = Object.entries(changes).map(([name, value]) => signedXml({ ...accepted, [name]: value }))
  const host = await startHost(t, answering(...bodies), demanding)
  const client = makeClient({ secureBaseUrls: [host.origin] })
  for (const field of Object.keys(changes)) {
    const expected = { code: 'wechat_malformed', reason: 'identity_mismatch', field, outcomeUnknown: true }
    await assert.rejects(client.refund(refund), expected, field)
  }
  const { transaction_id: _, ...byNumber } = refund
  await assert.rejects(client.refund({ ...byNumber, out_trade_no: 'another' }), { reason: 'identity_mismatch' })
})

test('F13: forged, half and impossible answers to a refund are no answers, and the outcome is unknown', async (t) => {
  const { refund_id: _, ...withoutId } = accepted
  const bodies: Array<[code: string, reason: string, body: string]> = [
    ['wechat_signature', 'bad_signature', signedXml(accepted).replace('<refund_fee>30<', '<refund_fee>31<')],
    ['wechat_signature', 'missing_sign', toXml(accepted)],
    ['wechat_signature', 'wrong_algorithm', signedXml(accepted, 'MD5')],
    ['wechat_malformed', 'missing_field', signedXml(withoutId)],
    ['wechat_malformed', 'invalid_field', signedXml({ ...accepted, refund_fee: '30.0' })],
    ['wechat_malformed', 'invalid_field', signedXml({ ...accepted, coupon_refund_count: 'one' })],
    ['wechat_transport', 'malformed_body', '<html>login</html>'],
  ]
  const host = await startHost(t, answering(...bodies.map(([, , body]) => body)), demanding)
  const client = makeClient({ secureBaseUrls: [host.origin] })
  for (const [code, reason, body] of bodies) {
    await assert.rejects(client.refund(refund), { code, reason, outcomeUnknown: true }, body)
  }
})

test("A caller's mistakes are TypeErrors before anything is sent", async (t) => {
  const host = await startHost(t, answering(signedXml(accepted)), demanding)
  const client = makeClient({ secureBaseUrls: [host.origin] })
  const changes: Array<Partial<Record<keyof V2RefundFields, unknown>>> = [
    { transaction_id: undefined },
    { out_trade_no: '20150806125346' },
    { transaction_id: 'undefined' },
    { out_refund_no: '' },
    { out_refund_no: 'a b' },
    { out_refund_no: 'x'.repeat(65) },
    { refund_fee: 0 },
    { refund_fee: 101 },
    { refund_fee: 1.5 },
    { refund_fee: '30' },
    { total_fee: 29 },
    { total_fee: 2 ** 53 },
    { refund_fee_type: 'USD' },
    { refund_desc: '' },
    { refund_desc: '退'.repeat(81) },
    { refund_desc: 'noodles 🍜' },
    { refund_account: 'MINE' },
    { notify_url: '/notify' },
    { notify_url: 'https://shop.example.com/notify?x=1' },
    { notify_url: `https://shop.example.com/${'x'.repeat(256)}` },
    { appid: 'undefined' },
  ]
  for (const change of changes) {
    // @ts-expect-error the types do not allow these either
    await assert.rejects(client.refund({ ...refund, ...change }), TypeError, JSON.stringify(change))
  }
  await assert.rejects(client.queryRefund({ appid, out_refund_no: 'x'.repeat(65) }), TypeError)
  await assert.rejects(client.queryRefund({ appid, refund_id: 'undefined' }), TypeError)
  await assert.rejects(client.queryRefunds({ appid, out_trade_no: '' }), TypeError)
  assert.equal(host.requests.length, 0)
})

test('A11: a certificate that cannot be right is a TypeError at once, a missing one when it is needed', async () => {
  assert.throws(() => makeClient({ clientCertificate: mismatched }), /not the one of the certificate/)
  assert.throws(() => makeClient({ secureBaseUrls: ['http://127.0.0.1'] }), TypeError)
  const client = new PayV2Client({ mchId, apiKey, signType: 'MD5' })
  await assert.rejects(client.refund(refund), (error) => {
    return error instanceof TypeError && error.message.includes('clientCertificate')
  })
})

/** The n-th refund of the order, as WeChat numbers the entries of an answer. */
function entry(n: number, at: number): Record<string, string> {
  return {
    [`out_refund_no_${at}`]: `r${n}`,
    [`refund_id_${at}`]: `50${n}`,
    [`refund_channel_${at}`]: 'ORIGINAL',
    [`refund_fee_${at}`]: String(n + 1),
    [`settlement_refund_fee_${at}`]: String(n + 1),
    [`coupon_type_${at}_0`]: 'CASH',
    [`coupon_refund_fee_${at}`]: '1',
    [`coupon_refund_count_${at}`]: '1',
    [`coupon_refund_id_${at}_0`]: '10000',
    [`refund_status_${at}`]: 'PROCESSING',
    [`refund_account_${at}`]: 'REFUND_SOURCE_UNSETTLED_FUNDS',
    [`refund_recv_accout_${at}`]: '支付用户零钱',
    [`refund_success_time_${at}`]: '',
  }
}

const order = {
  transaction_id: '4200000000201407033233368018',
  out_trade_no: '20150806125346',
  total_fee: '5000',
}
const found = { ...common, result_code: 'SUCCESS', ...order, fee_type: 'CNY', cash_fee: '5000', refund_fee: '1' }

function page(from: number, count: number, total?: number): Record<string, string> {
  const entries = Array.from({ length: count }, (_, at) => entry(from + at, at))
  const counts = { refund_count: String(count), ...(total === undefined ? {} : { total_refund_count: String(total) }) }
  return Object.assign({}, found, counts, ...entries)
}

/** A WeChat with so many refunds of one order, ten a page. */
const paging =
  (total: number): Answerer =>
  ({ body }, response) => {
    const offset = Number(/<offset><!\[CDATA\[(\d+)\]/.exec(body)?.[1])
    response.end(signedXml(page(offset, Math.min(10, total - offset), total)))
  }

const refundAt = (n: number) => ({
  transaction_id: '4200000000201407033233368018',
  out_trade_no: '20150806125346',
  total_fee: 5000,
  refund_id: `50${n}`,
  out_refund_no: `r${n}`,
  refund_fee: n + 1,
  refund_status: 'PROCESSING',
  refund_channel: 'ORIGINAL',
  refund_recv_accout: '支付用户零钱',
  refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
})

test('One refund is found by either number, without certificate, its state as it is', async (t) => {
  const done = { refund_status_0: 'A_FUTURE_STATE', refund_success_time_0: '2019-05-27 15:30:01' }
  const host = await startHost(t, answering(signedXml(page(7, 1)), signedXml({ ...page(7, 1), ...done })))
  const client = new PayV2Client({ mchId, apiKey, signType: 'HMAC-SHA256', baseUrls: [host.origin] })
  assert.deepEqual(await client.queryRefund({ appid, out_refund_no: 'r7' }), refundAt(7))
  const { refund_status, refund_success_time } = await client.queryRefund({ appid, refund_id: '507' })
  assert.deepEqual([refund_status, refund_success_time], ['A_FUTURE_STATE', '2019-05-27 15:30:01'])
  assert.equal(host.requests[0]?.url, '/pay/refundquery')
  assert.match(host.requests[0]?.body ?? '', /<out_refund_no><!\[CDATA\[r7\]\]>/)
  assert.match(host.requests[1]?.body ?? '', /<refund_id><!\[CDATA\[507\]\]>/)
})

test('All refunds of an order are read page by page: none, one, ten, fifty', async (t) => {
  for (const total of [1, 10, 11, 50]) {
    const host = await startHost(t, paging(total))
    const client = makeClient({ baseUrls: [host.origin] })
    const refunds = await client.queryRefunds({ appid, out_trade_no: '20150806125346' })
    const expected = Array.from({ length: total }, (_, n) => refundAt(n))
    assert.deepEqual(refunds, expected)
    assert.equal(host.requests.length, Math.ceil(total / 10))
  }
  const host = await startHost(t, answering(failed('REFUNDNOTEXIST'), signedXml(page(0, 0, 0))))
  const client = makeClient({ baseUrls: [host.origin] })
  assert.deepEqual(await client.queryRefunds({ appid, transaction_id: order.transaction_id }), [])
  assert.deepEqual(await client.queryRefunds({ appid, transaction_id: order.transaction_id }), [])
})

test('An unsigned "no such refund", or one in the midst of the pages, does not make the list empty', async (t) => {
  const unsigned = toXml({ ...common, result_code: 'FAIL', err_code: 'REFUNDNOTEXIST' })
  const host = await startHost(t, answering(unsigned, signedXml(page(0, 10, 11)), failed('REFUNDNOTEXIST')))
  const client = makeClient({ baseUrls: [host.origin] })
  const key = { appid, out_trade_no: '20150806125346' }
  await assert.rejects(client.queryRefunds(key), { code: 'wechat_signature', reason: 'missing_sign' })
  await assert.rejects(client.queryRefunds(key), { code: 'wechat_refused', canonicalCode: 'RESOURCE_NOT_EXISTS' })
})

test('A refund that WeChat does not know is refused with the advice to repeat its request', async (t) => {
  const host = await startHost(t, answering(failed('REFUNDNOTEXIST')))
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).queryRefund({ appid, out_refund_no: 'r1' }), {
    code: 'wechat_refused',
    apiCode: 'REFUNDNOTEXIST',
    canonicalCode: 'RESOURCE_NOT_EXISTS',
    outcomeUnknown: false,
    advice:
      'No such refund: check the number. If its request was sent, it was never accepted: repeat it unchanged, with the same out_refund_no.',
  })
})

test('An answer whose counts, numbers or entries disagree is malformed', async (t) => {
  const one = page(1, 1)
  const { refund_status_0: _, ...withoutStatus } = one
  const { refund_count: __, ...withoutCount } = one
  const bad: Array<[reason: string, fields: Record<string, string>]> = [
    ['invalid_field', { ...one, ...entry(2, 1) }],
    ['invalid_field', { ...one, refund_fee_1: '1' }],
    ['invalid_field', { ...one, refund_fee_00: '1' }],
    ['missing_field', { ...one, refund_count: '2' }],
    ['invalid_field', { ...one, refund_count: '-1' }],
    ['invalid_field', { ...one, refund_count: '11' }],
    ['invalid_field', { ...one, refund_count: '1.0' }],
    ['missing_field', withoutCount],
    ['missing_field', withoutStatus],
    ['invalid_field', { ...one, refund_fee_0: '5001' }],
    ['invalid_field', { ...one, refund_fee_0: '0' }],
    ['invalid_field', { ...one, refund_fee_0: '１' }],
    ['invalid_field', { ...one, total_refund_count: '0' }],
    ['invalid_field', { ...one, ...entry(1, 1), refund_count: '2' }],
    ['invalid_field', { ...one, ...entry(2, 1), refund_id_1: '501', refund_count: '2' }],
    ['identity_mismatch', page(1, 2)],
    ['identity_mismatch', page(1, 0)],
    ['identity_mismatch', page(2, 1)],
  ]
  const host = await startHost(t, answering(...bad.map(([, fields]) => signedXml(fields))))
  const client = makeClient({ baseUrls: [host.origin] })
  for (const [reason, fields] of bad) {
    const call = client.queryRefund({ appid, out_refund_no: 'r1' })
    await assert.rejects(call, { code: 'wechat_malformed', reason, outcomeUnknown: true }, JSON.stringify(fields))
  }
})

test('Pages that repeat a refund, change the total, speak of another order or never end are malformed', async (t) => {
  const first = page(0, 10, 20)
  const bad: Array<[reason: string, second: Record<string, string>]> = [
    ['invalid_field', page(9, 10, 20)],
    ['invalid_field', page(10, 10, 21)],
    ['identity_mismatch', { ...page(10, 10, 20), out_trade_no: 'another' }],
    ['identity_mismatch', { ...page(10, 10, 20), transaction_id: '42' }],
    ['identity_mismatch', { ...page(10, 10, 20), total_fee: '6000' }],
  ]
  const bodies = bad.flatMap(([, second]) => [signedXml(first), signedXml(second)])
  const host = await startHost(t, answering(...bodies))
  const client = makeClient({ baseUrls: [host.origin] })
  for (const [reason] of bad) {
    const call = client.queryRefunds({ appid, out_trade_no: '20150806125346' })
    await assert.rejects(call, { code: 'wechat_malformed', reason }, reason)
  }
  const another = makeClient({ baseUrls: [(await startHost(t, paging(1))).origin] })
  for (const key of [{ out_trade_no: 'another' }, { transaction_id: '42' }]) {
    await assert.rejects(another.queryRefunds({ appid, ...key }), { reason: 'identity_mismatch' })
  }
  const short = await startHost(t, answering(signedXml(first), signedXml(page(10, 0, 20))))
  const shortened = makeClient({ baseUrls: [short.origin] }).queryRefunds({ appid, out_trade_no: '20150806125346' })
  await assert.rejects(shortened, { code: 'wechat_malformed', reason: 'invalid_field', field: 'refund_count' })
  assert.equal(short.requests.length, 2, 'an empty page is not asked for again')
  const endless = makeClient({ baseUrls: [(await startHost(t, paging(101))).origin] })
  const call = endless.queryRefunds({ appid, out_trade_no: '20150806125346' })
  await assert.rejects(call, { code: 'wechat_malformed', reason: 'too_large' })
})

test('Property: any list of distinct refunds is read back whole, in its order', async (t) => {
  let refunds: number[] = []
  const host = await startHost(t, ({ body }, response) => {
    const offset = Number(/<offset><!\[CDATA\[(\d+)\]/.exec(body)?.[1])
    const here = refunds.slice(offset, offset + 10)
    const counts = { refund_count: String(here.length), total_refund_count: String(refunds.length) }
    response.end(signedXml(Object.assign({}, found, counts, ...here.map((n, at) => entry(n, at)))))
  })
  const client = makeClient({ baseUrls: [host.origin] })
  const lists = fc.uniqueArray(fc.integer({ min: 0, max: 4999 }), { maxLength: 50 })
  await fc.assert(
    fc.asyncProperty(lists, async (list) => {
      refunds = list
      assert.deepEqual(await client.queryRefunds({ appid, out_trade_no: '20150806125346' }), list.map(refundAt))
    }),
    { numRuns: 40 },
  )
})
