import { isWechatError, WechatRefusedError, WechatTransportError } from '@fenpay/wechat'
import { createCircuit, type KeyVerdict } from './circuit.ts'
import { createPace, type Pace } from './pace.ts'

/** The methods of a client that call WeChat, and the API whose rate each counts against. */
const apiOf = {
  unifiedOrder: 'prepay',
  prepayJsapi: 'prepay',
  queryOrder: 'query',
  queryByOutTradeNo: 'query',
  closeOrder: 'close',
  close: 'close',
  refund: 'refund',
  queryRefund: 'refund query',
  queryRefunds: 'refund query',
} as const

export interface CallGuard {
  now: () => number
  /** WeChat refuses the merchant's key on every call, or takes it again. */
  onKey: (state: 'refused' | 'accepted') => void
  /** Done after each call that was answered well. */
  afterCall?: () => void
}

/**
 * The client of one merchant and protocol, with its calls held back where WeChat wants fewer of them (F15) and where it
 * refuses the merchant's key (F36). A call that is held back was never sent: for commands it is an unknown outcome, asked
 * again later like any other.
 */
export function guardedClient<Client extends object>(client: Client, { now, onKey, afterCall }: CallGuard): Client {
  const circuit = createCircuit(now, (state) => onKey(state === 'open' ? 'refused' : 'accepted'))
  const paces = new Map<string, Pace>()
  const paceOf = (api: string) => {
    const pace = paces.get(api) ?? createPace(now)
    paces.set(api, pace)
    return pace
  }

  async function call(api: string, send: () => Promise<unknown>): Promise<unknown> {
    const pace = paceOf(api)
    if (!pace.take()) throw heldBack(`WeChat wants fewer calls of ${api}`)
    if (!circuit.mayCall()) throw heldBack("WeChat refuses the merchant's key")
    try {
      const answer = await send()
      circuit.report('accepted')
      afterCall?.()
      return answer
    } catch (error) {
      if (isRateLimit(error)) pace.slowDown()
      circuit.report(keyVerdictOf(error))
      throw error
    }
  }

  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const method = (...args: unknown[]): unknown => Reflect.apply(value, target, args)
      if (typeof name !== 'string' || !Object.hasOwn(apiOf, name)) return method
      const api = apiOf[name as keyof typeof apiOf]
      return (...args: unknown[]) => call(api, async () => method(...args))
    },
  })
}

function heldBack(why: string): WechatTransportError {
  return new WechatTransportError('held_back', `The call was not sent: ${why}`, { outcomeUnknown: false })
}

function isRateLimit(error: unknown): boolean {
  if (error instanceof WechatTransportError) return error.status === 429
  return error instanceof WechatRefusedError && (error.status === 429 || error.canonicalCode === 'FREQUENCY_LIMITED')
}

/** v2 tells a wrong signature on the level of the message, in words alone. */
function keyVerdictOf(error: unknown): KeyVerdict {
  if (!(isWechatError(error) && error instanceof WechatRefusedError)) return 'unknown'
  const { canonicalCode, apiMessage, outcomeUnknown } = error
  if (canonicalCode === 'SIGN_ERROR' || (canonicalCode === 'FAIL' && apiMessage.includes('签名'))) return 'refused'
  return canonicalCode === 'FAIL' || outcomeUnknown || isRateLimit(error) ? 'unknown' : 'accepted'
}
