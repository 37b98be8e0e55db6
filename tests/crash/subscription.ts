import type { Wechat } from '../support/shop.ts'

/** WeChat's template of the message after a payment, and the server's environment for it. */
export async function paidTemplate(wechat: Wechat): Promise<{ id: string; env: NodeJS.ProcessEnv }> {
  const { merchants } = await wechat.control<{
    merchants: { apps: { subscribe_templates: { template_id: string }[] }[] }[]
  }>('/_sim/merchants')
  const id = merchants[0]?.apps[0]?.subscribe_templates[0]?.template_id ?? ''
  const fields = { character_string1: 'order_number', amount2: 'total', thing3: 'items', time4: 'paid_at' }
  return {
    id,
    env: { FENPAY_SUBSCRIBE_TEMPLATE_PAID: id, FENPAY_SUBSCRIBE_FIELDS_PAID: JSON.stringify(fields) },
  }
}
