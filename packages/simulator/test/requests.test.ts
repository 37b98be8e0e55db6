import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { newNumber, openStage, type Stage } from './stage.ts'
import {
  callV3,
  control,
  type Json,
  type MerchantConfig,
  nonce,
  postXml,
  signRsa,
  signV2,
  toXml,
} from './wechat-client.ts'

let stage: Stage
let openid: string
let other: MerchantConfig
before(async () => {
  stage = await openStage()
  openid = await stage.openid()
  other = (await control(stage.url, 'merchants', {})).json as unknown as MerchantConfig
})
after(() => stage.close())
beforeEach(() => stage.control('requests', undefined, 'DELETE'))

const log = async (query = ''): Promise<readonly Json[]> =>
  (await stage.control(`requests?${query}`)).json['requests'] ?? []
const lastVerdict = async (): Promise<Json> =>
  (await log('limit=1'))[0]?.['verdict'] ?? assert.fail('nothing in the log')

describe('a refused v2 signature in the log', () => {
  const params = (more: Record<string, string | number> = {}) => ({
    appid: stage.appid,
    mch_id: stage.merchant.mchid,
    nonce_str: nonce(),
    ...stage.v2Order(openid, newNumber()),
    ...more,
  })
  const key = (): string => stage.merchant.api_v2_key
  const send = (values: Record<string, string | number>, sign: string) =>
    postXml(`${stage.url}/pay/unifiedorder`, toXml({ ...values, sign }))

  it('shows the string that WeChat signed, without the key', async () => {
    const values = params()
    await send(values, 'F'.repeat(32))
    const { ok, code, message, signed_string, differs_at } = await lastVerdict()
    assert.deepEqual([ok, code, message, differs_at], [false, 'SIGNERROR', '签名错误', undefined])
    const expected = Object.entries(values)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
    assert.equal(signed_string, `${expected.join('&')}&key=<api_v2_key>`)
  })

  it('tells the usual mistakes', async () => {
    const plain = params()
    const cases: readonly [values: Record<string, string | number>, sign: string, hint: RegExp][] = [
      [plain, signV2(plain, key(), 'HMAC-SHA256'), /the signature is HMAC-SHA256, but sign_type says MD5/],
      [params({ sign_type: 'HMAC-SHA256' }), 'A'.repeat(32), /sign has 32 characters, HMAC-SHA256 makes 64/],
      [plain, signV2(plain, key(), 'MD5').toLowerCase(), /lower-case hex/],
      [plain, signV2(plain, other.api_v2_key, 'MD5'), new RegExp(`the key of merchant ${other.mchid} was used`)],
      [plain, signV2(plain, stage.merchant.api_v3_key, 'MD5'), /the APIv3 key was used/],
      [
        plain,
        signV2(
          { ...plain, notify_url: encodeURIComponent(stage.backEnd.url), body: encodeURIComponent('牛肉面') },
          key(),
          'MD5',
        ),
        /URL-encoded/,
      ],
      [{ ...plain, body: ' 牛肉面 ' }, signV2(plain, key(), 'MD5'), /trimmed/],
      [
        plain,
        signV2(plain, key(), 'HMAC-SHA256').toLowerCase(),
        /is HMAC-SHA256, but .*; also, sign is lower-case hex/,
      ],
      [plain, '', /sign is missing/],
    ]
    for (const [values, sign, hint] of cases) {
      await send(values, sign)
      assert.match((await lastVerdict())['differs_at'] ?? '', hint)
    }
    const withEmpty = { ...plain, attach: '' }
    const text = Object.entries(withEmpty).sort(([a], [b]) => (a < b ? -1 : 1))
    const { createHash } = await import('node:crypto')
    const signed = `${text.map(([name, value]) => `${name}=${value}`).join('&')}&key=${key()}`
    await send(withEmpty, createHash('md5').update(signed).digest('hex').toUpperCase())
    assert.match((await lastVerdict())['differs_at'] ?? '', /empty values were signed/)
  })

  it('explains an unknown merchant and bad XML', async () => {
    await send(params({ mch_id: '1' }), 'x')
    assert.match((await lastVerdict())['differs_at'] ?? '', /merchant 1 is unknown/)
    await postXml(`${stage.url}/pay/unifiedorder`, '<xml><a>1</b></xml>')
    assert.match((await lastVerdict())['differs_at'] ?? '', /element a is not closed/)
  })
})

describe('a refused v3 signature in the log', () => {
  const target = () => `/v3/pay/transactions/out-trade-no/${newNumber()}?mchid=${stage.merchant.mchid}`

  it('shows the string that WeChat signed and tells the usual mistakes', async () => {
    const key = stage.merchant.certificate.private_key_pem
    const cases: readonly [send: () => Promise<unknown>, hint: RegExp][] = [
      [() => stage.v3(target(), { signedMessage: (right) => right.slice(0, -1) }), /last line has no LF/],
      [() => stage.v3(target(), { signedMessage: (right) => right.replace(/\?.*\n/, '\n') }), /without its query/],
      [() => stage.v3(target(), { signedMessage: (right) => right.replace('GET', 'get') }), /lower case/],
      [
        () => stage.v3(target(), { signedMessage: (right) => right.replace('\n/', `\n${stage.url}/`) }),
        /whole address/,
      ],
      [
        () =>
          stage.v3('/v3/pay/transactions/jsapi', {
            body: { a: 1 },
            signedMessage: (right) => right.replace('{"a":1}', ''),
          }),
        /body was not signed/,
      ],
      [
        () =>
          stage.v3('/v3/pay/transactions/jsapi', {
            body: '{ "a": 1 }',
            signedMessage: (right) => right.replace('{ "a": 1 }', '{"a":1}'),
          }),
        /changed after signing/,
      ],
      [
        () =>
          callV3(
            stage.url,
            {
              ...stage.merchant,
              certificate: { ...stage.merchant.certificate, private_key_pem: other.certificate.private_key_pem },
            },
            target(),
          ),
        new RegExp(`certificate ${other.certificate.serial_no} of merchant ${other.mchid}`),
      ],
      [() => stage.v3(target(), { authorization: { serial_no: '1234' } }), /serial_no 1234 is not one of/],
      [() => stage.v3(target(), { authorization: { timestamp: String(Date.now()) } }), /seconds, not milliseconds/],
    ]
    for (const [send, hint] of cases) {
      await send()
      const verdict = await lastVerdict()
      assert.equal(verdict['code'], 'SIGN_ERROR')
      assert.match(verdict['differs_at'] ?? '', hint)
    }
    await stage.v3(target(), { authorization: { signature: signRsa('something else', key) } })
    const verdict = await lastVerdict()
    assert.match(
      verdict['signed_string'] ?? '',
      /^GET\n\/v3\/pay\/transactions\/out-trade-no\/T.*\?mchid=\d+\n\d{10}\n\w+\n\n$/,
    )
    assert.equal(verdict['differs_at'], undefined)
  })
})

describe('the log', () => {
  it('holds both directions, headers, bodies and verdicts', async () => {
    const outTradeNo = await stage.pay('RSA')
    await stage.delivered(outTradeNo)
    const entries = await log()
    assert.deepEqual(
      entries.map(({ direction, path, status }) => [direction, String(path).replace(/\?.*/, ''), status]),
      [
        ['in', '/_sim/wx/login', 200],
        ['in', '/sns/jscode2session', 200],
        ['in', '/v3/pay/transactions/jsapi', 200],
        ['in', '/_sim/wx/requestPayment', 200],
        ['out', stage.backEnd.url, 200],
      ],
    )
    const prepay = entries[2]
    assert.match(prepay?.['headers']?.['authorization'] ?? '', /^WECHATPAY2-SHA256-RSA2048 /)
    assert.match(prepay?.['body'] ?? '', new RegExp(outTradeNo))
    assert.match(prepay?.['response_body'] ?? '', /^\{"prepay_id":/)
    assert.ok(prepay?.['response_headers']?.['Wechatpay-Signature'])
    assert.deepEqual(prepay?.['verdict'], { ok: true, code: 'SUCCESS' })
    assert.equal(entries[4]?.['verdict']?.['code'], 'acknowledged')
  })

  it('names the fault that shaped an exchange', async () => {
    await stage.fault('call.system-error')
    await stage.v3('/v3/pay/transactions/jsapi', { body: stage.v3Order(openid, newNumber()) })
    assert.deepEqual((await log('limit=1'))[0]?.['faults'], ['call.system-error'])
  })

  it('keeps no secret (A41, I23)', async () => {
    const { json } = await stage.control('wx/login', { appid: stage.appid, user: '小明' })
    const session = (await stage.code2Session(json['code'] ?? '')).json
    const stable = { grant_type: 'client_credential', appid: stage.appid, secret: stage.secret }
    const token = await fetch(`${stage.url}/cgi-bin/stable_token`, { method: 'POST', body: JSON.stringify(stable) })
    const { access_token } = (await token.json()) as { access_token: string }
    await fetch(`${stage.url}/wxa/checksession?access_token=${access_token}`)
    await postXml(`${stage.url}/pay/unifiedorder`, toXml({ mch_id: stage.merchant.mchid, sign: 'x' }))
    const text = JSON.stringify(await log())
    for (const secret of [
      stage.secret,
      session['session_key'],
      access_token,
      stage.merchant.api_v2_key,
      stage.merchant.api_v3_key,
    ]) {
      assert.ok(secret && !text.includes(secret))
    }
    assert.match(text, /secret=<redacted>/)
  })

  it('can be read from an id on, by path and by number, and forgotten', async () => {
    for (let times = 0; times < 3; times++) await stage.code2Session('x')
    await stage.v2('/pay/orderquery', {})
    const all = await log()
    assert.equal(all.length, 4)
    assert.deepEqual(await log(`since=${all[2]?.['id']}`), all.slice(3))
    assert.deepEqual(await log('limit=2'), all.slice(2))
    assert.deepEqual(await log('path=orderquery'), all.slice(3))
    assert.equal((await stage.control('requests?since=x')).status, 400)
    await stage.control('requests', undefined, 'DELETE')
    assert.deepEqual(await log(), [])
  })
})
