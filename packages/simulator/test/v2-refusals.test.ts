import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newNumber, openStage, type Stage } from './stage.ts'
import { call, control, type MerchantConfig, nonce, postXml, signV2, toXml } from './wechat-client.ts'

let stage: Stage
let openid: string
let other: MerchantConfig
before(async () => {
  stage = await openStage()
  openid = await stage.openid()
  other = (await control(stage.url, 'merchants', { name: '别家' })).json as unknown as MerchantConfig
})
after(() => stage.close())

const communication = (text: string) => ({ http: '200', return_code: 'FAIL', return_msg: text })

describe('what v2 refuses before it knows the sender', () => {
  const cases: readonly [what: string, init: RequestInit, text: string][] = [
    ['GET', {}, '请使用post方法'],
    ['an empty body', { method: 'POST' }, 'post数据为空'],
    ['a body that is not XML', { method: 'POST', body: '{}' }, 'XML格式错误'],
    [
      'a DOCTYPE (A1)',
      { method: 'POST', body: '<!DOCTYPE xml [<!ENTITY e "x">]><xml><a>&e;</a></xml>' },
      'XML格式错误',
    ],
    ['an element twice (A4)', { method: 'POST', body: '<xml><a>1</a><a>2</a></xml>' }, 'XML格式错误'],
    ['a nested element (A5)', { method: 'POST', body: '<xml><a><b>1</b></a></xml>' }, 'XML格式错误'],
    ['an attribute (A5)', { method: 'POST', body: '<xml><a b="1">1</a></xml>' }, 'XML格式错误'],
    [
      'bytes that are not UTF-8 (A6)',
      { method: 'POST', body: Buffer.from('<xml><a>\xff</a></xml>', 'latin1') },
      '编码格式错误',
    ],
    ['an emoji', { method: 'POST', body: '<xml><a>🍜</a></xml>' }, '编码格式错误'],
    ['an emoji as a character reference', { method: 'POST', body: '<xml><a>&#x1F35C;</a></xml>' }, '编码格式错误'],
    ['no mch_id', { method: 'POST', body: '<xml><appid>x</appid></xml>' }, '签名错误'],
  ]
  for (const [what, init, text] of cases) {
    it(`${what}: return_code FAIL, ${text}, in text/plain`, async () => {
      const reply = await call(`${stage.url}/pay/unifiedorder`, init)
      assert.equal(reply.status, 200)
      assert.equal(reply.headers.get('content-type'), 'text/plain')
      const [, code, message] =
        /<return_code><!\[CDATA\[(.*)\]\]><\/return_code>\n<return_msg><!\[CDATA\[(.*)\]\]>/.exec(reply.text) ?? []
      assert.deepEqual([code, message], ['FAIL', text])
      assert.doesNotMatch(reply.text, /<sign>/)
    })
  }
})

describe('what v2 refuses as a wrong signature', () => {
  it('a wrong key, an unknown merchant, an unknown sign_type and lower-case hex are all 签名错误 and nothing else', async () => {
    const order = stage.v2Order(openid, newNumber())
    const answers = await Promise.all([
      stage.v2('/pay/unifiedorder', order, { key: 'x'.repeat(32) }),
      stage.v2('/pay/unifiedorder', { ...order, mch_id: '1999999999' }),
      stage.v2('/pay/unifiedorder', { ...order, sign_type: 'SHA1' }),
      stage.v2('/pay/unifiedorder', order, { sign: (right) => right.toLowerCase() }),
      stage.v2('/pay/unifiedorder', order, { sign: () => '' }),
    ])
    for (const answer of answers) assert.deepEqual(answer, communication('签名错误'))
  })

  it('a value changed after signing', async () => {
    const params = {
      appid: stage.appid,
      mch_id: stage.merchant.mchid,
      nonce_str: nonce(),
      ...stage.v2Order(openid, newNumber()),
    }
    const sign = signV2(params, stage.merchant.api_v2_key, 'MD5')
    const answer = await postXml(`${stage.url}/pay/unifiedorder`, toXml({ ...params, total_fee: 1, sign }))
    assert.deepEqual(answer, communication('签名错误'))
  })
})

describe('what /pay/unifiedorder refuses in a signed answer', () => {
  const cases: readonly [changes: Record<string, string | number | undefined>, code: string, text: string][] = [
    [{ appid: undefined }, 'LACK_PARAMS', '缺少参数appid'],
    [{ nonce_str: undefined }, 'LACK_PARAMS', '缺少参数nonce_str'],
    [{ body: undefined }, 'LACK_PARAMS', '缺少参数body'],
    [{ out_trade_no: '' }, 'LACK_PARAMS', '缺少参数out_trade_no'],
    [{ total_fee: undefined }, 'LACK_PARAMS', '缺少参数total_fee'],
    [{ spbill_create_ip: undefined }, 'LACK_PARAMS', '缺少参数spbill_create_ip'],
    [{ notify_url: undefined }, 'LACK_PARAMS', '缺少参数notify_url'],
    [{ trade_type: undefined }, 'LACK_PARAMS', '缺少参数trade_type'],
    [{ openid: undefined }, 'LACK_PARAMS', '缺少参数openid'],
    [{ appid: 'wx0000000000000000' }, 'APPID_NOT_EXIST', 'APPID不存在'],
    [{ nonce_str: 'n'.repeat(33) }, 'INVALID_REQUEST', '参数错误:nonce_str长度超过32'],
    [{ body: '面'.repeat(129) }, 'INVALID_REQUEST', '参数错误:body长度超过128'],
    [{ attach: 'a'.repeat(128) }, 'INVALID_REQUEST', '参数错误:attach长度超过127'],
    [{ out_trade_no: '0'.repeat(33) }, 'INVALID_REQUEST', '参数错误:out_trade_no长度超过32'],
    [{ out_trade_no: 'a b' }, 'INVALID_REQUEST', '参数错误:out_trade_no包含非法字符'],
    [{ total_fee: 0 }, 'INVALID_REQUEST', '参数错误:total_fee必须是大于0的整数，单位为分'],
    [{ total_fee: '-1' }, 'INVALID_REQUEST', '参数错误:total_fee必须是大于0的整数，单位为分'],
    [{ total_fee: '1.5' }, 'INVALID_REQUEST', '参数错误:total_fee必须是大于0的整数，单位为分'],
    [{ total_fee: '1e3' }, 'INVALID_REQUEST', '参数错误:total_fee必须是大于0的整数，单位为分'],
    [{ fee_type: 'USD' }, 'INVALID_REQUEST', '参数错误:fee_type取值范围错误'],
    [{ spbill_create_ip: '1.2.3' }, 'INVALID_REQUEST', '参数错误:spbill_create_ip不是合法的IP地址'],
    [{ time_expire: '20261332000000' }, 'INVALID_REQUEST', '参数错误:time_expire时间格式应为yyyyMMddHHmmss'],
    [{ notify_url: '/notify' }, 'INVALID_REQUEST', '参数错误:notify_url必须是完整的http或https地址'],
    [{ notify_url: 'http://127.0.0.1/n?a=1' }, 'INVALID_REQUEST', '参数错误:notify_url不能携带参数'],
    [{ notify_url: 'http://192.168.1.2/n' }, 'INVALID_REQUEST', '参数错误:notify_url不能是内网地址'],
    [{ trade_type: 'NATIVE', product_id: '1' }, 'NOAUTH', '商户无此接口权限'],
    [{ trade_type: 'CASH' }, 'INVALID_REQUEST', '参数错误:trade_type取值范围错误'],
    [{ limit_pay: 'no_debit' }, 'INVALID_REQUEST', '参数错误:limit_pay取值范围错误'],
    [{ scene_info: '{' }, 'INVALID_REQUEST', '参数错误:scene_info不是合法的JSON'],
    [{ openid: 'o-of-nobody' }, 'INVALID_REQUEST', 'appid and openid not match'],
  ]
  for (const [changes, code, text] of cases) {
    it(`${JSON.stringify(changes).slice(0, 60)}: ${code}`, async () => {
      const answer = await stage.v2('/pay/unifiedorder', { ...stage.v2Order(openid, newNumber()), ...changes })
      const { http: _, ...signed } = answer
      assert.deepEqual([answer['return_code'], answer['result_code']], ['SUCCESS', 'FAIL'])
      assert.deepEqual([answer['err_code'], answer['err_code_des']], [code, text])
      assert.equal(signed['sign'], signV2(signed, stage.merchant.api_v2_key, 'MD5'))
      assert.equal(answer['prepay_id'], undefined)
    })
  }

  it('an app that is bound to another merchant', async () => {
    const appid = other.apps[0]?.appid
    const answer = await stage.v2('/pay/unifiedorder', { ...stage.v2Order(openid, newNumber()), appid })
    assert.deepEqual([answer['err_code'], answer['err_code_des']], ['APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配'])
  })

  it('an openid of another app (A39)', async () => {
    const appid = other.apps[0]?.appid
    const { json } = await stage.control('wx/login', { appid, user: '小明' })
    const session = await stage.code2Session(json['code'] ?? '', {
      appid: appid ?? '',
      secret: other.apps[0]?.secret ?? '',
    })
    const foreign = session.json['openid'] ?? ''
    assert.match(foreign, /^o/)
    const answer = await stage.v2('/pay/unifiedorder', stage.v2Order(foreign, newNumber()))
    assert.equal(answer['err_code'], 'INVALID_REQUEST')
  })
})

describe('the longest values that v2 takes', () => {
  it('pass', async () => {
    const answer = await stage.v2('/pay/unifiedorder', {
      ...stage.v2Order(openid, newNumber().padEnd(32, '*')),
      body: '面'.repeat(128),
      attach: '附'.repeat(127),
      device_info: 'WEB',
      detail: '{"goods_detail":[]}',
      spbill_create_ip: '::1',
    })
    assert.equal(answer['result_code'], 'SUCCESS')
    assert.equal(answer['device_info'], 'WEB')
    assert.match(answer['prepay_id'] ?? '', /^wx\S{34}$/)
  })
})

describe('what /pay/orderquery and /pay/closeorder refuse', () => {
  it('a number that nobody ordered', async () => {
    const query = await stage.v2('/pay/orderquery', { out_trade_no: 'nobody-ordered' })
    assert.deepEqual([query['err_code'], query['err_code_des']], ['ORDERNOTEXIST', '此交易订单号不存在'])
    const byId = await stage.v2('/pay/orderquery', { transaction_id: '4200000000000000000000000000' })
    assert.equal(byId['err_code'], 'ORDERNOTEXIST')
    const close = await stage.v2('/pay/closeorder', { out_trade_no: 'nobody-ordered' })
    assert.deepEqual([close['err_code'], close['err_code_des']], ['ORDERNOTEXIST', '订单不存在'])
  })

  it('another merchant’s order', async () => {
    const outTradeNo = await stage.pay('MD5')
    const order = await stage.order(outTradeNo)
    const asOther = { appid: other.apps[0]?.appid, mch_id: other.mchid }
    for (const number of [{ out_trade_no: outTradeNo }, { transaction_id: order?.['transaction_id'] ?? '' }]) {
      const answer = await stage.v2('/pay/orderquery', { ...asOther, ...number }, { key: other.api_v2_key })
      assert.equal(answer['err_code'], 'ORDERNOTEXIST')
    }
  })

  it('no number at all', async () => {
    assert.equal((await stage.v2('/pay/orderquery', {}))['err_code'], 'LACK_PARAMS')
    assert.equal((await stage.v2('/pay/closeorder', {}))['err_code'], 'LACK_PARAMS')
  })

  it('a paid order cannot be closed', async () => {
    const outTradeNo = await stage.pay('MD5')
    const answer = await stage.v2('/pay/closeorder', { out_trade_no: outTradeNo })
    assert.deepEqual([answer['err_code'], answer['err_code_des']], ['ORDERPAID', '该订单已支付'])
  })
})

it('v2 paths that are not served answer 404', async () => {
  assert.equal((await call(`${stage.url}/pay/micropay`, { method: 'POST', body: '<xml></xml>' })).status, 404)
})
