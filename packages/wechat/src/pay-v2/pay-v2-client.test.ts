import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
import { test } from 'node:test'
import { startHost } from '../../test/loopback-host.ts'
import { nowMs, nowSeconds } from '../../test/test-platform.ts'
import { answering, apiKey, appid, common, mchId, signAsWechat, signedXml, toXml } from '../../test/v2-platform.ts'
import { PayV2Client, type PayV2Options, type V2SignType, type V2UnifiedOrderFields, v2NotifyAnswer } from '../index.ts'

function makeClient(options: Partial<PayV2Options> = {}): PayV2Client {
  const fixed = { clock: () => nowMs, random: () => 0, timeoutMs: 3000 }
  return new PayV2Client({ mchId, apiKey, signType: 'HMAC-SHA256', ...fixed, ...options })
}

const prepaid = {
  ...common,
  result_code: 'SUCCESS',
  trade_type: 'JSAPI',
  prepay_id: 'wx201411101639507cbf6ffd8b0779950874',
}
const order: V2UnifiedOrderFields = {
  appid,
  body: '腾讯充值中心-QQ会员充值',
  out_trade_no: '20150806125346',
  total_fee: 88,
  spbill_create_ip: '127.0.0.1',
  notify_url: 'https://shop.example.com/wechat/notify/v2',
  trade_type: 'JSAPI',
  openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
}

for (const signType of ['MD5', 'HMAC-SHA256'] as const) {
  test(`A unified order is signed with ${signType} over all that is sent, and so is its answer`, async (t) => {
    const host = await startHost(t, answering(signedXml({ ...prepaid, a_future_field: 'x' }, signType)))
    const client = makeClient({ baseUrls: [host.origin], signType, nonce: () => 'ibuaiVcKdpRxkhJA' })
    const result = await client.unifiedOrder(order)
    assert.deepEqual(result, { prepay_id: prepaid.prepay_id, trade_type: 'JSAPI' })
    const [request] = host.requests
    assert(request !== undefined)
    assert.equal(`${request.method} ${request.url}`, 'POST /pay/unifiedorder')
    const sent = Object.fromEntries(
      Array.from(request.body.matchAll(/<(\w+)><!\[CDATA\[(.*?)\]\]><\/\1>/g), ([, name, value]) => [name, value]),
    )
    const { sign, ...unsigned } = sent
    const expected = { ...order, total_fee: '88', mch_id: mchId, nonce_str: 'ibuaiVcKdpRxkhJA', sign_type: signType }
    assert.deepEqual(unsigned, expected)
    assert.equal(sign, signAsWechat(unsigned, signType))
  })
}

test('A query reads amounts as whole fen and states as they are', async (t) => {
  const paid = {
    ...common,
    result_code: 'SUCCESS',
    trade_state: 'SUCCESS',
    out_trade_no: '20150806125346',
    transaction_id: '1008450740201411110005820873',
    openid: 'oUpF8uN95',
    trade_type: 'JSAPI',
    bank_type: 'OTHERS',
    total_fee: '100',
    cash_fee: '90',
    coupon_fee: '10',
    coupon_count: '1',
    time_end: '20141111170043',
    attach: '',
  }
  const { out_trade_no } = paid
  const open = { ...common, result_code: 'SUCCESS', trade_state: 'A_FUTURE_STATE', out_trade_no }
  const host = await startHost(t, answering(signedXml(paid), signedXml(open)))
  const client = makeClient({ baseUrls: [host.origin] })
  const found = await client.queryOrder({ appid, transaction_id: paid.transaction_id })
  assert.deepEqual(found, {
    appid,
    mch_id: mchId,
    out_trade_no,
    trade_state: 'SUCCESS',
    transaction_id: paid.transaction_id,
    openid: 'oUpF8uN95',
    trade_type: 'JSAPI',
    bank_type: 'OTHERS',
    total_fee: 100,
    cash_fee: 90,
    coupon_fee: 10,
    time_end: '20141111170043',
  })
  const undecided = await client.queryOrder({ appid, out_trade_no })
  assert.deepEqual(undecided, { appid, mch_id: mchId, out_trade_no, trade_state: 'A_FUTURE_STATE' })
})

test('return_code FAIL is a refusal that nobody vouches for', async (t) => {
  const host = await startHost(t, answering(toXml({ return_code: 'FAIL', return_msg: '签名错误' })))
  const expected = { code: 'wechat_refused', status: 200, apiCode: 'FAIL', apiMessage: '签名错误', verified: false }
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).unifiedOrder(order), expected)
  assert.equal(host.requests.length, 1)
})

test('result_code FAIL is believed only with its sign', async (t) => {
  const paid = { ...common, result_code: 'FAIL', err_code: 'ORDERPAID', err_code_des: '该订单已支付' }
  const host = await startHost(t, answering(signedXml(paid), toXml({ ...paid, sign: '0'.repeat(64) }), toXml(paid)))
  const client = makeClient({ baseUrls: [host.origin] })
  await assert.rejects(client.unifiedOrder(order), {
    code: 'wechat_refused',
    apiCode: 'ORDERPAID',
    canonicalCode: 'ORDER_PAID',
    apiMessage: '该订单已支付',
    advice: 'Already paid: query to confirm and treat it as paid.',
    verified: true,
    outcomeUnknown: false,
  })
  const forged = { code: 'wechat_signature', reason: 'bad_signature', outcomeUnknown: true }
  await assert.rejects(client.unifiedOrder(order), forged)
  await assert.rejects(client.unifiedOrder(order), { code: 'wechat_signature', reason: 'missing_sign' })
})

test('SYSTEMERROR repeats the very same bytes, three times at most, and stays unknown', async (t) => {
  const busy = signedXml({ ...common, result_code: 'FAIL', err_code: 'SYSTEMERROR', err_code_des: '系统超时' })
  const host = await startHost(t, answering(busy))
  const expected = { code: 'wechat_refused', canonicalCode: 'SYSTEM_ERROR', outcomeUnknown: true }
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).unifiedOrder(order), expected)
  assert.equal(host.requests.length, 3)
  assert.equal(new Set(host.requests.map(({ body }) => body)).size, 1)
})

test('A12: an answer signed with the other algorithm or key is refused', async (t) => {
  const otherKey = signedXml(prepaid, 'HMAC-SHA256', 'x'.repeat(32))
  const host = await startHost(t, answering(signedXml(prepaid, 'MD5'), otherKey))
  const client = makeClient({ baseUrls: [host.origin] })
  await assert.rejects(client.unifiedOrder(order), { code: 'wechat_signature', reason: 'wrong_algorithm' })
  await assert.rejects(client.unifiedOrder(order), { code: 'wechat_signature', reason: 'bad_signature' })
})

test('A genuine answer for another app, merchant or order is refused and leaves the outcome unknown', async (t) => {
  const open = { ...common, result_code: 'SUCCESS', trade_state: 'NOTPAY' }
  const bodies = [
    { ...prepaid, appid: 'wx0000000000000000' },
    { ...prepaid, mch_id: '10000101' },
    { ...open, out_trade_no: 'another' },
  ]
  const host = await startHost(t, answering(...bodies.map((fields) => signedXml(fields))))
  const client = makeClient({ baseUrls: [host.origin] })
  const expected = { code: 'wechat_malformed', reason: 'identity_mismatch', outcomeUnknown: true }
  await assert.rejects(client.unifiedOrder(order), expected)
  await assert.rejects(client.unifiedOrder(order), expected)
  await assert.rejects(client.queryOrder({ appid, out_trade_no: '20150806125346' }), expected)
})

test('F13: HTML, an error status, half a body or nothing is no answer, and the outcome is unknown', async (t) => {
  const pages: Array<[reason: string, status: number, body: string]> = [
    ['status', 502, '<html>bad gateway</html>'],
    ['status', 404, ''],
    ['status', 201, signedXml(prepaid)],
    ['malformed_body', 200, '<html>login</html>'],
    ['malformed_body', 200, signedXml(prepaid).slice(0, 100)],
    ['malformed_body', 200, ''],
    ['malformed_body', 200, '{"return_code":"SUCCESS"}'],
  ]
  let page = 0
  const host = await startHost(t, (_, response) => {
    const [, status, body] = pages[page] ?? ['', 500, '']
    response.writeHead(status).end(body)
  })
  const client = makeClient({ baseUrls: [host.origin] })
  for (const [reason, status] of pages) {
    const expected = { code: 'wechat_transport', reason, status, outcomeUnknown: true }
    await assert.rejects(client.unifiedOrder(order), expected, `${status} ${reason}`)
    page++
  }
})

test('An answer with missing or impossible fields is malformed and leaves the outcome unknown', async (t) => {
  const { prepay_id: _, ...withoutPrepayId } = prepaid
  const query = { ...common, result_code: 'SUCCESS', trade_state: 'SUCCESS', out_trade_no: '20150806125346' }
  const cases: Array<[reason: string, body: string]> = [
    ['missing_field', toXml({ return_msg: 'OK' })],
    ['invalid_field', toXml({ ...prepaid, return_code: 'MAYBE' })],
    ['missing_field', signedXml(withoutPrepayId)],
    ...['1.5', '-1', '01', '1e3', '１００', '9'.repeat(16), '0x10', ' 1'].map((total_fee): [string, string] => [
      'invalid_field',
      signedXml({ ...query, total_fee }),
    ]),
  ]
  const host = await startHost(t, answering(...cases.map(([, body]) => body)))
  const client = makeClient({ baseUrls: [host.origin] })
  for (const [index, [reason, body]] of cases.entries()) {
    const call = index < 3 ? client.unifiedOrder(order) : client.queryOrder({ appid, out_trade_no: '20150806125346' })
    await assert.rejects(call, { code: 'wechat_malformed', reason, outcomeUnknown: true }, body)
  }
})

test('A close is done when WeChat says closed, now or before, and refused when paid', async (t) => {
  const failed = (err_code: string) => signedXml({ ...common, result_code: 'FAIL', err_code, err_code_des: err_code })
  const closed = signedXml({ ...common, result_code: 'SUCCESS', result_msg: 'OK' })
  const host = await startHost(t, answering(closed, failed('ORDERCLOSED'), failed('ORDERPAID')))
  const client = makeClient({ baseUrls: [host.origin] })
  const key = { appid, out_trade_no: '20150806125346' }
  await client.closeOrder(key)
  await client.closeOrder(key)
  await assert.rejects(client.closeOrder(key), { code: 'wechat_refused', canonicalCode: 'ORDER_PAID' })
  assert.equal(host.requests[0]?.url, '/pay/closeorder')
})

const notify = {
  ...common,
  result_code: 'SUCCESS',
  openid: 'oUpF8uMEb4qRXf22hE3X68TekukE',
  is_subscribe: 'N',
  trade_type: 'JSAPI',
  bank_type: 'CFT',
  total_fee: '1',
  cash_fee: '1',
  fee_type: 'CNY',
  attach: '支付测试',
  transaction_id: '1004400740201409030005092168',
  out_trade_no: '1409811653',
  time_end: '20140903131540',
  a_future_field: 'x',
  coupon_count: '',
}

test('A genuine payment notify is read, unknown fields and all taking part in its sign', () => {
  const client = makeClient()
  assert.deepEqual(client.parsePaymentNotify(Buffer.from(signedXml(notify))), {
    appid,
    mch_id: mchId,
    out_trade_no: '1409811653',
    transaction_id: '1004400740201409030005092168',
    openid: 'oUpF8uMEb4qRXf22hE3X68TekukE',
    is_subscribe: 'N',
    trade_type: 'JSAPI',
    bank_type: 'CFT',
    total_fee: 1,
    cash_fee: 1,
    fee_type: 'CNY',
    attach: '支付测试',
    time_end: '20140903131540',
  })
})

test('A12: the algorithm comes from our side, never from the message', () => {
  const parse = (body: string, configured: V2SignType, signType?: V2SignType) =>
    makeClient({ signType: configured }).parsePaymentNotify(
      Buffer.from(body),
      signType === undefined ? {} : { signType },
    )
  const md5 = signedXml({ ...notify, sign_type: 'MD5' }, 'MD5')
  const hmac = signedXml({ ...notify, sign_type: 'HMAC-SHA256' }, 'HMAC-SHA256')
  assert.equal(parse(md5, 'MD5').total_fee, 1)
  assert.equal(parse(md5, 'HMAC-SHA256', 'MD5').total_fee, 1)
  const refused = { code: 'wechat_signature', reason: 'wrong_algorithm' }
  assert.throws(() => parse(md5, 'HMAC-SHA256'), refused)
  assert.throws(() => parse(hmac, 'MD5'), refused)
  assert.throws(() => parse(hmac, 'HMAC-SHA256', 'MD5'), refused)
})

test('A7, A8: a notify without sign, return_code, appid or mch_id is refused', () => {
  const client = makeClient()
  const parse = (body: string) => client.parsePaymentNotify(Buffer.from(body))
  assert.throws(() => parse(toXml(notify)), { code: 'wechat_signature', reason: 'missing_sign' })
  assert.throws(() => parse(toXml({ ...notify, sign: '' })), { code: 'wechat_signature', reason: 'missing_sign' })
  const failed = toXml({ return_code: 'FAIL', return_msg: 'x' })
  assert.throws(() => parse(failed), { code: 'wechat_signature', reason: 'missing_sign' })
  const required = [
    'return_code',
    'appid',
    'mch_id',
    'openid',
    'total_fee',
    'cash_fee',
    'transaction_id',
    'out_trade_no',
  ]
  for (const name of [...required, 'trade_type', 'bank_type', 'time_end']) {
    const body = signedXml(Object.fromEntries(Object.entries(notify).filter(([key]) => key !== name)))
    const expected = { code: 'wechat_malformed', reason: 'missing_field', field: name }
    assert.throws(() => parse(body), expected, name)
  }
})

test('A14, A17, A25: a changed field, another key or merchant, and a lenient spelling are refused', () => {
  const client = makeClient()
  const parse = (body: string) => client.parsePaymentNotify(Buffer.from(body))
  const genuine = signedXml(notify)
  const sign = /<sign>.*?([0-9A-F]{64}).*?<\/sign>/.exec(genuine)?.[1] ?? ''
  const bad = { code: 'wechat_signature', reason: 'bad_signature' }
  assert.throws(() => parse(genuine.replace('<total_fee>1<', '<total_fee>2<')), bad)
  assert.throws(() => parse(genuine.replace(sign, sign.toLowerCase())), bad)
  assert.throws(() => parse(genuine.replace('[x]', '[y]')), bad)
  assert.throws(() => parse(genuine.replace('</xml>', '<more>1</more></xml>')), bad)
  assert.throws(() => parse(signedXml(notify, 'HMAC-SHA256', 'undefined')), bad)
  const foreign = signedXml({ ...notify, mch_id: '10000101' })
  assert.throws(() => parse(foreign), { code: 'wechat_malformed', reason: 'identity_mismatch' })
})

test('A genuine notify of a failure is a verified refusal', () => {
  const body = signedXml({ ...notify, result_code: 'FAIL', err_code: 'BANKERROR', err_code_des: 'x' })
  const expected = { code: 'wechat_refused', apiCode: 'BANKERROR', verified: true }
  assert.throws(() => makeClient().parsePaymentNotify(Buffer.from(body)), expected)
})

test('A text instead of the raw bytes is a mistake', () => {
  // @ts-expect-error the types do not allow it either
  assert.throws(() => makeClient().parsePaymentNotify(signedXml(notify)), TypeError)
})

test('A refund notify is decrypted and read; another key or merchant is refused', () => {
  const inner = {
    transaction_id: '42',
    out_trade_no: '1',
    refund_id: '50',
    out_refund_no: 'r1',
    total_fee: '100',
    refund_fee: '1',
    settlement_refund_fee: '1',
    refund_status: 'SUCCESS',
    success_time: '2017-12-15 17:25:47',
    refund_recv_accout: '支付用户零钱',
    refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
    refund_request_source: 'API',
  }
  const seal = (key: string, change: Record<string, string> = {}) => {
    const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null)
    const xml = toXml({ ...inner, ...change })
      .replace('<xml>', '<root>')
      .replace('</xml>', '</root>')
    return cipher.update(xml, 'utf8', 'base64') + cipher.final('base64')
  }
  const outer = { return_code: 'SUCCESS', appid, mch_id: mchId, nonce_str: 'x', req_info: seal(apiKey) }
  const parse = (fields: Record<string, string>) => makeClient().parseRefundNotify(Buffer.from(toXml(fields)))
  const amounts = { total_fee: 100, refund_fee: 1, settlement_refund_fee: 1 }
  assert.deepEqual(parse(outer), { appid, mch_id: mchId, ...inner, ...amounts })
  assert.throws(() => parse({ ...outer, mch_id: '10000101' }), { reason: 'identity_mismatch' })
  const { success_time: _, ...untimed } = { ...inner, ...amounts, cash_refund_fee: 1 }
  for (const refund_status of ['CHANGE', 'REFUNDCLOSE']) {
    const req_info = seal(apiKey, { refund_status, cash_refund_fee: '1' })
    assert.deepEqual(parse({ ...outer, req_info }), { appid, mch_id: mchId, ...untimed, refund_status })
  }
  assert.throws(() => parse({ ...outer, return_code: 'FAIL' }), { reason: 'invalid_field', field: 'return_code' })
  for (const name of ['transaction_id', 'refund_id', 'out_refund_no', 'refund_fee', 'refund_status']) {
    const req_info = seal(apiKey, { [name]: '' })
    assert.throws(() => parse({ ...outer, req_info }), { reason: 'missing_field', field: name })
  }
  const otherKey = seal('5K8264ILTKCH16CQ2502SI8ZNMTM67VS')
  assert.throws(() => parse({ ...outer, req_info: otherKey }), { code: 'wechat_decrypt', reason: 'undecryptable' })
  assert.throws(() => parse({ ...outer, req_info: 'x' }), { code: 'wechat_decrypt', reason: 'malformed_input' })
})

test('The payment parameters carry the signature of the documented example', () => {
  const client = new PayV2Client({
    mchId,
    apiKey: 'qazwsxedcrfvtgbyhnujmikolp111111',
    signType: 'MD5',
    clock: () => 1490840662_999,
    nonce: () => '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
  })
  assert.deepEqual(
    client.paymentParams({ appid: 'wxd678efh567hg6787', prepayId: 'wx2017033010242291fcfe0db70013231072' }),
    {
      timeStamp: '1490840662',
      nonceStr: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
      package: 'prepay_id=wx2017033010242291fcfe0db70013231072',
      signType: 'MD5',
      paySign: '22D9B4E54AB1950F51E0649E8810ACD6',
    },
  )
  assert.equal(makeClient().paymentParams({ appid, prepayId: 'wx1' }).timeStamp, String(nowSeconds))
})

test('The answer to a notify is the documented one', () => {
  const success = '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>'
  assert.equal(v2NotifyAnswer('SUCCESS'), success)
  const fail = '<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[try later]]></return_msg></xml>'
  assert.equal(v2NotifyAnswer({ fail: 'try later' }), fail)
})

test("A11, A14: a caller's mistakes are TypeErrors before anything is sent", async (t) => {
  const host = await startHost(t, answering(signedXml(prepaid)))
  const client = makeClient({ baseUrls: [host.origin] })
  const orders: Array<Partial<Record<keyof V2UnifiedOrderFields, unknown>>> = [
    { total_fee: 0 },
    { total_fee: 1.5 },
    { total_fee: '88' },
    { total_fee: 2 ** 53 },
    { out_trade_no: 'a b' },
    { appid: 'undefined' },
    { attach: 'x&out_trade_no=B' },
    { device_info: 'a=b' },
    { body: '🍜' },
    { body: ['test'] },
    { openid: null },
  ]
  for (const change of orders) {
    // @ts-expect-error the types do not allow these either
    await assert.rejects(client.unifiedOrder({ ...order, ...change }), TypeError, JSON.stringify(change))
  }
  await assert.rejects(client.queryOrder({ appid, out_trade_no: '' }), TypeError)
  await assert.rejects(client.queryOrder({ appid, transaction_id: 'undefined' }), TypeError)
  await assert.rejects(client.closeOrder({ appid, out_trade_no: 'undefined' }), TypeError)
  assert.throws(() => client.paymentParams({ appid, prepayId: 'undefined' }), TypeError)
  assert.equal(host.requests.length, 0)
})

test('A11: keys that cannot be right are TypeErrors at construction', () => {
  const keys = [
    '',
    'undefined',
    apiKey.slice(1),
    `${apiKey}0`,
    '0'.repeat(32),
    'undefined0123456789undefined1234',
    ' '.repeat(32),
  ]
  for (const key of keys) assert.throws(() => makeClient({ apiKey: key }), TypeError, key)
  assert.throws(() => makeClient({ mchId: '' }), TypeError)
  // @ts-expect-error the types do not allow it either
  assert.throws(() => makeClient({ apiKey: undefined }), TypeError)
  // @ts-expect-error the types do not allow it either
  assert.throws(() => makeClient({ signType: 'RSA' }), TypeError)
})
