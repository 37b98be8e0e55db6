import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Api, apis, newNumber, openStage, type Stage } from './stage.ts'
import { control, type MerchantConfig, signRsa, signV2 } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())

const sheet = async (api: Api): Promise<Record<string, string>> =>
  stage.payParameters(api, await stage.prepay(api, newNumber()))

describe('the payment sheet refuses', () => {
  for (const api of apis) {
    it(`${api}: a missing parameter, a timeStamp that is not ten digits, an unknown prepay_id, another signType`, async () => {
      const right = await sheet(api)
      const { timeStamp: _, ...missing } = right
      const text = 'parameter.timeStamp should be String instead of Undefined'
      assert.deepEqual((await stage.requestPayment(missing, 'confirm')).json, {
        errMsg: `requestPayment:fail parameter error: ${text};`,
        reason: text,
      })
      const cases: readonly [changes: Record<string, string>, reason: RegExp][] = [
        [{ timeStamp: `${right['timeStamp']}000` }, /timeStamp must be ten digits/],
        [{ nonceStr: 'n'.repeat(33) }, /nonceStr/],
        [{ package: String(right['package']).slice('prepay_id='.length) }, /package must be prepay_id=/],
        [{ package: 'prepay_id=wx0' }, /unknown prepay_id/],
        [{ signType: api === 'MD5' ? 'HMAC-SHA256' : 'MD5' }, /支付签名验证失败: signType is/],
      ]
      for (const [changes, reason] of cases) {
        const { json } = await stage.requestPayment({ ...right, ...changes }, 'confirm')
        assert.equal(json['errMsg'], 'requestPayment:fail')
        assert.match(json['reason'] ?? '', reason)
      }
      assert.equal((await stage.requestPayment(right, 'confirm')).json['errMsg'], 'requestPayment:ok')
    })
  }

  it('nothing when signType is left out: then it is MD5', async () => {
    const { signType: _, ...parameters } = await sheet('MD5')
    assert.equal((await stage.requestPayment(parameters, 'confirm')).json['errMsg'], 'requestPayment:ok')
  })

  it('a wrong paySign even when the user would cancel', async () => {
    const right = await sheet('RSA')
    const { json } = await stage.requestPayment({ ...right, paySign: 'AAAA' }, 'cancel')
    assert.equal(json['reason'], '支付签名验证失败')
  })

  it('an app that the order does not belong to', async () => {
    const other = (await control(stage.url, 'merchants', { apps: [{ appid: stage.appid }, {}] }))
      .json as unknown as MerchantConfig
    const appid = other.apps[1]?.appid
    const { json } = await stage.control('wx/requestPayment', {
      ...(await sheet('MD5')),
      appid,
      user: '小明',
      action: 'confirm',
    })
    assert.match(json['reason'] ?? '', /支付场景非法/)
  })
})

describe('the payment sheet explains a wrong paySign', () => {
  it('v3: the bare prepay_id of a native app, and a missing last LF', async () => {
    const right = await sheet('RSA')
    const key = stage.merchant.certificate.private_key_pem
    const lines = [stage.appid, right['timeStamp'], right['nonceStr'], right['package']]
    const bare = signRsa([...lines.slice(0, 3), right['package']?.slice(10), ''].join('\n'), key)
    const native = (await stage.requestPayment({ ...right, paySign: bare }, 'confirm')).json
    assert.equal(native['signed_string'], [...lines, ''].join('\n'))
    assert.match(native['differs_at'] ?? '', /bare prepay_id/)
    const open = (await stage.requestPayment({ ...right, paySign: signRsa(lines.join('\n'), key) }, 'confirm')).json
    assert.match(open['differs_at'] ?? '', /no LF/)
  })

  it('v2: another type, lower case, and the signed string without the key', async () => {
    const right = await sheet('MD5')
    const { paySign, ...rest } = right
    const hmac = signV2({ appId: stage.appid, ...rest }, stage.merchant.api_v2_key, 'HMAC-SHA256')
    const { json } = await stage.requestPayment({ ...right, paySign: hmac }, 'confirm')
    assert.match(json['differs_at'] ?? '', /HMAC-SHA256/)
    assert.match(json['signed_string'] ?? '', /^appId=wx.*&timeStamp=\d{10}&key=<api_v2_key>$/)
    const lower = await stage.requestPayment({ ...right, paySign: String(paySign).toLowerCase() }, 'confirm')
    assert.match(lower.json['differs_at'] ?? '', /lower-case/)
    const { requests } = (await stage.control('requests?path=requestPayment&limit=2')).json
    assert.match(requests?.[0]?.['verdict']?.['signed_string'] ?? '', /<api_v2_key>/)
    assert.equal(requests?.[0]?.['verdict']?.['ok'], false)
  })
})

it('of ten confirmations at once, one pays', async () => {
  for (const api of apis) {
    const parameters = await sheet(api)
    const replies = await Promise.all(Array.from({ length: 10 }, () => stage.requestPayment(parameters, 'confirm')))
    assert.equal(replies.filter(({ json }) => json['errMsg'] === 'requestPayment:ok').length, 1)
  }
})
