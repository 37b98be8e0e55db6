import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { after, before, beforeEach, describe, it } from 'node:test'
import { seededRandom } from '../src/index.ts'
import { newNumber, openStage, type Stage } from './stage.ts'
import { callSecurely, callV3, type Json } from './wechat-client.ts'

let stage: Stage
let secondUrl: string
before(async () => {
  stage = await openStage({ secondPort: 0 })
  secondUrl = String((await stage.control('merchants')).json['second_url'])
})
after(() => stage.close())
beforeEach(() => stage.control('faults', undefined, 'DELETE'))

const queryTarget = (outTradeNo: string) =>
  `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${stage.merchant.mchid}`
const query = async (outTradeNo: string) => (await stage.v3(queryTarget(outTradeNo))).json
const v3Close = (outTradeNo: string) =>
  stage.v3(`/v3/pay/transactions/out-trade-no/${outTradeNo}/close`, { body: { mchid: stage.merchant.mchid } })
const refund = (agent?: Agent) => {
  const { certificate_pem: cert, private_key_pem: key } = stage.merchant.certificate
  const tls = { cert, key, ...(agent ? { agent } : {}) }
  return stage.v2Refund({ out_trade_no: newNumber(), out_refund_no: newNumber() }, { tls })
}

describe('an address', () => {
  it('that is down (F41) resets every call, while the other one serves the same books', async () => {
    const outTradeNo = await stage.pay('RSA')
    await stage.fault('host.down', { seconds: 3600, match: { host: 'first' } })
    for (let times = 0; times < 3; times++) await assert.rejects(stage.v3(queryTarget(outTradeNo)))
    const reply = await callV3(secondUrl, stage.merchant, queryTarget(outTradeNo))
    assert.equal(reply.json['trade_state'], 'SUCCESS')
    await stage.control('faults', undefined, 'DELETE')
    await stage.fault('call.system-error', { match: { host: 'second' } })
    assert.equal((await query(outTradeNo))['trade_state'], 'SUCCESS')
    assert.equal((await callV3(secondUrl, stage.merchant, queryTarget(outTradeNo))).status, 500)
  })

  it('can reset a connection before it has read the request (F42)', async () => {
    const outTradeNo = newNumber()
    const body = stage.v3Order(await stage.openid(), outTradeNo)
    await stage.fault('call.reset-while-sending', { match: { path: '/jsapi' } })
    await assert.rejects(stage.v3('/v3/pay/transactions/jsapi', { body }))
    assert.equal(await stage.order(outTradeNo), undefined)
    assert.equal((await stage.v3('/v3/pay/transactions/jsapi', { body })).status, 200)
  })
})

describe('the https port', () => {
  it('resets calls (F42) before, while and after they have their effect', async () => {
    const faults = [
      ['call.reset', {}],
      ['call.reset-while-sending', {}],
      ['call.reset', { options: { when: 'after' } }],
    ] as const
    for (const agent of [undefined, new Agent({ keepAlive: true })]) {
      for (const [name, more] of faults) {
        await stage.fault(name, { ...more, match: { host: 'secure', path: '/secapi/' } })
        await assert.rejects(refund(agent), { code: 'ECONNRESET' })
      }
      assert.equal((await refund(agent))['err_code'], 'ORDERNOTEXIST')
      agent?.destroy()
    }
  })

  it('refuses TLS (F42): a reset in the handshake, or a certificate that nobody vouches for; then it is itself again', async () => {
    const { secure } = (await stage.control('merchants')).json
    const get = () => callSecurely(`${secure?.['url']}/_sim/clock`, undefined, { ca: String(secure?.['ca_pem']) })
    await stage.fault('tls.refused')
    await assert.rejects(get(), { code: 'ECONNRESET' })
    await stage.fault('tls.refused', { times: 2, options: { kind: 'wrong-certificate' } })
    for (let times = 0; times < 2; times++) await assert.rejects(get(), { code: /SELF_SIGNED_CERT|UNABLE_TO_VERIFY/ })
    assert.match(await get(), /now_ms/)
  })
})

it('merchant.key-revoked (F36) refuses every signature of a merchant while it lasts', async () => {
  const outTradeNo = await stage.pay('RSA')
  await stage.fault('merchant.key-revoked', { seconds: 3600, match: { mchid: stage.merchant.mchid } })
  const v3 = await stage.v3(queryTarget(outTradeNo))
  assert.deepEqual([v3.status, v3.json['code']], [401, 'SIGN_ERROR'])
  const v2 = await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo })
  assert.deepEqual([v2['return_code'], v2['return_msg']], ['FAIL', '签名错误'])
  assert.equal((await refund())['return_code'], 'FAIL')
  await stage.control('faults', undefined, 'DELETE')
  assert.equal((await query(outTradeNo))['trade_state'], 'SUCCESS')
})

it('certificates.out-of-date (F34) offers one more platform certificate that is not valid today', async () => {
  const serials = async (): Promise<string[]> =>
    ((await stage.v3('/v3/certificates')).json['data'] as readonly Json[]).map((one) => String(one['serial_no']))
  assert.equal((await serials()).length, 2)
  for (const state of ['expired', 'not-yet-valid']) {
    await stage.fault('certificates.out-of-date', { times: 2, options: { state } })
    const { data } = (await stage.v3('/v3/certificates')).json
    const offered = (data as readonly Json[]).at(-1)
    const [from, to] = [offered?.['effective_time'], offered?.['expire_time']].map((time) => Date.parse(String(time)))
    assert.ok(state === 'expired' ? Number(to) < Date.now() : Number(from) > Date.now(), state)
    assert.equal((await serials()).at(-1), offered?.['serial_no'])
  }
})

describe('an order fault', () => {
  it('query.userpaying (F17) answers USERPAYING of an order that is not paid', async () => {
    const outTradeNo = newNumber()
    await stage.prepay('RSA', outTradeNo)
    await stage.fault('query.userpaying', { times: 2 })
    assert.equal((await query(outTradeNo))['trade_state'], 'USERPAYING')
    assert.equal((await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo }))['trade_state'], 'USERPAYING')
    assert.equal((await query(outTradeNo))['trade_state'], 'NOTPAY')
  })

  it('close.paid-before (F20) pays an open order as its close arrives, and tells it', async () => {
    for (const api of ['MD5', 'RSA'] as const) {
      const outTradeNo = newNumber()
      await stage.prepay(api, outTradeNo)
      await stage.fault('close.paid-before')
      if (api === 'RSA') assert.equal((await v3Close(outTradeNo)).status, 400)
      else assert.equal((await stage.v2('/pay/closeorder', { out_trade_no: outTradeNo }))['err_code'], 'ORDERPAID')
      assert.equal((await query(outTradeNo))['trade_state'], 'SUCCESS')
      await stage.delivered(outTradeNo)
    }
  })

  it('pay.after-close (F22, F24) lets a payment come through on a closed order', async () => {
    const outTradeNo = newNumber()
    const parameters = stage.payParameters('RSA', await stage.prepay('RSA', outTradeNo))
    await v3Close(outTradeNo)
    assert.equal((await stage.requestPayment(parameters, 'confirm')).json['reason'], '该订单已关闭')
    await stage.fault('pay.after-close')
    assert.equal((await stage.requestPayment(parameters, 'preview')).json['reason'], '该订单已关闭')
    assert.equal((await stage.requestPayment(parameters, 'confirm')).json['errMsg'], 'requestPayment:ok')
    assert.equal((await query(outTradeNo))['trade_state'], 'SUCCESS')
    await stage.delivered(outTradeNo)
    assert.equal((await stage.requestPayment(parameters, 'confirm')).json['reason'], '该订单已支付')
  })
})

it('network.jitter (F47) loses and delays by chance, in the same way for the same seed', async () => {
  const statuses = async (own: Stage): Promise<number[]> =>
    ((await own.control('requests')).json['requests'] as readonly Json[]).map((one) => Number(one['status']))
  const pattern = async (): Promise<string> => {
    const own = await openStage({ random: seededRandom('jitter') })
    await own.fault('network.jitter', { seconds: 3600, options: { loss_percent: 40, delay_ms: 5 } })
    for (let times = 1; times <= 12; times++) {
      own.v3(`/v3/pay/transactions/out-trade-no/${newNumber()}?mchid=${own.merchant.mchid}`).catch(() => {})
      while ((await statuses(own)).length < times) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const seen = (await statuses(own)).map((status) => (status === 0 ? '-' : '+')).join('')
    await own.close()
    return seen
  }
  const first = await pattern()
  assert.match(first, /\+/)
  assert.match(first, /-/)
  assert.equal(await pattern(), first)
})
