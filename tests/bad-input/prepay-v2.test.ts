import { send } from './support/answer.ts'
import { startStage } from './support/stage.ts'
import { type Case, testTable } from './support/test-table.ts'
import { signedXml, v2Refusal } from './support/v2-message.ts'
import { troubleCases } from './support/wechat-troubles.ts'

const stage = await startStage({ payApi: 'v2-hmac-sha256' })
const shopper = await stage.shopper()
const unifiedOrder = '/pay/unifiedorder'
const prepay = (order_number: string) =>
  send(stage.url, '/my/orders/req_unifiedorder', { token: shopper.token, form: `order_number=${order_number}` })

function answered(body: string): Case {
  return async (attack) => {
    const orderNumber = await shopper.order()
    stage.relay.spoil(unifiedOrder, { status: 200, body })
    await attack(() => prepay(orderNumber))
  }
}

const refusedWith = (code: string) => answered(v2Refusal(stage.merchant, 'HMAC-SHA256', code, '说明'))

/** An answer that would be a good one, but for what a test makes of it. */
function success(changes: Record<string, string> = {}) {
  const good = {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: stage.appid,
    mch_id: stage.merchant.mchid,
    nonce_str: 'a'.repeat(32),
    trade_type: 'JSAPI',
    prepay_id: `wx${'0'.repeat(34)}`,
  }
  return Object.entries({ ...good, ...changes })
}
const { api_v2_key: key } = stage.merchant

testTable('POST /my/orders/req_unifiedorder, when WeChat (v2) says no or nothing', stage, {
  'return-code-FAIL': answered(
    '<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[签名错误]]></return_msg></xml>',
  ),
  NOAUTH: refusedWith('NOAUTH'),
  APPID_MCHID_NOT_MATCH: refusedWith('APPID_MCHID_NOT_MATCH'),
  LACK_PARAMS: refusedWith('LACK_PARAMS'),
  OUT_TRADE_NO_USED: refusedWith('OUT_TRADE_NO_USED'),
  SYSTEMERROR: refusedWith('SYSTEMERROR'),
  FREQUENCY_LIMITED: refusedWith('FREQUENCY_LIMITED'),
  ORDERPAID: refusedWith('ORDERPAID'),
  ORDERCLOSED: refusedWith('ORDERCLOSED'),
  'A7-unsigned': answered(
    `<xml>${success()
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join('')}</xml>`,
  ),
  'A11-other-key': answered(signedXml(success(), 'undefined', 'HMAC-SHA256')),
  'A12-other-algorithm': answered(signedXml(success({ sign_type: 'MD5' }), key, 'MD5')),
  'A25-other-merchant': answered(signedXml(success({ mch_id: '1900000002' }), key, 'HMAC-SHA256')),
  'A1-doctype': answered(
    `<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>${signedXml(success(), key, 'HMAC-SHA256')}`,
  ),
  ...troubleCases(stage, unifiedOrder, async (attack, begin) => {
    const orderNumber = await shopper.order()
    await begin()
    await attack(() => prepay(orderNumber))
  }),
})
