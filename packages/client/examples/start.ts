import { createFenpay, type Fenpay, type WxLike } from '@fenpay/client'

/** In app.ts, once: `export const fenpay = start(wx)`. */
export function start(wx: WxLike, baseUrl = 'https://pay.example.com'): Fenpay {
  return createFenpay({ wx, baseUrl })
}

/** In App.onLaunch: what to tell of payments that the last run did not see to their end. */
export async function launch(fenpay: Fenpay): Promise<string[]> {
  const answers = await fenpay.resume()
  return answers.filter(({ outcome }) => outcome === 'paid').map(({ orderNumber }) => `订单 ${orderNumber} 已支付`)
}
