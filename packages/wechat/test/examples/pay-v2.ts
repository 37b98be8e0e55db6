import { PayV2Client, type V2PaymentNotify, v2NotifyAnswer } from '@fenpay/wechat'

const appid = 'wxd930ea5d5a258f4f'

export function createPayV2(apiKey: string): PayV2Client {
  return new PayV2Client({ mchId: '10000100', apiKey, signType: 'HMAC-SHA256' })
}

/** True, false, or undefined while it cannot be told: then ask again, and do not let the user pay another order. */
export async function isPaid(payV2: PayV2Client, out_trade_no: string): Promise<boolean | undefined> {
  const { trade_state } = await payV2.queryOrder({ appid, out_trade_no })
  if (trade_state === 'SUCCESS' || trade_state === 'REFUND') return true
  return trade_state === 'CLOSED' || trade_state === 'NOTPAY' ? false : undefined
}

/** Takes a notify and gives the XML to answer with. A refused notify throws: answer HTTP 401. */
export async function takeNotify(
  payV2: PayV2Client,
  body: Uint8Array,
  applyPayment: (notify: V2PaymentNotify) => Promise<void>,
): Promise<string> {
  await applyPayment(payV2.parsePaymentNotify(body))
  return v2NotifyAnswer('SUCCESS')
}
