import assert from 'node:assert/strict'
import { createDecipheriv, verify } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { acknowledgeV2, apis, newNumber, openStage, type Received, type Stage } from './stage.ts'
import { fromXml, type Json, type MerchantConfig, signV2 } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())
beforeEach(async () => {
  stage.backEnd.answer = { status: 200, body: acknowledgeV2 }
  await stage.control('faults', undefined, 'DELETE')
  // Whatever an earlier test left waiting is delivered first.
  await stage.advance(100_000)
  stage.backEnd.received.length = 0
})

const outcomes = (deliveries: readonly Json[]) => deliveries.map(({ outcome }) => outcome)
const verifies = (received: Received | undefined, merchant: MerchantConfig = stage.merchant): boolean => {
  const { headers, body = '' } = received ?? assert.fail('nothing was received')
  if (body.startsWith('<')) return signV2(fromXml(body), merchant.api_v2_key, 'MD5') === fromXml(body)['sign']
  const { wechatpay_public_key: own, platform_certificates } = merchant
  const serial = headers['wechatpay-serial']
  const key =
    serial === own.id
      ? own.public_key_pem
      : platform_certificates.find(({ serial_no }) => serial_no === serial)?.certificate_pem
  const message = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`
  const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64')
  return key !== undefined && verify('RSA-SHA256', Buffer.from(message), key, signature)
}
function contentOf(received: Received | undefined, merchant: MerchantConfig = stage.merchant): Json {
  const { body } = received ?? assert.fail('nothing was received')
  if (body.startsWith('<')) return fromXml(body) as unknown as Json
  const { resource } = JSON.parse(body) as { resource: Json }
  const sealed = Buffer.from(resource['ciphertext'] ?? '', 'base64')
  const decipher = createDecipheriv('aes-256-gcm', merchant.api_v3_key, resource['nonce'] ?? '')
  decipher.setAuthTag(sealed.subarray(-16))
  decipher.setAAD(Buffer.from(resource['associated_data'] ?? ''))
  return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString()) as Json
}

describe('the schedule', () => {
  it('sends sixteen times at WeChat’s distances, each signed afresh with the wall clock, under one id, then gives up', async () => {
    stage.backEnd.answer = { status: 500, body: '' }
    const outTradeNo = await stage.pay('RSA')
    await stage.delivered(outTradeNo)
    await stage.advance(14)
    assert.equal((await stage.deliveries(outTradeNo)).length, 1)
    await stage.advance(86_640 - 14 + 60)
    const deliveries = await stage.deliveries(outTradeNo)
    const times = deliveries.map(({ at }) => Date.parse(at ?? '') / 1000)
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    const schedule = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600]
    assert.equal(gaps.length, schedule.length)
    for (const [index, gap] of gaps.entries())
      assert.ok(Math.abs(gap - (schedule[index] ?? 0)) <= 1, `gap ${index}: ${gap}`)
    assert.ok(deliveries.every(({ outcome, status }) => outcome === 'refused' && status === 500))
    assert.equal(
      (await stage.control(`books?out_trade_no=${outTradeNo}`)).json['notifications']?.[0]?.['due_at'],
      undefined,
    )

    const { received } = stage.backEnd
    assert.equal(received.length, 16)
    assert.ok(received.every((one) => verifies(one)))
    assert.equal(new Set(received.map(({ body }) => (JSON.parse(body) as Json)['id'])).size, 1)
    assert.equal(new Set(received.map(({ headers }) => headers['wechatpay-signature'])).size, 16)
    const now = Date.now() / 1000
    assert.ok(received.every(({ headers }) => Math.abs(Number(headers['wechatpay-timestamp']) - now) < 60))
  })

  it('ends with the first acknowledgement', async () => {
    for (const api of apis) {
      stage.backEnd.answer = { status: 500, body: '' }
      const outTradeNo = await stage.pay(api)
      await stage.delivered(outTradeNo)
      stage.backEnd.answer = { status: 200, body: '<xml><return_code>SUCCESS</return_code></xml>' }
      await stage.advance(86_400)
      assert.deepEqual(outcomes(await stage.deliveries(outTradeNo)), ['refused', 'acknowledged'])
    }
  })

  it('takes only what the documents call success', async () => {
    const cases = [
      ['MD5', 200, '', 'refused'],
      ['MD5', 200, 'SUCCESS', 'refused'],
      ['MD5', 200, '<xml><return_code><![CDATA[FAIL]]></return_code></xml>', 'refused'],
      ['MD5', 500, '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>', 'refused'],
      ['MD5', 204, '', 'refused'],
      ['RSA', 200, '', 'acknowledged'],
      ['RSA', 204, '', 'acknowledged'],
      ['RSA', 200, '{"code":"FAIL"}', 'acknowledged'],
      ['RSA', 201, '', 'refused'],
      ['RSA', 401, '', 'refused'],
      ['RSA', 302, '', 'refused'],
    ] as const
    for (const [api, status, body, expected] of cases) {
      stage.backEnd.answer = { status, body }
      assert.deepEqual(outcomes(await stage.delivered(await stage.pay(api))), [expected], `${api} ${status} ${body}`)
    }
  })

  it('counts five seconds of silence as a failure, and an unreachable back end too', async () => {
    const own = await openStage()
    own.backEnd.answer = undefined
    const outTradeNo = await own.pay('RSA')
    await own.advance(0)
    assert.deepEqual(outcomes(await own.deliveries(outTradeNo)), ['timeout'])
    await own.backEnd.close()
    await own.advance(15)
    assert.deepEqual(outcomes(await own.deliveries(outTradeNo)), ['timeout', 'unreachable'])
    await own.close()
  })

  it('goes on by itself as time passes', async () => {
    await stage.fault('notify.delay', { options: { seconds: 1 } })
    const outTradeNo = await stage.pay('MD5')
    assert.equal((await stage.deliveries(outTradeNo)).length, 0)
    const [delivery] = await stage.delivered(outTradeNo)
    assert.equal(delivery?.['outcome'], 'acknowledged')
  })

  it('goes to loopback only (A52)', async () => {
    const body = { ...stage.v3Order(await stage.openid(), newNumber()), notify_url: 'https://shop.example/notify' }
    const { json } = await stage.v3('/v3/pay/transactions/jsapi', { body })
    await stage.requestPayment(stage.payParameters('RSA', json['prepay_id'] ?? ''), 'confirm')
    const [delivery] = await stage.delivered(String(body['out_trade_no' as keyof typeof body]))
    assert.equal(delivery?.['outcome'], 'not-sent')
    assert.match(delivery?.['detail'] ?? '', /loopback/)
  })

  it('delivers in the order in which the notifications became due', async () => {
    stage.backEnd.answer = { status: 500, body: '' }
    const numbers: string[] = []
    for (let index = 0; index < 3; index++) {
      numbers.push(await stage.pay('MD5'))
      await stage.delivered(numbers.at(-1) ?? '')
      await stage.advance(2)
    }
    stage.backEnd.received.length = 0
    await stage.advance(14)
    assert.deepEqual(
      stage.backEnd.received.map(({ body }) => fromXml(body)['out_trade_no']),
      numbers,
    )
  })

  it('sends again on demand', async () => {
    const outTradeNo = await stage.pay('MD5')
    await stage.delivered(outTradeNo)
    const again = await stage.control('notify/resend', { out_trade_no: outTradeNo })
    assert.deepEqual(again.json, { outcome: 'acknowledged', status: 200 })
    assert.equal((await stage.deliveries(outTradeNo)).length, 2)
    assert.equal((await stage.control('notify/resend', { out_trade_no: 'unpaid' })).status, 400)
  })
})

describe('a notification fault', () => {
  for (const api of ['MD5', 'RSA'] as const) {
    it(`${api}: drop (F1) sends nothing while it lasts`, async () => {
      await stage.fault('notify.drop', { seconds: 3600 })
      const outTradeNo = await stage.pay(api)
      await stage.advance(3000)
      assert.equal(stage.backEnd.received.length, 0)
      assert.ok(
        (await stage.deliveries(outTradeNo)).every(
          ({ outcome, faults }) => outcome === 'not-sent' && faults?.[0] === 'notify.drop',
        ),
      )
      await stage.advance(3000)
      assert.equal(outcomes(await stage.deliveries(outTradeNo)).at(-1), 'acknowledged')
    })

    it(`${api}: delay (F2) puts it off`, async () => {
      await stage.fault('notify.delay', { options: { seconds: 7200 } })
      const outTradeNo = await stage.pay(api)
      await stage.advance(7100)
      assert.equal(stage.backEnd.received.length, 0)
      await stage.advance(200)
      assert.deepEqual(outcomes(await stage.deliveries(outTradeNo)), ['acknowledged'])
    })

    it(`${api}: duplicate (F3) sends twenty at once, each with its own signature`, async () => {
      await stage.fault('notify.duplicate', { options: { copies: 20 } })
      await stage.delivered(await stage.pay(api))
      assert.equal(stage.backEnd.received.length, 20)
      assert.ok(stage.backEnd.received.every((one) => verifies(one)))
    })

    it(`${api}: amount (F5) is validly signed, and the genuine message follows`, async () => {
      await stage.fault('notify.amount', { options: { total: 7 } })
      const outTradeNo = await stage.pay(api)
      await stage.delivered(outTradeNo)
      await stage.advance(15)
      const [wrong, right] = stage.backEnd.received
      assert.ok(verifies(wrong) && verifies(right))
      const totals = [wrong, right].map(
        (one) => contentOf(one)['amount']?.['total'] ?? Number(contentOf(one)['total_fee']),
      )
      assert.deepEqual(totals, [7, 3600])
      assert.deepEqual(outcomes(await stage.deliveries(outTradeNo)), ['answer-ignored', 'acknowledged'])
      assert.equal((await stage.order(outTradeNo))?.['total'], 3600)
    })

    it(`${api}: unknown-order (F6) is validly signed about a number that WeChat does not know either`, async () => {
      await stage.fault('notify.unknown-order')
      const outTradeNo = await stage.pay(api)
      await stage.delivered(outTradeNo)
      const number = contentOf(stage.backEnd.received[0])['out_trade_no'] ?? ''
      assert.ok(verifies(stage.backEnd.received[0]))
      assert.notEqual(number, outTradeNo)
      assert.equal(await stage.order(number), undefined)
    })

    it(`${api}: forged (F9) does not verify`, async () => {
      await stage.fault('notify.forged')
      await stage.delivered(await stage.pay(api))
      assert.ok(!verifies(stage.backEnd.received[0]))
      await stage.advance(15)
      assert.ok(verifies(stage.backEnd.received[1]))
    })

    it(`${api}: replay (A24) sends the same bytes and headers again`, async () => {
      await stage.fault('notify.replay', { options: { after_seconds: 400 } })
      await stage.delivered(await stage.pay(api))
      await stage.advance(390)
      assert.equal(stage.backEnd.received.length, 1)
      await stage.advance(20)
      const [first, second] = stage.backEnd.received
      assert.equal(second?.body, first?.body)
      assert.equal(second?.headers['wechatpay-signature'], first?.headers['wechatpay-signature'])
    })

    it(`${api}: answer-lost (F43) sends again although the back end answered`, async () => {
      await stage.fault('notify.answer-lost')
      const outTradeNo = await stage.pay(api)
      await stage.delivered(outTradeNo)
      await stage.advance(15)
      assert.equal(stage.backEnd.received.length, 2)
      assert.deepEqual(outcomes(await stage.deliveries(outTradeNo)), ['answer-ignored', 'acknowledged'])
    })

    it(`${api}: before-answer (F4) arrives before the prepay call is answered`, async () => {
      await stage.fault('notify.before-answer')
      const outTradeNo = newNumber()
      await stage.prepay(api, outTradeNo)
      assert.equal(stage.backEnd.received.length, 1)
      assert.equal((await stage.order(outTradeNo))?.['trade_state'], 'SUCCESS')
    })
  }

  it('wrong-merchant (A25) is another merchant’s, or names one under our keys', async () => {
    const refused = await stage.fault('notify.wrong-merchant')
    assert.equal(refused.status, 400)
    const other = (await stage.control('merchants', {})).json as unknown as MerchantConfig
    for (const api of ['MD5', 'RSA'] as const) {
      await stage.advance(100)
      stage.backEnd.received.length = 0
      await stage.fault('notify.wrong-merchant')
      await stage.fault('notify.wrong-merchant', { options: { signed_by: 'own' } })
      const outTradeNo = await stage.pay(api)
      await stage.delivered(outTradeNo)
      await stage.advance(15)
      const [foreign, own] = stage.backEnd.received
      assert.ok(verifies(foreign, other) && !verifies(foreign) && verifies(own))
      for (const content of [contentOf(foreign, other), contentOf(own)]) {
        assert.equal(content['mchid'] ?? content['mch_id'], other.mchid)
        assert.equal(content['out_trade_no'], outTradeNo)
      }
    }
  })

  it('v3: sign-probe (F7) fails verification and a refused probe is followed by the genuine message', async () => {
    await stage.fault('notify.sign-probe')
    stage.backEnd.answer = { status: 401, body: '' }
    await stage.delivered(await stage.pay('RSA'))
    stage.backEnd.answer = { status: 204, body: '' }
    await stage.advance(15)
    const [probe, genuine] = stage.backEnd.received
    assert.match(String(probe?.headers['wechatpay-signature']), /^WECHATPAY\/SIGNTEST\//)
    assert.ok(!verifies(probe) && verifies(genuine))
  })

  it('v3: stale (F75) is validly signed with an old timestamp', async () => {
    await stage.fault('notify.stale', { options: { seconds: 500 } })
    await stage.delivered(await stage.pay('RSA'))
    const [received] = stage.backEnd.received
    assert.ok(verifies(received))
    const age = Date.now() / 1000 - Number(received?.headers['wechatpay-timestamp'])
    assert.ok(age >= 500 && age < 560)
  })

  it('v3: public-key.ramp (F33) and certificates.rotate (F32) mix keys, all of them valid', async () => {
    await stage.fault('public-key.ramp', { seconds: 3600 })
    await stage.fault('certificates.rotate', { seconds: 3600 })
    await stage.fault('notify.duplicate', { options: { copies: 40 } })
    await stage.delivered(await stage.pay('RSA'))
    assert.ok(stage.backEnd.received.every((one) => verifies(one)))
    assert.equal(new Set(stage.backEnd.received.map(({ headers }) => headers['wechatpay-serial'])).size, 3)
  })

  it('can be limited to an order', async () => {
    const [first, second] = [newNumber(), newNumber()]
    await stage.fault('notify.drop', { times: 99, match: { out_trade_no: first } })
    await stage.pay('MD5', first)
    await stage.pay('MD5', second)
    await stage.advance(60)
    assert.deepEqual(
      stage.backEnd.received.map(({ body }) => fromXml(body)['out_trade_no']),
      [second],
    )
  })
})
