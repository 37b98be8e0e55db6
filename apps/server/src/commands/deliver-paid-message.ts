import type { ClaimedOutbox } from '../ports.ts'
import type { Delivery, OutboxPorts } from './deliver-outbox.ts'

/** Sends the user the subscribe message about the payment, as it was written down with it. */
export async function deliverPaidMessage({ messages }: OutboxPorts, claimed: ClaimedOutbox): Promise<Delivery> {
  const { appid, openid, template_id, values } = claimed.payload
  const texts = Object.entries(values ?? {}).map(([key, text]) => [key, String(text)] as const)
  const ended = await messages.send({
    merchantId: claimed.merchantId,
    appid: String(appid),
    openid: String(openid),
    templateId: String(template_id),
    values: Object.fromEntries(texts),
  })
  return { ended }
}
