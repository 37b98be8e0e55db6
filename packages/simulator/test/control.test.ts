import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { seededRandom } from '../src/index.ts'
import { newNumber, openStage, type Stage } from './stage.ts'
import { call, callV3, type Json, type MerchantConfig } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())

describe('the default merchant', () => {
  it('has everything that a back end is configured with', () => {
    const { mchid, api_v2_key, api_v3_key, certificate, wechatpay_public_key, platform_certificates, apps } =
      stage.merchant
    assert.match(mchid, /^\d{10}$/)
    assert.match(api_v2_key, /^[0-9A-Za-z]{32}$/)
    assert.match(api_v3_key, /^[0-9A-Za-z]{32}$/)
    assert.match(wechatpay_public_key.id, /^PUB_KEY_ID_\d{28}$/)
    assert.equal(apps.length, 1)
    assert.match(apps[0]?.appid ?? '', /^wx[0-9a-f]{16}$/)
    assert.equal(platform_certificates.length, 2)
    for (const { serial_no, certificate_pem } of [certificate, ...platform_certificates]) {
      const parsed = new X509Certificate(certificate_pem)
      assert.match(serial_no, /^[0-9A-F]{40}$/)
      assert.equal(parsed.serialNumber, serial_no)
      assert.match(parsed.issuer, /CN=Tenpay\.com Root CA/)
      assert.ok(Date.parse(parsed.validFrom) < Date.now() && Date.now() < Date.parse(parsed.validTo))
    }
  })
})

it('a seed makes the same merchant, keys other than RSA included', async () => {
  const made = async (seed: string): Promise<object> => {
    const seeded = await openStage({ random: seededRandom(seed) })
    await seeded.close()
    const { mchid, api_v2_key, api_v3_key, certificate, apps } = seeded.merchant
    return { mchid, api_v2_key, api_v3_key, serial_no: certificate.serial_no, apps }
  }
  const first = await made('a')
  assert.deepEqual(await made('a'), first)
  assert.notDeepEqual(await made('b'), first)
})

describe('further merchants', () => {
  it('have their own keys and may share an app', async () => {
    const created = await stage.control('merchants', { name: '别家', apps: [{ appid: stage.appid }, {}] })
    assert.equal(created.status, 201)
    const other = created.json as unknown as MerchantConfig
    assert.notEqual(other.mchid, stage.merchant.mchid)
    assert.deepEqual(other.apps[0], stage.merchant.apps[0])
    const order = { ...stage.v3Order(await stage.openid(), newNumber()), mchid: other.mchid }
    const reply = await callV3(stage.url, other, '/v3/pay/transactions/jsapi', { body: order })
    assert.equal(reply.status, 200)
    const listed = (await stage.control('merchants')).json['merchants'] as unknown as MerchantConfig[]
    assert.deepEqual(listed[1], other)
  })

  it('two made at once differ', async () => {
    const [a, b] = await Promise.all([stage.control('merchants', {}), stage.control('merchants', {})])
    assert.notEqual(a.json['mchid'], b.json['mchid'])
  })
})

describe('bad control input', () => {
  const cases: readonly [path: string, body: object, message: RegExp][] = [
    ['wx/login', {}, /appid is missing/],
    ['wx/login', { appid: 'wx0', user: 'x' }, /appid wx0 is unknown/],
    ['wx/login', { appid: '#', user: '' }, /user is missing/],
    ['wx/login', { appid: '#', user: 'a/b' }, /without slash/],
    ['wx/login', { appid: '#', user: 7 }, /user must be a string/],
    ['wx/login', { appid: '#', user: 'x', with_user_info: 'yes' }, /with_user_info must be true or false/],
    ['wx/requestPayment', { appid: '#', user: 'x', action: 'pay' }, /action must be confirm, cancel or preview/],
    ['wx/phoneNumber', { appid: '#' }, /user is missing/],
    ['clock/advance', {}, /seconds is missing/],
    ['clock/advance', { seconds: -1 }, /seconds must be a whole number from 0/],
    ['clock/advance', { seconds: '5' }, /seconds must be a whole number/],
    ['merchants', { apps: [] }, /apps must be a list/],
    ['merchants', { apps: [{ appid: 'x' }] }, /appid must be wx and 16/],
    ['merchants', { name: '' }, /name must have 1 to 64/],
  ]
  for (const [path, body, message] of cases) {
    it(`${path} ${JSON.stringify(body)}: 400`, async () => {
      const given = JSON.parse(JSON.stringify(body).replace('"#"', JSON.stringify(stage.appid))) as object
      const reply = await stage.control(path, given)
      assert.equal(reply.status, 400)
      assert.match(reply.json['message'] ?? '', message)
    })
  }

  it('a body that is not JSON, an unknown control, a wrong method', async () => {
    const post = (body: string) => call(`${stage.url}/_sim/wx/login`, { method: 'POST', body })
    assert.match((await post('{')).json['message'] ?? '', /must be JSON/)
    assert.match((await post('[]')).json['message'] ?? '', /must be a JSON object/)
    assert.equal((await stage.control('nothing')).status, 404)
    assert.equal((await stage.control('wx/login')).status, 405)
  })

  it('a body of more than a megabyte is refused', async () => {
    const status = await call(`${stage.url}/pay/unifiedorder`, { method: 'POST', body: 'x'.repeat(1_100_000) }).then(
      (reply) => reply.status,
      () => 'closed',
    )
    assert.ok(status === 413 || status === 'closed')
  })
})

it('GET /_sim lists the controls', async () => {
  const { json } = await call(`${stage.url}/_sim`)
  const listed = ((json['controls'] ?? []) as readonly Json[]).map(({ method, path }) => `${method} ${path}`)
  assert.ok(listed.includes('POST /_sim/wx/requestPayment') && listed.includes('GET /_sim/books'))
})

it('the books count the calls of each order', async () => {
  const outTradeNo = await stage.pay('RSA')
  const target = `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${stage.merchant.mchid}`
  await stage.v3(target)
  await stage.v3(target)
  const transactionId = (await stage.order(outTradeNo))?.['transaction_id'] ?? ''
  await stage.v3(`/v3/pay/transactions/id/${transactionId}?mchid=${stage.merchant.mchid}`)
  await stage.v2('/pay/orderquery', { transaction_id: transactionId })
  await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo })
  const { calls, orders, payments } = (await stage.control(`books?out_trade_no=${outTradeNo}`)).json
  assert.deepEqual(calls, [
    { mchid: stage.merchant.mchid, out_trade_no: outTradeNo, counts: { jsapi: 1, query: 3, orderquery: 2 } },
  ])
  assert.deepEqual([orders?.[0]?.['trade_state'], payments?.[0]?.['total']], ['SUCCESS', 3600])
})

it('advances asked for at once follow each other and add up', async () => {
  const before = (await stage.control('clock')).json['advanced_seconds'] ?? 0
  await Promise.all(Array.from({ length: 5 }, () => stage.advance(10)))
  assert.equal((await stage.control('clock')).json['advanced_seconds'], before + 50)
})
