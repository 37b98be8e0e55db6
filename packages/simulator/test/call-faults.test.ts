import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { newNumber, openStage, type Stage } from './stage.ts'
import { call, type Json, type Reply, signV2 } from './wechat-client.ts'

let stage: Stage
let openid: string
before(async () => {
  stage = await openStage()
  openid = await stage.openid()
})
after(() => stage.close())
beforeEach(() => stage.control('faults', undefined, 'DELETE'))

const jsapi = '/v3/pay/transactions/jsapi'
const order = (): Record<string, unknown> => stage.v3Order(openid, newNumber())
const placed = async (body: Record<string, unknown>): Promise<boolean> =>
  (await stage.order(String(body['out_trade_no']))) !== undefined
const query = (outTradeNo: string): Promise<Reply> =>
  stage.v3(`/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${stage.merchant.mchid}`)

/** A prepay call that gives up after `ms`. */
async function impatient(body: Record<string, unknown>, ms = 300): Promise<'answered' | 'timeout' | 'reset'> {
  const limit = new Promise<'timeout'>((resolve) => setTimeout(() => resolve('timeout'), ms))
  const answer = stage.v3(jsapi, { body }).then(
    () => 'answered' as const,
    () => 'reset' as const,
  )
  return Promise.race([answer, limit])
}

describe('a call fault', () => {
  it('timeout-before (F10) has no effect and no answer', async () => {
    await stage.fault('call.timeout-before')
    const body = order()
    assert.equal(await impatient(body), 'timeout')
    assert.ok(!(await placed(body)))
    assert.equal(await impatient(body, 10_000), 'answered')
  })

  it('timeout-after (F11) has its effect and no answer; the repeat gives the same prepay_id', async () => {
    await stage.fault('call.timeout-after')
    const body = order()
    assert.equal(await impatient(body), 'timeout')
    const made = await stage.order(String(body['out_trade_no']))
    assert.equal((await stage.v3(jsapi, { body })).json['prepay_id'], made?.['prepay_id'])
  })

  it('reset (F42) cuts the connection before or after the effect', async () => {
    for (const when of ['before', 'after']) {
      await stage.fault('call.reset', { options: { when } })
      const body = order()
      assert.equal(await impatient(body, 10_000), 'reset')
      assert.equal(await placed(body), when === 'after')
    }
  })

  it('system-error (F12) speaks each protocol, with or without effect', async () => {
    await stage.fault('call.system-error')
    const v3 = await stage.v3(jsapi, { body: order() })
    assert.deepEqual([v3.status, v3.json['code']], [500, 'SYSTEM_ERROR'])
    await stage.fault('call.system-error', { options: { effect: true } })
    const body = order()
    assert.equal((await stage.v3(jsapi, { body })).status, 500)
    assert.ok(await placed(body))
    await stage.fault('call.system-error')
    const { http: _, ...v2 } = await stage.v2('/pay/unifiedorder', stage.v2Order(openid, newNumber()))
    assert.deepEqual([v2['result_code'], v2['err_code']], ['FAIL', 'SYSTEMERROR'])
    assert.equal(v2['sign'], signV2(v2, stage.merchant.api_v2_key, 'MD5'))
    await stage.fault('call.system-error')
    assert.equal((await stage.code2Session('x')).json['errcode'], -1)
  })

  it('frequency-limited (F15) speaks each protocol', async () => {
    await stage.fault('call.frequency-limited', { times: 3 })
    const v3 = await stage.v3(jsapi, { body: order() })
    assert.deepEqual([v3.status, v3.json['code']], [429, 'FREQUENCY_LIMITED'])
    assert.equal(
      (await stage.v2('/pay/unifiedorder', stage.v2Order(openid, newNumber())))['err_code'],
      'FREQUENCY_LIMITED',
    )
    assert.equal((await stage.code2Session('x')).json['errcode'], 45011)
    assert.equal((await stage.v3(jsapi, { body: order() })).status, 200)
  })

  it('bad-body (F13) has its effect and an answer that nobody can use', async () => {
    const cases = [
      [{}, 502, /^<html>/],
      [{ kind: 'empty', status: 200 }, 200, /^$/],
      [{ kind: 'half', status: 200 }, 200, /^\{"prepay_id":"wx[^"]*$/],
    ] as const
    for (const [options, status, text] of cases) {
      await stage.fault('call.bad-body', { options })
      const body = order()
      const reply = await stage.v3(jsapi, { body })
      assert.equal(reply.status, status)
      assert.match(reply.text, text)
      assert.ok(await placed(body))
    }
  })

  it('slow-body (F14) drips', async () => {
    await stage.fault('call.slow-body', { options: { bytes_per_second: 30 } })
    const startedAt = Date.now()
    const reply = await stage.v3(jsapi, { body: order() })
    assert.ok(reply.json['prepay_id'])
    assert.ok(Date.now() - startedAt > 900)
  })

  it('can be limited by path, order and merchant, and counts its occasions', async () => {
    const body = order()
    await stage.fault('call.system-error', {
      times: 2,
      match: { path: '/jsapi', out_trade_no: body['out_trade_no'], mchid: stage.merchant.mchid },
    })
    assert.equal((await stage.v3(jsapi, { body: order() })).status, 200)
    assert.equal((await query(String(body['out_trade_no']))).status, 404)
    assert.equal((await stage.v3(jsapi, { body })).status, 500)
    assert.equal((await stage.control('faults')).json['faults']?.[0]?.['times_left'], 1)
    assert.equal((await stage.v3(jsapi, { body })).status, 500)
    assert.equal((await stage.v3(jsapi, { body })).status, 200)
  })

  it('can last for a while of business time', async () => {
    await stage.fault('call.system-error', { seconds: 100 })
    for (let times = 0; times < 3; times++) assert.equal((await stage.v3(jsapi, { body: order() })).status, 500)
    await stage.advance(100)
    assert.equal((await stage.v3(jsapi, { body: order() })).status, 200)
  })
})

describe('a query or close fault', () => {
  it('query.lag (F16) says NOTPAY of a paid order', async () => {
    const outTradeNo = await stage.pay('RSA')
    await stage.fault('query.lag', { times: 2 })
    assert.equal((await query(outTradeNo)).json['trade_state'], 'NOTPAY')
    assert.equal((await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo }))['trade_state'], 'NOTPAY')
    assert.equal((await query(outTradeNo)).json['trade_state'], 'SUCCESS')
  })

  it('query.not-exist (F18) does not know an order that is there', async () => {
    const outTradeNo = await stage.pay('RSA')
    await stage.fault('query.not-exist', { times: 2, match: { out_trade_no: outTradeNo } })
    assert.equal((await query(outTradeNo)).json['code'], 'ORDER_NOT_EXIST')
    assert.equal((await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo }))['err_code'], 'ORDERNOTEXIST')
    assert.equal((await query(outTradeNo)).status, 200)
  })

  it('close.success-but-notpay (F21) leaves the order open', async () => {
    const outTradeNo = newNumber()
    await stage.prepay('RSA', outTradeNo)
    await stage.fault('close.success-but-notpay', { times: 2 })
    const target = `/v3/pay/transactions/out-trade-no/${outTradeNo}/close`
    assert.equal((await stage.v3(target, { body: { mchid: stage.merchant.mchid } })).status, 204)
    assert.equal((await stage.v2('/pay/closeorder', { out_trade_no: outTradeNo }))['result_code'], 'SUCCESS')
    assert.equal((await query(outTradeNo)).json['trade_state'], 'NOTPAY')
  })
})

describe('a response fault', () => {
  const signed = ({ headers, text }: Reply): boolean => {
    const certificate = stage.merchant.platform_certificates.find(
      ({ serial_no }) => serial_no === headers.get('wechatpay-serial'),
    )
    const message = `${headers.get('wechatpay-timestamp')}\n${headers.get('wechatpay-nonce')}\n${text}\n`
    const signature = Buffer.from(headers.get('wechatpay-signature') ?? '', 'base64')
    return (
      certificate !== undefined && verify('RSA-SHA256', Buffer.from(message), certificate.certificate_pem, signature)
    )
  }

  it('sign-probe (F8), unsigned and wrong-key spoil one v3 answer', async () => {
    const body = order()
    for (const name of ['response.sign-probe', 'response.unsigned', 'response.wrong-key']) {
      await stage.fault(name)
      const reply = await stage.v3(jsapi, { body })
      assert.equal(reply.status, 200)
      assert.ok(!signed(reply), name)
      assert.equal(
        reply.headers.get('wechatpay-signature')?.startsWith('WECHATPAY/SIGNTEST/') ?? false,
        name.endsWith('probe'),
      )
      assert.ok(signed(await stage.v3(jsapi, { body })))
    }
  })

  it('unsigned and wrong-key spoil one v2 answer', async () => {
    const params = stage.v2Order(openid, newNumber())
    await stage.fault('response.unsigned')
    assert.equal((await stage.v2('/pay/unifiedorder', params))['sign'], undefined)
    await stage.fault('response.wrong-key')
    const { http: _, ...wrong } = await stage.v2('/pay/unifiedorder', params)
    assert.match(wrong['sign'] ?? '', /^[0-9A-F]{32}$/)
    assert.notEqual(wrong['sign'], signV2(wrong, stage.merchant.api_v2_key, 'MD5'))
  })

  it('certificates.down (F35) refuses the download', async () => {
    await stage.fault('certificates.down')
    const reply = await stage.v3('/v3/certificates')
    assert.deepEqual([reply.status, reply.json['code']], [503, 'SERVICE_UNAVAILABLE'])
    assert.equal((await stage.v3('/v3/certificates')).status, 200)
  })

  it('certificates.rotate (F32) interleaves the serials of answers', async () => {
    await stage.fault('certificates.rotate', { seconds: 60 })
    const body = order()
    const replies = await Promise.all(Array.from({ length: 30 }, () => stage.v3(jsapi, { body })))
    assert.ok(replies.every(signed))
    assert.equal(new Set(replies.map(({ headers }) => headers.get('wechatpay-serial'))).size, 2)
  })
})

describe('ordering faults', () => {
  it('refuses what it does not know, with the way out', async () => {
    const cases: readonly [body: object, message: RegExp][] = [
      [{}, /name is missing/],
      [{ name: 'notify.lost' }, /unknown fault notify\.lost; GET \/_sim\/faults/],
      [{ name: 'notify.drop', times: 0 }, /times must be a whole number from 1/],
      [{ name: 'notify.drop', times: 1, seconds: 1 }, /times or seconds, not both/],
      [{ name: 'notify.drop', options: { copies: 2 } }, /notify\.drop has no option copies/],
      [
        { name: 'notify.duplicate', options: { copies: '2' } },
        /option copies of notify\.duplicate must be a whole number/,
      ],
      [{ name: 'call.bad-body', options: { kind: 'xml' } }, /must be html or empty or half/],
      [
        { name: 'notify.drop', match: { order: 'x' } },
        /match knows path, out_trade_no, out_refund_no, mchid, about, host, not order/,
      ],
      [{ name: 'notify.drop', match: [] }, /match must be a JSON object/],
    ]
    for (const [body, message] of cases) {
      const reply = await stage.control('faults', body)
      assert.equal(reply.status, 400, JSON.stringify(body))
      assert.match(reply.json['message'] ?? '', message)
    }
  })

  it('lists what waits and what there is, and forgets by name', async () => {
    await stage.fault('notify.drop')
    await stage.fault('notify.forged')
    const read = async (name: string) => ((await stage.control('faults')).json[name] ?? []) as readonly Json[]
    assert.deepEqual(
      (await read('faults')).map(({ name }) => name),
      ['notify.drop', 'notify.forged'],
    )
    assert.ok((await read('known')).length > 25)
    await call(`${stage.url}/_sim/faults?name=notify.drop`, { method: 'DELETE' })
    assert.equal((await read('faults')).length, 1)
  })
})
