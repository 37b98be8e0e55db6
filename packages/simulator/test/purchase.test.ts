import assert from 'node:assert/strict'
import { createDecipheriv, verify } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { apis, newNumber, openStage, type Stage } from './stage.ts'
import { fromXml, type Json, signV2 } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())

const isSignedV2 = (fields: Record<string, string>, type: 'MD5' | 'HMAC-SHA256'): boolean => {
  const { http: _, ...signed } = fields
  return signed['sign'] === signV2(signed, stage.merchant.api_v2_key, type)
}

for (const api of apis) {
  describe(`a purchase with ${api}`, () => {
    it('is not paid after cancel or a changed parameter, and paid after confirm', async () => {
      const outTradeNo = newNumber()
      const parameters = stage.payParameters(api, await stage.prepay(api, outTradeNo))
      const cancelled = await stage.requestPayment(parameters, 'cancel')
      assert.deepEqual(cancelled.json, { errMsg: 'requestPayment:fail cancel' })
      const forged = await stage.requestPayment({ ...parameters, nonceStr: 'changed' }, 'confirm')
      assert.equal(forged.status, 200)
      assert.equal(forged.json['errMsg'], 'requestPayment:fail')
      assert.equal(forged.json['reason'], '支付签名验证失败')
      assert.match(forged.json['signed_string'] ?? '', /changed/)
      assert.equal((await stage.order(outTradeNo))?.['trade_state'], 'NOTPAY')

      const preview = await stage.requestPayment(parameters, 'preview')
      const { errMsg, amount_fen, description } = preview.json
      assert.deepEqual([errMsg, amount_fen, description], ['requestPayment:ok', 3600, '牛肉面'])
      const paid = await stage.requestPayment(parameters, 'confirm')
      assert.deepEqual(paid.json, { errMsg: 'requestPayment:ok' })
      const order = await stage.order(outTradeNo)
      assert.equal(order?.['trade_state'], 'SUCCESS')
      assert.match(order?.['transaction_id'] ?? '', /^42\d{26}$/)
      const [delivery] = await stage.delivered(outTradeNo)
      assert.equal(delivery?.['outcome'], 'acknowledged')

      const again = await stage.requestPayment(parameters, 'confirm')
      assert.deepEqual([again.json['errMsg'], again.json['reason']], ['requestPayment:fail', '该订单已支付'])
    })

    it('gives the payment sheet of another user a refusal', async () => {
      const parameters = stage.payParameters(api, await stage.prepay(api, newNumber()))
      const { json } = await stage.requestPayment(parameters, 'confirm', '小红')
      assert.deepEqual(json, { errMsg: 'requestPayment:fail', reason: '下单账号与支付账号不一致' })
    })
  })
}

it('a v2 query of a paid order tells the payment, signed as it was asked', async () => {
  const outTradeNo = await stage.pay('HMAC-SHA256')
  const answer = await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo }, { type: 'HMAC-SHA256' })
  assert.ok(isSignedV2(answer, 'HMAC-SHA256'))
  const { return_code, result_code, trade_state, total_fee, cash_fee, trade_type, openid, transaction_id = '' } = answer
  assert.deepEqual([return_code, result_code, trade_state], ['SUCCESS', 'SUCCESS', 'SUCCESS'])
  assert.deepEqual([total_fee, cash_fee, trade_type], ['3600', '3600', 'JSAPI'])
  assert.equal(openid, await stage.openid())
  assert.match(answer['time_end'] ?? '', /^\d{14}$/)
  const byId = await stage.v2('/pay/orderquery', { transaction_id })
  assert.equal(byId['out_trade_no'], outTradeNo)
  assert.ok(isSignedV2(byId, 'MD5'))
})

it('a v2 notification verifies and tells the payment', async () => {
  stage.backEnd.received.length = 0
  const outTradeNo = await stage.pay('MD5')
  await stage.delivered(outTradeNo)
  const fields = fromXml(stage.backEnd.received[0]?.body ?? '')
  assert.equal(fields['sign'], signV2(fields, stage.merchant.api_v2_key, 'MD5'))
  assert.deepEqual([fields['out_trade_no'], fields['total_fee']], [outTradeNo, '3600'])
  assert.equal(fields['result_code'], 'SUCCESS')
})

it('a v3 query and its notification verify and tell the same payment', async () => {
  stage.backEnd.received.length = 0
  const outTradeNo = await stage.pay('RSA')
  await stage.delivered(outTradeNo)
  const query = await stage.v3(`/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${stage.merchant.mchid}`)
  assert.equal(query.status, 200)
  assert.ok(isSignedV3(query.text, (name) => query.headers.get(name) ?? ''))
  const { trade_state, amount, transaction_id } = query.json
  assert.equal(trade_state, 'SUCCESS')
  assert.deepEqual(amount, { total: 3600, payer_total: 3600, currency: 'CNY', payer_currency: 'CNY' })
  const byId = await stage.v3(`/v3/pay/transactions/id/${transaction_id}?mchid=${stage.merchant.mchid}`)
  assert.deepEqual(byId.json, query.json)

  const [received] = stage.backEnd.received
  assert.ok(received)
  assert.ok(isSignedV3(received.body, (name) => String(received.headers[name.toLowerCase()])))
  const notify = JSON.parse(received.body) as Json
  assert.deepEqual([notify['event_type'], notify['resource_type']], ['TRANSACTION.SUCCESS', 'encrypt-resource'])
  assert.deepEqual(decrypt(notify['resource'] as Json), query.json)
})

it('an answer is signed with the key that the request names', async () => {
  const outTradeNo = await stage.pay('RSA')
  const target = `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${stage.merchant.mchid}`
  const { id } = stage.merchant.wechatpay_public_key
  const [older, newer] = stage.merchant.platform_certificates.map(({ serial_no }) => serial_no)
  for (const [asked, expected] of [
    [undefined, newer],
    [id, id],
    [older, older],
    ['PUB_KEY_ID_0', newer],
  ] as const) {
    const reply = await stage.v3(target, asked ? { headers: { 'Wechatpay-Serial': asked } } : {})
    assert.equal(reply.headers.get('wechatpay-serial'), expected)
    assert.ok(isSignedV3(reply.text, (name) => reply.headers.get(name) ?? ''))
  }
})

it('an order asked for with the public key is notified with it', async () => {
  stage.backEnd.received.length = 0
  const outTradeNo = newNumber()
  const { id } = stage.merchant.wechatpay_public_key
  const { json } = await stage.v3('/v3/pay/transactions/jsapi', {
    body: stage.v3Order(await stage.openid(), outTradeNo),
    headers: { 'Wechatpay-Serial': id },
  })
  await stage.requestPayment(stage.payParameters('RSA', json['prepay_id'] ?? ''), 'confirm')
  await stage.delivered(outTradeNo)
  assert.equal(stage.backEnd.received[0]?.headers['wechatpay-serial'], id)
})

function isSignedV3(body: string, header: (name: string) => string): boolean {
  const { wechatpay_public_key, platform_certificates } = stage.merchant
  const serial = header('Wechatpay-Serial')
  const key =
    serial === wechatpay_public_key.id
      ? wechatpay_public_key.public_key_pem
      : platform_certificates.find(({ serial_no }) => serial_no === serial)?.certificate_pem
  const message = `${header('Wechatpay-Timestamp')}\n${header('Wechatpay-Nonce')}\n${body}\n`
  const signature = Buffer.from(header('Wechatpay-Signature'), 'base64')
  return key !== undefined && verify('RSA-SHA256', Buffer.from(message), key, signature)
}

function decrypt(resource: Json): unknown {
  const data = Buffer.from(resource['ciphertext'] ?? '', 'base64')
  const decipher = createDecipheriv('aes-256-gcm', stage.merchant.api_v3_key, resource['nonce'] ?? '')
  decipher.setAuthTag(data.subarray(-16))
  decipher.setAAD(Buffer.from(resource['associated_data'] ?? ''))
  return JSON.parse(Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]).toString())
}
