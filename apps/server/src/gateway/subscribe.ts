import { fitSubscribeValue, type MiniProgramClient, WechatRefusedError } from '@fenpay/wechat'
import type { DeliveryOutcome } from '../domain/outbox.ts'
import { deliveryFailureOf } from './shipping.ts'

/** The user did not want it, or the one message that was allowed has been sent: nothing is wrong. */
const notSubscribed = '43101'

/** A subscribe message; the texts are fitted to the rules of the template's keys. */
export async function sendSubscribe(
  client: MiniProgramClient,
  message: { openid: string; templateId: string; values: Record<string, string> },
): Promise<DeliveryOutcome> {
  try {
    const data = Object.entries(message.values).map(([key, text]) => [key, { value: fitSubscribeValue(key, text) }])
    await client.sendSubscribeMessage({
      touser: message.openid,
      template_id: message.templateId,
      data: Object.fromEntries(data),
    })
    return { outcome: 'delivered' }
  } catch (error) {
    if (error instanceof WechatRefusedError && error.apiCode === notSubscribed)
      return { outcome: 'delivered', note: 'the user did not subscribe' }
    return deliveryFailureOf(error)
  }
}
