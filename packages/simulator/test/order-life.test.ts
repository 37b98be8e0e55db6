import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newNumber, openStage, type Stage } from './stage.ts'

let stage: Stage
let openid: string
before(async () => {
  stage = await openStage()
  openid = await stage.openid()
})
after(() => stage.close())

const jsapi = '/v3/pay/transactions/jsapi'
const v3Query = async (outTradeNo: string) =>
  (await stage.v3(`/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${stage.merchant.mchid}`)).json
const v3Close = (outTradeNo: string) =>
  stage.v3(`/v3/pay/transactions/out-trade-no/${outTradeNo}/close`, { body: { mchid: stage.merchant.mchid } })
const businessTime = async (): Promise<number> => (await stage.control('clock')).json['now_ms'] ?? 0
const compact = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace(/[-:T]/g, '')
const rfc3339 = (ms: number): string => `${new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`

describe('calling prepay again for the same number', () => {
  it('v2: the same values give the same prepay_id, other values INVALID_REQUEST', async () => {
    const order = stage.v2Order(openid, newNumber())
    const first = await stage.v2('/pay/unifiedorder', order)
    const again = await stage.v2('/pay/unifiedorder', { ...order, fee_type: 'CNY' })
    assert.equal(again['prepay_id'], first['prepay_id'])
    const others = {
      total_fee: 1,
      body: '面',
      notify_url: `${stage.backEnd.url}/2`,
      attach: 'x',
      openid: await stage.openid('小红'),
    }
    for (const [name, value] of Object.entries(others)) {
      const answer = await stage.v2('/pay/unifiedorder', { ...order, [name]: value })
      assert.deepEqual([answer['err_code'], answer['err_code_des']], ['INVALID_REQUEST', '201 商户订单号重复'], name)
    }
    const otherType = await stage.v2('/pay/unifiedorder', order, { type: 'HMAC-SHA256' })
    assert.equal(otherType['err_code'], 'INVALID_REQUEST')
  })

  it('v2: time_expire belongs to the first call', async () => {
    const order = stage.v2Order(openid, newNumber())
    const time_expire = compact((await businessTime()) + 600_000)
    const first = await stage.v2('/pay/unifiedorder', { ...order, time_expire })
    assert.equal((await stage.v2('/pay/unifiedorder', order))['prepay_id'], first['prepay_id'])
    assert.equal((await stage.v2('/pay/unifiedorder', { ...order, time_expire }))['prepay_id'], first['prepay_id'])
    const later = await stage.v2('/pay/unifiedorder', {
      ...order,
      time_expire: compact((await businessTime()) + 700_000),
    })
    assert.equal(later['err_code'], 'INVALID_REQUEST')
  })

  it('v3: the same values give the same prepay_id, other values 403 OUT_TRADE_NO_USED', async () => {
    const order = stage.v3Order(openid, newNumber())
    const first = await stage.v3(jsapi, { body: order })
    assert.equal((await stage.v3(jsapi, { body: order })).json['prepay_id'], first.json['prepay_id'])
    for (const changes of [{ amount: { total: 1, currency: 'CNY' } }, { description: '面' }, { attach: 'x' }]) {
      const reply = await stage.v3(jsapi, { body: { ...order, ...changes } })
      assert.deepEqual(
        [reply.status, reply.json['code'], reply.json['message']],
        [403, 'OUT_TRADE_NO_USED', '商户订单号重复'],
      )
      assert.match(reply.headers.get('request-id') ?? '', /-268498688$/)
    }
  })

  it('both protocols see one order book', async () => {
    const v3Number = newNumber()
    await stage.v3(jsapi, { body: stage.v3Order(openid, v3Number) })
    const taken = await stage.v2('/pay/unifiedorder', stage.v2Order(openid, v3Number))
    assert.deepEqual([taken['err_code'], taken['err_code_des']], ['OUT_TRADE_NO_USED', '商户订单号重复'])
    assert.equal((await stage.v2('/pay/orderquery', { out_trade_no: v3Number }))['trade_state'], 'NOTPAY')
    const v2Number = await stage.pay('MD5')
    assert.equal((await stage.v3(jsapi, { body: stage.v3Order(openid, v2Number) })).json['code'], 'OUT_TRADE_NO_USED')
    assert.equal((await v3Query(v2Number))['trade_state'], 'SUCCESS')
  })

  it('a paid and a closed order are refused', async () => {
    const paid = await stage.pay('MD5')
    const v2Paid = await stage.v2('/pay/unifiedorder', stage.v2Order(openid, paid))
    assert.deepEqual([v2Paid['err_code'], v2Paid['err_code_des']], ['ORDERPAID', '该订单已支付'])
    const v3Number = await stage.pay('RSA')
    const v3Paid = await stage.v3(jsapi, { body: stage.v3Order(openid, v3Number) })
    assert.deepEqual(
      [v3Paid.status, v3Paid.json['code'], v3Paid.json['message']],
      [400, 'INVALID_REQUEST', '该订单已支付'],
    )
    const closed = newNumber()
    await stage.prepay('RSA', closed)
    assert.equal((await v3Close(closed)).status, 204)
    const v3Closed = await stage.v3(jsapi, { body: stage.v3Order(openid, closed) })
    assert.deepEqual(
      [v3Closed.status, v3Closed.json['code'], v3Closed.json['message']],
      [400, 'INVALID_REQUEST', '该订单已关闭'],
    )
  })

  it('twenty identical calls at once make one order', async () => {
    const order = stage.v3Order(openid, newNumber())
    const replies = await Promise.all(Array.from({ length: 20 }, () => stage.v3(jsapi, { body: order })))
    assert.equal(new Set(replies.map(({ json }) => json['prepay_id'])).size, 1)
  })
})

describe('closing', () => {
  it('v2: not within five minutes, then once; the order can no longer be paid or ordered (F23)', async () => {
    const outTradeNo = newNumber()
    const parameters = stage.payParameters('MD5', await stage.prepay('MD5', outTradeNo))
    const close = () => stage.v2('/pay/closeorder', { out_trade_no: outTradeNo })
    assert.equal((await close())['err_code'], 'TRADE_STATE_ERROR')
    await stage.advance(300)
    const done = await close()
    assert.deepEqual([done['result_code'], done['result_msg']], ['SUCCESS', 'OK'])
    assert.deepEqual([(await close())['err_code'], (await close())['err_code_des']], ['ORDERCLOSED', '该订单已关闭'])
    const query = await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo })
    assert.deepEqual(
      [query['trade_state'], query['trade_state_desc'], query['transaction_id']],
      ['CLOSED', '订单已关闭', undefined],
    )
    assert.equal((await stage.v2('/pay/unifiedorder', stage.v2Order(openid, outTradeNo)))['err_code'], 'ORDERCLOSED')
    assert.equal((await stage.requestPayment(parameters, 'confirm')).json['reason'], '该订单已关闭')
  })

  it('v3: at once, again and again, signed over the empty body', async () => {
    const outTradeNo = newNumber()
    await stage.prepay('RSA', outTradeNo)
    for (let times = 0; times < 2; times++) {
      const reply = await v3Close(outTradeNo)
      assert.deepEqual([reply.status, reply.text], [204, ''])
      assert.ok(reply.headers.get('wechatpay-signature'))
    }
    assert.equal((await v3Query(outTradeNo))['trade_state'], 'CLOSED')
  })
})

describe('expiry by business time', () => {
  it('v2: two hours without time_expire, and the prepay_id with it', async () => {
    const outTradeNo = newNumber()
    const parameters = stage.payParameters('MD5', await stage.prepay('MD5', outTradeNo))
    await stage.advance(7190)
    assert.equal((await stage.order(outTradeNo))?.['trade_state'], 'NOTPAY')
    await stage.advance(10)
    assert.equal((await stage.order(outTradeNo))?.['trade_state'], 'CLOSED')
    assert.equal((await stage.requestPayment(parameters, 'confirm')).json['reason'], '该订单已关闭')
    assert.equal((await stage.v2('/pay/closeorder', { out_trade_no: outTradeNo }))['err_code'], 'ORDERCLOSED')
  })

  it('v2 and v3: time_expire ends the order; less than a minute ahead is raised to a minute', async () => {
    const [early, late, v2] = [newNumber(), newNumber(), newNumber()]
    const nowMs = await businessTime()
    await stage.v3(jsapi, { body: { ...stage.v3Order(openid, early), time_expire: rfc3339(nowMs + 5000) } })
    await stage.v3(jsapi, { body: { ...stage.v3Order(openid, late), time_expire: rfc3339(nowMs + 120_000) } })
    await stage.v2('/pay/unifiedorder', { ...stage.v2Order(openid, v2), time_expire: compact(nowMs + 120_000) })
    await stage.advance(50)
    assert.equal((await v3Query(early))['trade_state'], 'NOTPAY')
    await stage.advance(11)
    assert.equal((await v3Query(early))['trade_state'], 'CLOSED')
    assert.equal((await v3Query(late))['trade_state'], 'NOTPAY')
    await stage.advance(60)
    assert.equal((await v3Query(late))['trade_state'], 'CLOSED')
    assert.equal((await v3Query(v2))['trade_state'], 'CLOSED')
  })

  it('v3: seven days without time_expire; a prepay_id lives two hours and an identical call makes a fresh one', async () => {
    const order = stage.v3Order(openid, newNumber())
    const first = (await stage.v3(jsapi, { body: order })).json['prepay_id'] ?? ''
    await stage.advance(7201)
    const stale = await stage.requestPayment(stage.payParameters('RSA', first), 'confirm')
    assert.deepEqual([stale.json['errMsg'], stale.json['reason']], ['requestPayment:fail', 'prepay_id已过期'])
    const second = (await stage.v3(jsapi, { body: order })).json['prepay_id'] ?? ''
    assert.notEqual(second, first)
    await stage.advance(7 * 86_400 - 7300)
    assert.equal((await v3Query(String(order['out_trade_no'])))['trade_state'], 'NOTPAY')
    await stage.advance(200)
    assert.equal((await v3Query(String(order['out_trade_no'])))['trade_state'], 'CLOSED')
  })

  it('a back end on an ordinary clock is still understood, and one that follows business time too', async () => {
    const { now_ms, wall_ms, advanced_seconds } = (await stage.control('clock')).json
    assert.ok((advanced_seconds ?? 0) > 86_400)
    const target = `/v3/pay/transactions/out-trade-no/${newNumber()}?mchid=${stage.merchant.mchid}`
    for (const ms of [now_ms, wall_ms]) {
      const reply = await stage.v3(target, { authorization: { timestamp: String(Math.floor((ms ?? 0) / 1000)) } })
      assert.equal(reply.json['code'], 'ORDER_NOT_EXIST')
    }
    const paid = await v3Query(await stage.pay('RSA'))
    assert.ok(Math.abs(Date.parse(paid['success_time'] ?? '') - (now_ms ?? 0)) < 10_000)
  })
})
