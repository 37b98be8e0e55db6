import type { Order, SubmitOrderAnswer, SubmitOrderRequest } from '@fenpay/contract'
import { statusOf } from './errors.ts'
import { keep } from './kept.ts'
import type { Parts } from './parts.ts'
import type { Session } from './session.ts'
import { shareInFlight } from './share-in-flight.ts'

/** How many carts without an answer are remembered. */
const submitsMax = 10

/**
 * Submits a cart as one order, whatever happens on the way. Its Idempotency-Key is in storage from before the first
 * try until there is an answer: when the mini program dies in between, the same cart gives the same order again.
 */
export function createSubmitOrder({ wx, api, newId }: Parts, session: Session) {
  const submits = shareInFlight<SubmitOrderAnswer>()

  const keys = keep<[cart: string, key: string][]>(wx, 'fenpay.submits', [])

  function forget(cart: string): void {
    keys.set(keys.get().filter(([other]) => other !== cart))
  }

  async function makeKey(cart: string): Promise<string> {
    const key = await newId()
    keys.set([...keys.get(), [cart, key] as [string, string]].slice(-submitsMax))
    return key
  }

  async function send(request: SubmitOrderRequest, cart: string, key: string): Promise<SubmitOrderAnswer> {
    try {
      return await session.authorisedWithRetry((token) => api.submitOrder(token, request, key))
    } catch (error) {
      if (isRefused(error)) forget(cart)
      throw error
    }
  }

  async function submit(request: SubmitOrderRequest, cart: string): Promise<SubmitOrderAnswer> {
    const kept = keys.get().find(([other]) => other === cart)?.[1]
    const answer = await send(request, cart, kept ?? (await makeKey(cart)))
    // A key of an earlier time may lead to an order that is over by now, and the user wants one to pay.
    const isStale = kept !== undefined && (await show(answer.order_number)).status !== 'pending'
    forget(cart)
    return isStale ? submit(request, cart) : answer
  }

  function show(orderNumber: string): Promise<Order> {
    return session.authorisedWithRetry((token) => api.myOrder(token, orderNumber))
  }

  return function submitOrder(request: SubmitOrderRequest): Promise<SubmitOrderAnswer> {
    const cart = JSON.stringify([request.items.map(({ sku, quantity }) => [sku, quantity]), request.remark])
    return submits.run(cart, () => submit(request, cart))
  }
}

/** The server looked at this submit and made no order. After 401, 429, 5xx or silence an earlier try may have made one. */
function isRefused(error: unknown): boolean {
  const status = statusOf(error)
  return status >= 400 && status <= 499 && status !== 401 && status !== 429
}
