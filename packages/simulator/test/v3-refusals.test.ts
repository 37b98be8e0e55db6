import assert from 'node:assert/strict'
import { createDecipheriv, X509Certificate } from 'node:crypto'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { newNumber, openStage, type Stage } from './stage.ts'
import { call, callV3, control, type Json, type MerchantConfig, type V3Options } from './wechat-client.ts'

let stage: Stage
let openid: string
let other: MerchantConfig
before(async () => {
  stage = await openStage()
  openid = await stage.openid()
  other = (await control(stage.url, 'merchants', { name: '别家' })).json as unknown as MerchantConfig
})
after(() => stage.close())

const jsapi = '/v3/pay/transactions/jsapi'
const now = (): number => Math.floor(Date.now() / 1000)

/** What every refusal has: no signature, and JSON. */
function assertRefused(reply: Awaited<ReturnType<typeof call>>, status: number, code: string, message: string): void {
  assert.deepEqual([reply.status, reply.json['code'], reply.json['message']], [status, code, message])
  assert.equal(reply.headers.get('wechatpay-signature'), null)
  assert.equal(reply.headers.get('wechatpay-serial'), null)
}

describe('v3 authorization, in its order', () => {
  const target = () => `/v3/pay/transactions/out-trade-no/${newNumber()}?mchid=${stage.merchant.mchid}`
  const formatText = 'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》'
  const clockText = 'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟'

  it('an unknown path is 404 and a wrong method 405, both without body', async () => {
    for (const [path, method, status] of [
      ['/v3/unknown', 'GET', 404],
      [jsapi, 'GET', 405],
      ['/v3/certificates', 'POST', 405],
    ] as const) {
      const reply = await call(stage.url + path, { method })
      assert.deepEqual([reply.status, reply.text], [status, ''])
    }
  })

  it('certificates insist on Accept and User-Agent before anything else', async () => {
    const reply = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      request(`${stage.url}/v3/certificates`, { headers: { accept: 'application/json' } }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
        .on('error', reject)
        .end()
    })
    assert.equal(reply.status, 400)
    assert.deepEqual(JSON.parse(reply.body), { code: 'INVALID_REQUEST', message: 'Http头缺少Accept或User-Agent' })
  })

  it('a missing or malformed Authorization is worded by endpoint, and the transactions answer has no Request-ID', async () => {
    for (const authorization of ['', 'Bearer x', 'WECHATPAY2-SHA256-RSA2048 mchid="1"', 'WECHATPAY2-SHA256-RSA2048']) {
      const headers = authorization === '' ? {} : { authorization }
      const transactions = await call(stage.url + target(), { headers })
      assertRefused(transactions, 401, 'SIGN_ERROR', '签名信息错误，验签失败')
      assert.equal(transactions.headers.get('request-id'), null)
      const certificates = await call(`${stage.url}/v3/certificates`, { headers: { accept: '*/*', ...headers } })
      assertRefused(certificates, 401, 'SIGN_ERROR', formatText)
      assert.match(certificates.headers.get('request-id') ?? '', /-268443699$/)
    }
    const scheme = await call(`${stage.url}/v3/certificates`, {
      headers: { authorization: 'WECHATPAY2-SM2-WITH-SM3 x' },
    })
    assertRefused(scheme, 401, 'SIGN_ERROR', '认证类型不正确')
  })

  const cases: readonly [what: string, options: () => V3Options, status: number, code: string, text: string][] = [
    ['six minutes old', () => ({ authorization: { timestamp: String(now() - 360) } }), 401, 'SIGN_ERROR', clockText],
    ['six minutes early', () => ({ authorization: { timestamp: String(now() + 360) } }), 401, 'SIGN_ERROR', clockText],
    ['milliseconds', () => ({ authorization: { timestamp: String(Date.now()) } }), 401, 'SIGN_ERROR', clockText],
    [
      'old and wrongly signed: the clock is looked at first',
      () => ({ authorization: { timestamp: String(now() - 360), signature: 'AAAA' } }),
      401,
      'SIGN_ERROR',
      clockText,
    ],
    ['an unknown mchid', () => ({ authorization: { mchid: '1999999999' } }), 400, 'MCH_NOT_EXISTS', '商户号不存在'],
    [
      'the serial number of another certificate',
      () => ({ authorization: { serial_no: other.certificate.serial_no } }),
      401,
      'SIGN_ERROR',
      '商户证书序列号有误。请使用签名私钥匹配的证书序列号',
    ],
    ['a wrong signature', () => ({ signedMessage: (right) => `${right} ` }), 401, 'SIGN_ERROR', '签名错误'],
    [
      'junk in the base64 (A17)',
      () => ({ authorization: { signature: 'AAAA!' } }),
      401,
      'SIGN_ERROR',
      '签名信息错误，验签失败',
    ],
  ]
  for (const [what, options, status, code, text] of cases) {
    it(`${what}: ${status} ${code}`, async () => {
      assertRefused(await stage.v3(target(), options()), status, code, text)
    })
  }

  it('four minutes off is within the window', async () => {
    for (const offset of [-240, 240]) {
      const reply = await stage.v3(target(), { authorization: { timestamp: String(now() + offset) } })
      assertRefused(reply, 404, 'ORDER_NOT_EXIST', '订单不存在')
      assert.match(reply.headers.get('request-id') ?? '', /-268512771$/)
    }
  })

  it('the query is part of what is signed', async () => {
    const reply = await stage.v3(target(), { signedMessage: (right) => right.replace(/\?mchid=\d+/, '') })
    assertRefused(reply, 401, 'SIGN_ERROR', '签名错误')
  })
})

describe('what the v3 prepay refuses', () => {
  const required = (pointer: string, label: string) =>
    `输入源“/body/${pointer}”映射到字段“${label}”必填性规则校验失败，此字段为必填项`
  const rule = (pointer: string, type: string, label: string, text: string) =>
    `输入源“/body/${pointer}”映射到${type}字段“${label}”规则校验失败，${text}`
  const cases: readonly [changes: Record<string, unknown>, field: string, issue: string][] = [
    [{ appid: undefined }, 'appid', required('appid', '公众号ID')],
    [{ mchid: undefined }, 'mchid', required('mchid', '直连商户号')],
    [{ description: '' }, 'description', required('description', '商品描述')],
    [{ out_trade_no: undefined }, 'out_trade_no', required('out_trade_no', '商户订单号')],
    [{ notify_url: undefined }, 'notify_url', required('notify_url', '通知地址')],
    [{ amount: undefined }, 'amount', required('amount', '订单金额')],
    [{ amount: {} }, 'amount/total', required('amount/total', '总金额')],
    [{ payer: {} }, 'payer/openid', required('payer/openid', '用户标识')],
    [
      { scene_info: { device_id: '1' } },
      'scene_info/payer_client_ip',
      required('scene_info/payer_client_ip', '用户终端IP'),
    ],
    [{ amount: { total: 0 } }, 'amount/total', rule('amount/total', '数值', '总金额', '值低于最小值 1')],
    [{ amount: { total: 1.5 } }, 'amount/total', rule('amount/total', '数值', '总金额', '类型必须是整数')],
    [{ amount: { total: '100' } }, 'amount/total', rule('amount/total', '数值', '总金额', '类型必须是整数')],
    [
      { amount: { total: 1, currency: 'USD' } },
      'amount/currency',
      rule('amount/currency', '字符串', '货币类型', '取值范围错误'),
    ],
    [
      { description: '面'.repeat(128) },
      'description',
      rule('description', '字符串', '商品描述', '字符数 128，大于最大值 127'),
    ],
    [{ attach: 'a'.repeat(129) }, 'attach', rule('attach', '字符串', '附加数据', '字符数 129，大于最大值 128')],
    [{ out_trade_no: '12345' }, 'out_trade_no', rule('out_trade_no', '字符串', '商户订单号', '字符数 5，小于最小值 6')],
    [
      { out_trade_no: '12345@' },
      'out_trade_no',
      rule('out_trade_no', '字符串', '商户订单号', '只能是数字、大小写字母_-*|'),
    ],
    [
      { time_expire: '20261124' },
      'time_expire',
      rule('time_expire', '字符串', '交易结束时间', '必须遵循rfc3339标准格式'),
    ],
    [{ notify_url: 'http://10.0.0.1/n' }, 'notify_url', rule('notify_url', '字符串', '通知地址', '不能是内网地址')],
    [{ notify_url: 'https://a.example/n?x=1' }, 'notify_url', rule('notify_url', '字符串', '通知地址', '不能携带参数')],
    [{ limit_pay: ['no_debit'] }, 'limit_pay/0', rule('limit_pay/0', '字符串', '指定支付方式', '取值范围错误')],
    [
      { support_fapiao: 'true' },
      'support_fapiao',
      rule('support_fapiao', '布尔', '电子发票入口开放标识', '类型必须是布尔值'),
    ],
    [{ openid: 'x' }, 'openid', '输入源“/body/openid”不是此接口的参数，请删除此参数'],
    [{ amount: { total: 1, fee: 2 } }, 'amount/fee', '输入源“/body/amount/fee”不是此接口的参数，请删除此参数'],
  ]
  for (const [changes, field, issue] of cases) {
    it(`${JSON.stringify(changes).slice(0, 60)} ${field}`, async () => {
      const reply = await stage.v3(jsapi, { body: { ...stage.v3Order(openid, newNumber()), ...changes } })
      assertRefused(reply, 400, 'PARAM_ERROR', issue)
      const detail = reply.json['detail']
      assert.deepEqual([detail?.['field'], detail?.['issue'], detail?.['location']], [`/body/${field}`, issue, 'body'])
      assert.match(reply.headers.get('request-id') ?? '', /-(268435461|268435464|270924358)$/)
    })
  }

  it('a body that is not JSON, and one with an emoji', async () => {
    assertRefused(await stage.v3(jsapi, { body: '{' }), 400, 'PARAM_ERROR', '请求体不是合法的JSON')
    for (const description of ['🍜', '\\ud83c\\udf5c']) {
      const body = JSON.stringify({ ...stage.v3Order(openid, newNumber()), description: '#' }).replace('#', description)
      assertRefused(await stage.v3(jsapi, { body }), 400, 'PARAM_ERROR', '请求体只支持UTF-8编码的1至3字节字符')
    }
  })

  it('the mchid of another merchant, an app that is not bound, an openid of another app', async () => {
    const order = stage.v3Order(openid, newNumber())
    const text = 'http header中的mchid与post payload中的mchid不匹配'
    assertRefused(await stage.v3(jsapi, { body: { ...order, mchid: other.mchid } }), 400, 'PARAM_ERROR', text)
    const appid = other.apps[0]?.appid
    const unbound = await stage.v3(jsapi, { body: { ...order, appid } })
    assertRefused(unbound, 400, 'APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配')
    assert.match(unbound.headers.get('request-id') ?? '', /-268445527$/)
    const foreign = await stage.v3(jsapi, { body: { ...order, payer: { openid: 'o-of-nobody' } } })
    assertRefused(foreign, 400, 'INVALID_REQUEST', 'appid和openid不匹配')
  })

  it('an expiry more than fifteen days away', async () => {
    const time_expire = new Date(Date.now() + 16 * 86_400_000).toISOString().replace(/\.\d+Z/, '+00:00')
    const reply = await stage.v3(jsapi, { body: { ...stage.v3Order(openid, newNumber()), time_expire } })
    assertRefused(reply, 400, 'PARAM_ERROR', 'time_expire不能超过15天')
  })
})

it('the fullest v3 order passes, names in any order being the same order', async () => {
  const order = {
    ...stage.v3Order(openid, newNumber()),
    attach: '附加',
    goods_tag: 'TAG',
    support_fapiao: true,
    limit_pay: ['no_credit'],
    detail: {
      cost_price: 3600,
      invoice_id: '1',
      goods_detail: [{ merchant_goods_id: 'noodles', goods_name: '面', quantity: 2, unit_price: 1800 }],
    },
    scene_info: { payer_client_ip: '::1', device_id: 'd1', store_info: { id: '1' } },
    settle_info: { profit_sharing: false },
  }
  const first = await stage.v3(jsapi, { body: order })
  assert.equal(first.status, 200)
  const again = await stage.v3(jsapi, { body: Object.fromEntries(Object.entries(order).reverse()) })
  assert.equal(again.json['prepay_id'], first.json['prepay_id'])
})

describe('what v3 query and close refuse', () => {
  const byNumber = '/v3/pay/transactions/out-trade-no/'

  it('a query without mchid, with another mchid, and of another merchant’s order', async () => {
    const outTradeNo = await stage.pay('RSA')
    const missing = await stage.v3(byNumber + outTradeNo)
    assertRefused(
      missing,
      400,
      'PARAM_ERROR',
      '输入源“/query/mchid”映射到字段“直连商户号”必填性规则校验失败，此字段为必填项',
    )
    assert.equal(missing.json['detail']?.['location'], 'query')
    const text = 'http header中的mchid与post payload中的mchid不匹配'
    assertRefused(await stage.v3(`${byNumber}${outTradeNo}?mchid=${other.mchid}`), 400, 'PARAM_ERROR', text)
    for (const part of [`out-trade-no/${outTradeNo}`, `id/${(await stage.order(outTradeNo))?.['transaction_id']}`]) {
      const reply = await callV3(stage.url, other, `/v3/pay/transactions/${part}?mchid=${other.mchid}`)
      assertRefused(reply, 404, 'ORDER_NOT_EXIST', '订单不存在')
    }
  })

  it('a close without mchid, of an unknown and of a paid order', async () => {
    const outTradeNo = await stage.pay('RSA')
    const missing = await stage.v3(`${byNumber}${outTradeNo}/close`, { body: {} })
    assertRefused(
      missing,
      400,
      'PARAM_ERROR',
      '输入源“/uri_template/mchid”映射到字段“直连商户号”必填性规则校验失败，此字段为必填项',
    )
    assert.equal(missing.json['detail']?.['location'], 'uri_template')
    const body = { mchid: stage.merchant.mchid }
    assertRefused(await stage.v3(`${byNumber}nobody-ordered/close`, { body }), 404, 'ORDER_NOT_EXIST', '订单不存在')
    const paid = await stage.v3(`${byNumber}${outTradeNo}/close`, { body })
    assertRefused(paid, 400, 'INVALID_REQUEST', '该订单已支付')
    assert.match(paid.headers.get('request-id') ?? '', /-268449538$/)
  })

  it('a number with characters that the path must encode is signed as sent and found', async () => {
    const outTradeNo = `${newNumber()}|*`
    await stage.prepay('RSA', outTradeNo)
    const target = `${byNumber}${encodeURIComponent(outTradeNo)}?mchid=${stage.merchant.mchid}`
    const reply = await stage.v3(target)
    assert.equal(reply.json['out_trade_no'], outTradeNo)
  })
})

describe('/v3/certificates', () => {
  it('lists both platform certificates, encrypted under the APIv3 key', async () => {
    const reply = await stage.v3('/v3/certificates?algorithm_type=RSA')
    assert.equal(reply.status, 200)
    assert.ok(reply.headers.get('wechatpay-signature'))
    const { data } = reply.json as unknown as { data: readonly Json[] }
    const serials = data.map(({ serial_no, encrypt_certificate }) => {
      const sealed = Buffer.from(encrypt_certificate?.['ciphertext'] ?? '', 'base64')
      const decipher = createDecipheriv('aes-256-gcm', stage.merchant.api_v3_key, encrypt_certificate?.['nonce'] ?? '')
      decipher.setAuthTag(sealed.subarray(-16))
      decipher.setAAD(Buffer.from(encrypt_certificate?.['associated_data'] ?? ''))
      const pem = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
      assert.equal(new X509Certificate(pem).serialNumber, serial_no)
      return serial_no
    })
    assert.deepEqual(
      serials,
      stage.merchant.platform_certificates.map(({ serial_no }) => serial_no),
    )
  })

  it('has none of the SM2 kind', async () => {
    const reply = await stage.v3('/v3/certificates?algorithm_type=SM2')
    assertRefused(reply, 404, 'RESOURCE_NOT_EXISTS', '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。')
  })
})
