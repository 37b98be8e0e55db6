import type { PushTarget } from './after-payment-records.ts'
import type { Engine } from './engine.ts'
import { alphabets, type RandomBytes, randomText } from './random.ts'
import { reschedule } from './shipping-clock.ts'
import { tradeManagementOf } from './trade-management.ts'

/** What a control says about an app's pushes. What is left out stays, or is made. */
export type PushSettings = Pick<PushTarget, 'url'> &
  Partial<Pick<PushTarget, 'token' | 'encodingAesKey' | 'mode' | 'format'>>

/** Sets an app's push address. From now on its events are pushed, and its unshipped orders reminded of. */
export function setPushTarget(engine: Engine, appid: string, settings: PushSettings): PushTarget {
  const { books, clock, random } = engine
  return books.transact(() => {
    const known = books.pushTargets.get(appid)
    const target: PushTarget = {
      appid,
      originalId: known?.originalId ?? `gh_${randomText(random, alphabets.hex, 12)}`,
      systemOpenid: known?.systemOpenid ?? `o${randomText(random, alphabets.base64Url, 27)}`,
      url: settings.url,
      token: settings.token ?? known?.token ?? randomText(random, alphabets.alphanumeric, 32),
      encodingAesKey: settings.encodingAesKey ?? known?.encodingAesKey ?? newEncodingAesKey(random),
      mode: settings.mode ?? known?.mode ?? 'secure',
      format: settings.format ?? known?.format ?? 'JSON',
    }
    books.pushTargets.put(target)
    const orders = [...books.shippingOrders.values()].filter((order) => order.appid === appid)
    for (const order of orders) reschedule(engine, order)
    const app = tradeManagementOf(engine, appid)
    if (orders.length > 0 && !app.everShipped && app.dueAtMs === undefined) {
      books.tradeManagement.put({ ...app, dueAtMs: clock.nowMs() })
    }
    return target
  })
}

// The last of 43 characters stands for four bits; one that says more would be refused by strict readers of base64.
export const newEncodingAesKey = (random: RandomBytes): string =>
  randomText(random, alphabets.alphanumeric, 42) + randomText(random, 'AEIMQUYcgkosw048', 1)
