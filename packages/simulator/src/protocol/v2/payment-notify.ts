import type { V2SignType } from '../../crypto/v2-sign.ts'
import { alphabets, type RandomBytes, randomText } from '../../engine/random.ts'
import type { Order, Payment } from '../../engine/records.ts'
import { paymentFields } from './order-query.ts'
import { signFields } from './v2-answer.ts'
import { readXml, writeXml, XmlFormatError } from './xml.ts'

/** The body of a v2 payment notification (pay-v2.md 12), signed as the order was. */
export function v2PaymentNotify(
  random: RandomBytes,
  order: Order,
  payment: Payment,
  signType: V2SignType,
  key: string,
): string {
  const nonce = randomText(random, alphabets.alphanumeric, 32)
  const fields = [
    ['return_code', 'SUCCESS'],
    ['result_code', 'SUCCESS'],
    ['appid', order.appid],
    ['mch_id', order.mchid],
    ['device_info', order.deviceId ?? ''],
    ['nonce_str', nonce],
    ...(signType === 'MD5' ? [] : ([['sign_type', signType]] as const)),
    ...paymentFields(payment),
    ['out_trade_no', order.outTradeNo],
    ['attach', order.attach ?? ''],
  ] as const
  return writeXml(signFields(fields, key, signType))
}

/** Whether the back end took a v2 notification: HTTP 200 and return_code SUCCESS in XML, nothing else. */
export function isV2Acknowledgement(status: number, body: string): boolean {
  if (status !== 200) return false
  try {
    return readXml(body.trim()).get('return_code') === 'SUCCESS'
  } catch (error) {
    if (error instanceof XmlFormatError) return false
    throw error
  }
}
