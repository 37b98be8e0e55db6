import assert from 'node:assert/strict'
import { type KeyObject, verify } from 'node:crypto'
import { test } from 'node:test'
import { type Answerer, closedOrigin, startHost } from '../../test/loopback-host.ts'
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
  signedHeaders,
} from '../../test/test-platform.ts'
import { type DownloadedCertificate, PayV3Client, type PayV3Options, type V3JsapiRequest } from '../index.ts'

const merchant = makeKeyPair()
const merchantSerial = '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB'
const publicKeySigner = makeSigner('PUB_KEY_ID_0114232134912410000000000000')
const certificateSigner = makeSigner('5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC')

function makeClient(options: Partial<PayV3Options> = {}): PayV3Client {
  return new PayV3Client({
    mchid,
    apiV3Key,
    merchantKey: { serialNo: merchantSerial, privateKey: merchant.privateKey },
    platformKeys: { publicKeys: [{ id: publicKeySigner.serial, publicKey: publicKeySigner.publicKey }] },
    clock: () => nowMs,
    random: () => 0,
    timeoutMs: 3000,
    ...options,
  })
}

const order: V3JsapiRequest = {
  appid,
  description: 'Image形象店-深圳腾大-QQ公仔',
  out_trade_no: '1217752501201407033233368018',
  notify_url: 'https://shop.example.com/wechat/notify/v3',
  amount: { total: 100, currency: 'CNY' },
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
}
const prepaid = '{"prepay_id":"wx201410272009395522657a690389285100"}'
const transaction = {
  appid,
  mchid,
  out_trade_no: order.out_trade_no,
  transaction_id: '1217752501201407033233368018',
  trade_state: 'SUCCESS',
  amount: { total: 100, payer_total: 100 },
  a_future_field: { x: 1 },
}
const answerPrepaid: Answerer = (_, response) => answerSigned(response, publicKeySigner, prepaid)

test('A prepay sends the very bytes that it signs, and asks for the configured public key', async (t) => {
  const host = await startHost(t, answerPrepaid)
  const client = makeClient({ baseUrls: [host.origin] })
  assert.deepEqual(await client.prepayJsapi(order), { prepay_id: 'wx201410272009395522657a690389285100' })
  const [request] = host.requests
  assert(request !== undefined)
  assert.equal(request.url, '/v3/pay/transactions/jsapi')
  assert.deepEqual(JSON.parse(request.body), { ...order, mchid })
  assert.equal(request.headers.accept, 'application/json')
  assert.notEqual(request.headers['user-agent'] ?? '', '')
  assert.equal(request.headers['wechatpay-serial'], publicKeySigner.serial)
  const form =
    /^WECHATPAY2-SHA256-RSA2048 mchid="1900007291",nonce_str="([0-9a-f]{32})",signature="([^"]+)",timestamp="1722848421",serial_no="408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"$/
  const [, nonce, signature] = form.exec(request.headers.authorization ?? '') ?? []
  assert(nonce !== undefined && signature !== undefined, request.headers.authorization)
  const message = `POST\n/v3/pay/transactions/jsapi\n${nowSeconds}\n${nonce}\n${request.body}\n`
  assert(verify('sha256', Buffer.from(message), merchant.publicKey, Buffer.from(signature, 'base64')))
})

test('A query signs its path and query string as sent', async (t) => {
  const host = await startHost(t, (_, response) => {
    answerSigned(response, publicKeySigner, JSON.stringify({ ...transaction, out_trade_no: 'a|b*c_1' }))
  })
  await makeClient({ baseUrls: [host.origin] }).queryByOutTradeNo('a|b*c_1')
  const [request] = host.requests
  assert(request !== undefined)
  assert.equal(request.url, `/v3/pay/transactions/out-trade-no/a%7Cb*c_1?mchid=${mchid}`)
  const [, nonce, signature] = /nonce_str="(\w+)",signature="([^"]+)"/.exec(request.headers.authorization ?? '') ?? []
  const message = `GET\n${request.url}\n${nowSeconds}\n${nonce}\n\n`
  assert(verify('sha256', Buffer.from(message), merchant.publicKey, Buffer.from(signature ?? '', 'base64')))
})

test('A query gives the known fields and drops unknown ones', async (t) => {
  const host = await startHost(t, (_, response) => {
    answerSigned(response, publicKeySigner, JSON.stringify(transaction))
  })
  const client = makeClient({ baseUrls: [host.origin] })
  const { a_future_field: _, ...known } = transaction
  assert.deepEqual(await client.queryByOutTradeNo(order.out_trade_no), known)
  assert.deepEqual(await client.queryByTransactionId(transaction.transaction_id), known)
})

test("A genuine answer about another order or merchant is not the asked one's", async (t) => {
  let answer: object = { ...transaction, out_trade_no: 'another' }
  const host = await startHost(t, (_, response) => answerSigned(response, publicKeySigner, JSON.stringify(answer)))
  const client = makeClient({ baseUrls: [host.origin] })
  const expected = { code: 'wechat_malformed', reason: 'identity_mismatch', outcomeUnknown: true }
  await assert.rejects(client.queryByOutTradeNo(order.out_trade_no), expected)
  answer = { ...transaction, mchid: '1900000001' }
  await assert.rejects(client.queryByOutTradeNo(order.out_trade_no), expected)
  answer = { ...transaction, transaction_id: '42' }
  await assert.rejects(client.queryByTransactionId(transaction.transaction_id), expected)
})

test('A close verifies the signature over the empty body of a 204', async (t) => {
  const host = await startHost(t, (_, response, count) => {
    if (count === 1) return answerSigned(response, publicKeySigner, '', 204)
    response.writeHead(204, signedHeaders(publicKeySigner, 'x')).end()
  })
  const client = makeClient({ baseUrls: [host.origin] })
  await client.close(order.out_trade_no)
  assert.equal(host.requests[0]?.url, `/v3/pay/transactions/out-trade-no/${order.out_trade_no}/close`)
  assert.equal(host.requests[0]?.body, JSON.stringify({ mchid }))
  await assert.rejects(client.close(order.out_trade_no), { code: 'wechat_signature', outcomeUnknown: true })
})

test('A 2xx answer without a valid signature is forged, whatever it says, and leaves the outcome unknown', async (t) => {
  const other = makeSigner(publicKeySigner.serial)
  const answers: Array<[reason: string, headers: Record<string, string>]> = [
    ['missing_header', {}],
    ['missing_header', { ...signedHeaders(publicKeySigner, prepaid), 'Wechatpay-Signature': '' }],
    ['bad_signature', signedHeaders(other, prepaid)],
    ['bad_signature', signedHeaders(publicKeySigner, `${prepaid} `)],
    ['unknown_serial', { ...signedHeaders(publicKeySigner, prepaid), 'Wechatpay-Serial': 'PUB_KEY_ID_0000000001' }],
    ['malformed_header', { ...signedHeaders(publicKeySigner, prepaid), 'Wechatpay-Serial': '__proto__' }],
    ['malformed_header', { ...signedHeaders(publicKeySigner, prepaid), 'Wechatpay-Timestamp': '1722848421.5' }],
    ['clock_skew', signedHeaders(publicKeySigner, prepaid, nowSeconds - 300)],
    ['clock_skew', signedHeaders(publicKeySigner, prepaid, nowSeconds + 300)],
    ['wrong_algorithm', { ...signedHeaders(publicKeySigner, prepaid), 'Wechatpay-Signature-Type': 'NONE' }],
  ]
  const host = await startHost(t, (_, response, count) => {
    response.writeHead(200, answers[count - 1]?.[1]).end(prepaid)
  })
  const client = makeClient({ baseUrls: [host.origin] })
  for (const [reason] of answers) {
    await assert.rejects(client.prepayJsapi(order), { code: 'wechat_signature', reason, outcomeUnknown: true }, reason)
  }
  assert.equal(host.requests.length, answers.length)
})

test('F8: a probe signature on an answer is discarded and the call made once more, freshly signed', async (t) => {
  const probe = { 'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${'A'.repeat(325)}` }
  let probes = 1
  const host = await startHost(t, (_, response) => {
    if (probes-- <= 0) return answerSigned(response, publicKeySigner, prepaid)
    response.writeHead(200, { ...signedHeaders(publicKeySigner, prepaid), ...probe }).end(prepaid)
  })
  const client = makeClient({ baseUrls: [host.origin] })
  await client.prepayJsapi(order)
  assert.equal(host.requests.length, 2)
  assert.notEqual(host.requests[0]?.headers.authorization, host.requests[1]?.headers.authorization)
  assert.equal(host.requests[0]?.body, host.requests[1]?.body)
  probes = 9
  const expected = { code: 'wechat_signature', reason: 'bad_signature', probe: true, outcomeUnknown: true }
  await assert.rejects(client.prepayJsapi(order), expected)
  assert.equal(host.requests.length, 4)
})

test("A refusal carries WeChat's words, advice and Request-ID, and counts as unverified", async (t) => {
  const body = {
    code: 'PARAM_ERROR',
    message: '输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败，值低于最小值 1',
    detail: { field: '/amount/total', value: '0', issue: 'too small', location: 'body' },
  }
  const host = await startHost(t, (_, response) => {
    response.writeHead(400, { 'Request-ID': '08B7-268435461' }).end(JSON.stringify(body))
  })
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).prepayJsapi(order), {
    code: 'wechat_refused',
    status: 400,
    apiCode: 'PARAM_ERROR',
    canonicalCode: 'PARAM_ERROR',
    apiMessage: body.message,
    detail: body.detail,
    requestId: '08B7-268435461',
    verified: false,
    outcomeUnknown: false,
    advice: 'Read the detail and fix the request; do not repeat it unchanged. Request-ID says: invalid parameter.',
  })
  assert.equal(host.requests.length, 1)
})

test('A signed refusal counts as verified, one with a wrong signature does not', async (t) => {
  const body = '{"code":"ORDERNOTEXIST","message":"订单不存在"}'
  const host = await startHost(t, (_, response, count) => {
    const signed = count === 1 ? body : `${body} `
    response.writeHead(404, signedHeaders(publicKeySigner, signed)).end(body)
  })
  const client = makeClient({ baseUrls: [host.origin] })
  const expected = { code: 'wechat_refused', apiCode: 'ORDERNOTEXIST', canonicalCode: 'ORDER_NOT_EXIST' }
  await assert.rejects(client.queryByOutTradeNo('123456'), { ...expected, verified: true })
  await assert.rejects(client.queryByOutTradeNo('123456'), { ...expected, verified: false })
})

test('SYSTEM_ERROR is tried again three times at most and leaves the outcome unknown', async (t) => {
  const host = await startHost(t, (_, response) => {
    response.writeHead(500).end('{"code":"SYSTEM_ERROR","message":"系统异常"}')
  })
  const client = makeClient({ baseUrls: [host.origin] })
  await assert.rejects(client.prepayJsapi(order), { code: 'wechat_refused', outcomeUnknown: true })
  assert.equal(host.requests.length, 3)
})

test('An error of the host itself leaves the outcome unknown, whatever its code', async (t) => {
  const host = await startHost(t, (_, response) => void response.writeHead(503).end('{"code":"A_FUTURE_CODE"}'))
  const expected = { code: 'wechat_refused', apiCode: 'A_FUTURE_CODE', apiMessage: '', outcomeUnknown: true }
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).prepayJsapi(order), expected)
})

test('F15: a rate limit is reported as such and not hammered', async (t) => {
  const host = await startHost(t, (_, response) => {
    response.writeHead(429).end('{"code":"RATELIMIT_EXCEEDED","message":"频率超限"}')
  })
  const client = makeClient({ baseUrls: [host.origin] })
  const expected = { code: 'wechat_refused', canonicalCode: 'FREQUENCY_LIMITED', outcomeUnknown: false }
  await assert.rejects(client.prepayJsapi(order), expected)
  assert.equal(host.requests.length, 1)
})

test('202 means accepted without a result: asked again, unknown in the end', async (t) => {
  const host = await startHost(t, (_, response) => answerSigned(response, publicKeySigner, '{}', 202))
  const client = makeClient({ baseUrls: [host.origin] })
  const expected = { code: 'wechat_transport', reason: 'status', status: 202, outcomeUnknown: true }
  await assert.rejects(client.prepayJsapi(order), expected)
  assert.equal(host.requests.length, 3)
})

test('A refusal in another form than JSON with a code is no answer', async (t) => {
  const pages: Array<[number, string]> = [
    [404, ''],
    [405, ''],
    [403, '<html>blocked</html>'],
    [400, '{"message":"no code"}'],
    [400, '[]'],
  ]
  const host = await startHost(t, (_, response, count) => {
    const [status, body] = pages[count - 1] ?? [500, '']
    response.writeHead(status).end(body)
  })
  const client = makeClient({ baseUrls: [host.origin] })
  for (const [status] of pages) {
    const expected = { code: 'wechat_transport', reason: 'status', status, outcomeUnknown: true }
    await assert.rejects(client.prepayJsapi(order), expected)
  }
})

test('A redirect is refused, not followed', async (t) => {
  const target = await startHost(t, answerPrepaid)
  const host = await startHost(t, (_, response) => {
    response.writeHead(307, { location: `${target.origin}/` }).end()
  })
  const client = makeClient({ baseUrls: [host.origin, host.origin] })
  const expected = { code: 'wechat_transport', reason: 'redirect', status: 307, outcomeUnknown: true }
  await assert.rejects(client.prepayJsapi(order), expected)
  assert.equal(host.requests.length, 1)
  assert.equal(target.requests.length, 0)
})

test('F41: with the first host down, calls go to the second one', async (t) => {
  const host = await startHost(t, answerPrepaid)
  const client = makeClient({ baseUrls: [await closedOrigin(), host.origin] })
  for (let call = 0; call < 5; call++) await client.prepayJsapi(order)
  assert.equal(host.requests.length, 5)
})

test('Certificates are downloaded for the first answer, verified by themselves, and serve from then on', async (t) => {
  const host = await startHost(t, (request, response) => {
    const body = request.url === '/v3/certificates' ? certificateList(certificateSigner) : prepaid
    answerSigned(response, certificateSigner, body)
  })
  const client = makeClient({ baseUrls: [host.origin], platformKeys: {} })
  await Promise.all([client.prepayJsapi(order), client.prepayJsapi(order), client.prepayJsapi(order)])
  assert.equal(host.requests.filter(({ url }) => url === '/v3/certificates').length, 1)
  assert.equal(host.requests[0]?.headers['wechatpay-serial'], undefined)
  const { serial } = certificateSigner
  assert.deepEqual(client.platformKeys(), [{ kind: 'certificate', serial, expiresAt: nowMs + 365 * 86_400_000 }])
})

test('F35: what an earlier download brought verifies while there is none, and each download is told', async (t) => {
  let isDown = false
  const host = await startHost(t, (request, response) => {
    if (request.url !== '/v3/certificates') return answerSigned(response, certificateSigner, prepaid)
    if (isDown) return void response.writeHead(503).end()
    return answerSigned(response, certificateSigner, certificateList(certificateSigner))
  })
  const told: DownloadedCertificate[][] = []
  const platformKeys = { onDownload: (certificates: readonly DownloadedCertificate[]) => told.push([...certificates]) }
  await makeClient({ baseUrls: [host.origin], platformKeys }).prepayJsapi(order)
  assert.deepEqual(told, [[{ serialNo: certificateSigner.serial, certificate: certificateSigner.certificate }]])
  isDown = true
  const [kept = []] = told
  await makeClient({ baseUrls: [host.origin], platformKeys: { kept } }).prepayJsapi(order)
  await assert.rejects(makeClient({ baseUrls: [host.origin], platformKeys: {} }).prepayJsapi(order), {
    code: 'wechat_signature',
    reason: 'unknown_serial',
  })
})

test('A certificate download is refused when forged, mislabelled, expired or the merchant’s own', async (t) => {
  const merchantCertificate = { ...makeSigner(merchantSerial), serial: merchantSerial }
  const ownKey = { ...certificateSigner, ...merchant }
  const stranger = makeSigner(certificateSigner.serial)
  const expired = makeSigner('5DEA10EF55877E3CF6C33255C2E7DEFFF7E427ED', { to: nowMs - 1 })
  const list = certificateList(certificateSigner)
  const lists: Array<[expected: object, body: string, headers: Record<string, string>]> = [
    [{ reason: 'bad_signature' }, list, signedHeaders(ownKey, list)],
    [{ reason: 'bad_signature' }, list, signedHeaders(stranger, list)],
    [{ reason: 'unknown_serial' }, list, signedHeaders(expired, list)],
    [{ reason: 'missing_header' }, list, {}],
    signedBy(
      certificateSigner,
      { reason: 'invalid_field' },
      certificateList({ ...certificateSigner, serial: 'ABCDEF0123' }),
    ),
    signedBy(merchantCertificate, { reason: 'identity_mismatch' }, certificateList(merchantCertificate)),
    signedBy(expired, { reason: 'key_not_valid_now' }, certificateList(expired)),
    signedBy(
      certificateSigner,
      { reason: 'undecryptable' },
      list.replace('"associated_data":"certificate"', '"associated_data":"x"'),
    ),
  ]
  const host = await startHost(t, (_, response, count) => {
    const [, body, headers] = lists[count - 1] ?? [{}, '', {}]
    response.writeHead(200, headers).end(body)
  })
  const client = makeClient({ baseUrls: [host.origin], platformKeys: {} })
  for (const [expected] of lists) await assert.rejects(client.refreshCertificates(), expected, JSON.stringify(expected))
  assert.deepEqual(client.platformKeys(), [])
})

function signedBy(
  signer: typeof certificateSigner,
  expected: object,
  body: string,
): [object, string, Record<string, string>] {
  return [expected, body, signedHeaders(signer, body)]
}

test('The payment parameters carry a signature over appId, time, nonce and package', async () => {
  const client = makeClient({ nonce: () => '593BEC0C930BF1AFEB40B4A08C8FB242' })
  const params = await client.paymentParams({ appid, prepayId: 'wx201410272009395522657a690389285100' })
  const { paySign, ...rest } = params
  assert.deepEqual(rest, {
    timeStamp: String(nowSeconds),
    nonceStr: '593BEC0C930BF1AFEB40B4A08C8FB242',
    package: 'prepay_id=wx201410272009395522657a690389285100',
    signType: 'RSA',
  })
  const message = `${appid}\n${rest.timeStamp}\n${rest.nonceStr}\n${rest.package}\n`
  assert(verify('sha256', Buffer.from(message), merchant.publicKey, Buffer.from(paySign, 'base64')))
})

test("A caller's mistakes are TypeErrors before anything is sent", async (t) => {
  const host = await startHost(t, answerPrepaid)
  const client = makeClient({ baseUrls: [host.origin] })
  const mistakes: Array<() => Promise<unknown>> = [
    () => client.prepayJsapi({ ...order, mchid: '1900000001' }),
    () => client.prepayJsapi({ ...order, amount: { total: 0 } }),
    () => client.prepayJsapi({ ...order, amount: { total: 1.5 } }),
    () => client.prepayJsapi({ ...order, amount: { total: 2 ** 53 } }),
    () => client.prepayJsapi({ ...order, appid: 'undefined' }),
    () => client.prepayJsapi({ ...order, out_trade_no: 'a/../b' }),
    () => client.prepayJsapi({ ...order, description: 'noodles 🍜' }),
    () => client.prepayJsapi({ ...order, attach: '\ud83c' }),
    () => client.queryByOutTradeNo(''),
    () => client.queryByOutTradeNo('undefined'),
    () => client.queryByTransactionId('42/1'),
    () => client.close('a?b'),
    () => client.paymentParams({ appid, prepayId: 'undefined' }),
    () => client.paymentParams({ appid: '', prepayId: 'wx1' }),
  ]
  for (const mistake of mistakes) await assert.rejects(mistake, TypeError, mistake.toString())
  assert.equal(host.requests.length, 0)
})

test('A11, A23: options that cannot be right are TypeErrors at construction, and show no key', () => {
  const ownCertificate = makeSigner(merchantSerial).certificate
  const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const pem = toPem(merchant.privateKey)
  const otherPem = toPem(publicKeySigner.privateKey)
  const id = publicKeySigner.serial
  const mistakes: Array<Partial<PayV3Options>> = [
    { mchid: '' },
    { mchid: 'undefined' },
    { apiV3Key: '' },
    { apiV3Key: apiV3Key.slice(1) },
    { apiV3Key: `${apiV3Key}x` },
    { apiV3Key: '0'.repeat(32) },
    { apiV3Key: 'undefinedundefinedundefinedundef' },
    { apiV3Key: 'your_api_key_your_api_key_123456' },
    { merchantKey: { serialNo: '', privateKey: merchant.privateKey } },
    { merchantKey: { serialNo: merchantSerial, privateKey: '' } },
    { merchantKey: { serialNo: merchantSerial, privateKey: merchant.publicKey } },
    { merchantKey: { serialNo: merchantSerial, privateKey: pem.replaceAll('A', '?') } },
    { platformKeys: { publicKeys: [{ id: 'PUB_KEY_ID_', publicKey: publicKeySigner.publicKey }] } },
    { platformKeys: { publicKeys: [{ id: certificateSigner.serial, publicKey: publicKeySigner.publicKey }] } },
    { platformKeys: { publicKeys: [{ id, publicKey: merchant.publicKey }] } },
    { platformKeys: { publicKeys: [{ id, publicKey: pem }] } },
    { platformKeys: { publicKeys: [{ id, publicKey: publicKeySigner.privateKey }] } },
    { platformKeys: { publicKeys: [{ id, publicKey: otherPem }] } },
    { platformKeys: { certificates: [{ serialNo: merchantSerial, certificate: ownCertificate }] } },
    { platformKeys: { certificates: [{ serialNo: 'ABCDEF0123', certificate: certificateSigner.certificate }] } },
    { platformKeys: { certificates: [{ serialNo: certificateSigner.serial, certificate: 'x' }] } },
    { platformKeys: { download: false } },
    { baseUrls: [] },
    { baseUrls: ['https://api.mch.weixin.qq.com/v3'] },
    { baseUrls: ['ftp://api.mch.weixin.qq.com'] },
    { baseUrls: ['https://user:word@api.mch.weixin.qq.com'] },
    { timeoutMs: 0 },
    { timeoutMs: Number.NaN },
  ]
  for (const mistake of mistakes) {
    assert.throws(
      () => makeClient(mistake),
      (error) => error instanceof TypeError && !error.message.includes(apiV3Key) && !error.message.includes('MII'),
      JSON.stringify(mistake),
    )
  }
})
