import { send } from './support/answer.ts'
import { begunOrder, startStage } from './support/stage.ts'
import { type Case, testTable } from './support/test-table.ts'
import { signedXml } from './support/v2-message.ts'
import { paymentFields } from './support/v2-payment.ts'

const stage = await startStage({ payApi: 'v2-md5' })
const shopper = await stage.shopper()

/** WeChat's signed answer to our query says that the order is paid, with facts that are not what we asked for. */
function answeredWith(changes: Record<string, string>): Case {
  return async (attack) => {
    const { orderNumber, outTradeNo } = await begunOrder(stage, shopper)
    const fields = await paymentFields(stage, outTradeNo, { trade_state: 'SUCCESS', ...changes })
    stage.relay.spoil('/pay/orderquery', { status: 200, body: signedXml(fields, stage.merchant.api_v2_key, 'MD5') })
    const json = { order_number: orderNumber }
    await attack(() => send(stage.url, '/my/orders/chkOrder', { token: shopper.token, json }))
  }
}

testTable('POST /my/orders/chkOrder, when WeChat has other facts than we', stage, {
  'I3-amount': answeredWith({ total_fee: '1' }),
  'I3-amount-more': answeredWith({ total_fee: '6561' }),
  'I3-currency': answeredWith({ fee_type: 'USD' }),
  'I18-payer': answeredWith({ openid: 'oSomebodyElse' }),
  'I3-app': answeredWith({ appid: 'wx0000000000000000' }),
  'I3-merchant': answeredWith({ mch_id: '1900000002' }),
  'A26-order': answeredWith({ out_trade_no: 'ANOTHERORDER00000000000001' }),
  'A28-amount': answeredWith({ total_fee: '6.56e3' }),
  'paid-without-payment': answeredWith({ transaction_id: '' }),
  'unknown-state': answeredWith({ trade_state: 'SOMETHING_NEW' }),
})
