import assert from 'node:assert/strict'
import { createDecipheriv, createHash, verify } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { acknowledgeV2, newNumber, openStage, type Received, type Stage } from './stage.ts'
import { fromXml, type Json } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())
beforeEach(async () => {
  stage.backEnd.answer = { status: 200, body: acknowledgeV2 }
  await stage.control('faults', undefined, 'DELETE')
  await stage.advance(100_000)
  stage.backEnd.received.length = 0
})

const forms = ['v2', 'v3'] as const
type Form = (typeof forms)[number]
const isAbout = (received: Received, about: 'refund' | 'payment'): boolean =>
  /req_info|"original_type":\s*"refund"/.test(received.body) === (about === 'refund')
const told = () => stage.backEnd.received.filter((one) => isAbout(one, 'refund'))

/** A paid order whose payment has been told, and a refund of it; answers both numbers. */
async function refunded(form: Form, notifyUrl: string | null = stage.backEnd.url) {
  const outTradeNo = await stage.pay(form === 'v2' ? 'MD5' : 'RSA')
  const outRefundNo = newNumber()
  await stage.advance(1)
  const url = notifyUrl === null ? {} : { notify_url: notifyUrl }
  const params = { out_trade_no: outTradeNo, out_refund_no: outRefundNo, ...url }
  if (form === 'v2') await stage.v2Refund(params)
  else {
    const amount = { refund: 100, total: 3600, currency: 'CNY' }
    await stage.v3('/v3/refund/domestic/refunds', { body: { ...params, amount } })
  }
  return { outTradeNo, outRefundNo }
}

/** Opens a refund notification with the back end's keys; throws when it cannot be trusted. */
function open({ headers, body }: Received): Record<string, string> {
  if (body.startsWith('<')) {
    const key = createHash('md5').update(stage.merchant.api_v2_key).digest('hex')
    const decipher = createDecipheriv('aes-256-ecb', key, null)
    const sealed = Buffer.from(fromXml(body)['req_info'] ?? '', 'base64')
    const text = Buffer.concat([decipher.update(sealed), decipher.final()]).toString()
    assert.match(text, /^<root>[\s\S]*<\/root>$/)
    return fromXml(text.replace(/^<root>|<\/root>$/g, ''))
  }
  const certificate = stage.merchant.platform_certificates.find((one) => one.serial_no === headers['wechatpay-serial'])
  const message = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`
  const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64')
  assert.ok(certificate && verify('RSA-SHA256', Buffer.from(message), certificate.certificate_pem, signature))
  const { resource } = JSON.parse(body) as { resource: Json }
  const sealed = Buffer.from(resource['ciphertext'] ?? '', 'base64')
  const decipher = createDecipheriv('aes-256-gcm', stage.merchant.api_v3_key, resource['nonce'] ?? '')
  decipher.setAuthTag(sealed.subarray(-16))
  decipher.setAAD(Buffer.from('refund'))
  const text = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString()
  const { amount, ...content } = JSON.parse(text) as { amount: Record<string, number> }
  return {
    ...content,
    refund_fee: String(amount['refund']),
    event_type: (JSON.parse(body) as Json)['event_type'] ?? '',
  }
}
const opens = (received: Received): boolean => {
  try {
    open(received)
    return true
  } catch {
    return false
  }
}

const ends = [
  [undefined, 'SUCCESS', 'SUCCESS'],
  ['refund.abnormal', 'CHANGE', 'ABNORMAL'],
  ['refund.closed', 'REFUNDCLOSE', 'CLOSED'],
] as const

for (const form of forms) {
  describe(`a ${form} refund notification`, () => {
    for (const [fault, v2, v3] of ends) {
      it(`tells ${form === 'v2' ? v2 : v3} (F28, F29)`, async () => {
        if (fault) await stage.fault(fault)
        const { outTradeNo, outRefundNo } = await refunded(form)
        assert.equal(told().length, 0)
        await stage.advance(3)
        const [received] = told()
        const content = open(received ?? assert.fail('nothing was told'))
        const { refund_status, out_refund_no, out_trade_no, refund_fee, success_time } = content
        assert.deepEqual([out_refund_no, out_trade_no, refund_fee], [outRefundNo, outTradeNo, '100'])
        assert.equal(refund_status, form === 'v2' ? v2 : v3)
        assert.equal(success_time !== undefined, fault === undefined)
        if (form === 'v3') {
          assert.equal(content['event_type'], `REFUND.${v3}`)
          assert.deepEqual(
            [content['channel'], content['funds_account'], content['status']],
            [undefined, undefined, undefined],
          )
        } else {
          assert.equal(content['refund_request_source'], 'API')
          assert.equal(fromXml(received?.body ?? '')['sign'], undefined)
        }
      })
    }

    it('is not sent when nobody gave an address, and goes to the merchant platform’s as v2 XML when there is one', async () => {
      await refunded(form, null)
      await stage.advance(10)
      assert.equal(told().length, 0)
      const settings = `merchants/${stage.merchant.mchid}/refund-settings`
      await stage.control(settings, { notify_url: stage.backEnd.url })
      await refunded(form, null)
      await stage.advance(10)
      await stage.control(settings, { notify_url: '' })
      assert.equal(open(told()[0] ?? assert.fail('nothing was told'))['refund_status'], 'SUCCESS')
      assert.match(told()[0]?.body ?? '', /^<xml>/)
    })

    it('follows the schedule, and is resent on demand', async () => {
      stage.backEnd.answer = { status: 500, body: '' }
      const { outTradeNo, outRefundNo } = await refunded(form)
      await stage.advance(3 + 15 + 15 + 30)
      assert.equal(told().length, 4)
      stage.backEnd.answer = { status: 200, body: acknowledgeV2 }
      const both = { out_trade_no: outTradeNo, out_refund_no: outRefundNo }
      assert.equal((await stage.control('notify/resend', both)).json['outcome'], 'acknowledged')
      assert.equal((await stage.control('notify/resend', { ...both, out_refund_no: 'x' })).status, 400)
      await stage.advance(100_000)
      assert.equal(told().length, 5)
    })

    it('is lost (F30) and leaves payments alone when the fault says about: refund; and the other way round', async () => {
      for (const [about, other] of [
        ['refund', 'payment'],
        ['payment', 'refund'],
      ] as const) {
        stage.backEnd.received.length = 0
        await stage.fault('notify.drop', { seconds: 500, match: { about } })
        await refunded(form)
        await stage.advance(10)
        assert.ok(stage.backEnd.received.length > 0)
        assert.ok(stage.backEnd.received.every((one) => isAbout(one, other)))
        await stage.advance(100_000)
      }
    })

    it('can be chosen by out_refund_no', async () => {
      const { outRefundNo } = await refunded(form)
      await stage.fault('notify.drop', { seconds: 500, match: { out_refund_no: outRefundNo } })
      await refunded(form)
      await stage.advance(10)
      assert.equal(told().length, 1)
      assert.notEqual(open(told()[0] ?? assert.fail())['out_refund_no'], outRefundNo)
    })

    type Shape = readonly [name: string, options: object, spoilt: (received: Received) => boolean]
    const shapes: readonly Shape[] = [
      ['notify.forged', {}, (received) => !opens(received)],
      ['notify.amount', { total: 7 }, (received) => open(received)['refund_fee'] === '7'],
      ['notify.unknown-order', {}, (received) => open(received)['out_refund_no']?.length === 28],
    ]
    const shapesV3: readonly Shape[] = [
      ['notify.rewritten', {}, (received) => !opens(received) && JSON.parse(received.body) !== null],
      ['notify.sign-probe', {}, (received) => !opens(received)],
    ]
    for (const [name, options, spoilt] of form === 'v2' ? shapes : [...shapes, ...shapesV3]) {
      it(`is spoilt by ${name}, and the genuine one follows`, async () => {
        await stage.fault(name, { options, match: { about: 'refund' } })
        stage.backEnd.answer = name === 'notify.sign-probe' ? { status: 401, body: '' } : stage.backEnd.answer
        const { outRefundNo } = await refunded(form)
        await stage.advance(4)
        stage.backEnd.answer = { status: 200, body: acknowledgeV2 }
        await stage.advance(30)
        const [first, second, ...more] = told()
        assert.ok(first && spoilt(first) && second)
        assert.deepEqual(
          [open(second)['out_refund_no'], open(second)['refund_fee'], more.length],
          [outRefundNo, '100', 0],
        )
      })
    }

    it('comes several times (F3) and again with the same bytes (A24)', async () => {
      await stage.fault('notify.duplicate', { options: { copies: 5 }, match: { about: 'refund' } })
      await stage.fault('notify.replay', { match: { about: 'refund' } })
      await refunded(form)
      await stage.advance(10)
      assert.equal(told().length, 5)
      assert.ok(told().every(opens))
      await stage.advance(400)
      assert.equal(told().length, 10)
    })
  })
}

it('a refund by hand (F19, F76) has a number of WeChat’s own and is told to the merchant platform’s address', async () => {
  const outTradeNo = await stage.pay('RSA')
  const settings = `merchants/${stage.merchant.mchid}/refund-settings`
  await stage.control(settings, { notify_url: stage.backEnd.url })
  const made = await stage.control('refunds', { out_trade_no: outTradeNo, amount: 600, reason: '客服退款' })
  assert.equal(made.status, 201)
  const { out_refund_no, source, amount } = made.json
  assert.deepEqual([source, amount], ['platform', 600])
  await stage.advance(70)
  const rest = await stage.control('refunds', { transaction_id: made.json['transaction_id'] })
  assert.equal(rest.json['amount'], 3000)
  await stage.advance(5)
  await stage.control(settings, { notify_url: '' })
  const contents = told().map(open)
  assert.deepEqual(
    contents.map((one) => [one['out_refund_no'], one['refund_request_source'], one['refund_fee']]),
    [
      [out_refund_no, 'VENDOR_PLATFORM', '600'],
      [rest.json['out_refund_no'], 'VENDOR_PLATFORM', '3000'],
    ],
  )
  const query = await stage.v3(`/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${stage.merchant.mchid}`)
  assert.equal(query.json['trade_state'], 'REFUND')
  assert.equal((await stage.control('refunds', { out_trade_no: outTradeNo })).status, 400)
  assert.equal((await stage.control('refunds', { out_trade_no: newNumber() })).status, 400)
})
