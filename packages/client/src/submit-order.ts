import type { ApiClient, SubmitOrderAnswer, SubmitOrderRequest } from '@fenpay/contract'
import { isFenpayError } from './errors.ts'
import type { Retry } from './retry.ts'
import type { Session } from './session.ts'
import type { Storage } from './storage.ts'

interface SubmitParts {
  api: ApiClient
  session: Session
  storage: Storage
  retry: Retry
  newKey: () => Promise<string>
}

/** How many carts without an answer are remembered. */
const submitsMax = 10

/**
 * Submits a cart as one order, whatever happens on the way. Its Idempotency-Key is in storage from before the first
 * try until there is an answer: when the mini program dies in between, the same cart gives the same order again.
 */
export function createSubmitOrder({ api, session, storage, retry, newKey }: SubmitParts) {
  const inFlight = new Map<string, Promise<SubmitOrderAnswer>>()

  function keptKeys(): [cart: string, key: string][] {
    const kept = storage.read('fenpay.submits')
    return Array.isArray(kept) ? (kept as [string, string][]) : []
  }

  function forget(cart: string): void {
    const others = keptKeys().filter(([other]) => other !== cart)
    if (others.length === 0) storage.remove('fenpay.submits')
    else storage.write('fenpay.submits', others)
  }

  async function makeKey(cart: string): Promise<string> {
    const key = await newKey()
    storage.write('fenpay.submits', [...keptKeys(), [cart, key]].slice(-submitsMax))
    return key
  }

  async function send(request: SubmitOrderRequest, cart: string, key: string): Promise<SubmitOrderAnswer> {
    try {
      return await session.authorised((token) => retry(() => api.submitOrder(token, request, key)))
    } catch (error) {
      if (isRefused(error)) forget(cart)
      throw error
    }
  }

  async function submit(request: SubmitOrderRequest, cart: string): Promise<SubmitOrderAnswer> {
    const kept = keptKeys().find(([other]) => other === cart)?.[1]
    const answer = await send(request, cart, kept ?? (await makeKey(cart)))
    // A key of an earlier time may lead to an order that is over by now, and the user wants one to pay.
    const isStale = kept !== undefined && !(await isPayable(answer.order_number))
    forget(cart)
    return isStale ? submit(request, cart) : answer
  }

  async function isPayable(orderNumber: string): Promise<boolean> {
    const { status } = await session.authorised((token) => retry(() => api.myOrder(token, orderNumber)))
    return status === 'pending'
  }

  return function submitOrder(request: SubmitOrderRequest): Promise<SubmitOrderAnswer> {
    const cart = JSON.stringify([request.items.map(({ sku, quantity }) => [sku, quantity]), request.remark ?? null])
    const running = inFlight.get(cart)
    if (running !== undefined) return running
    const run = submit(request, cart).finally(() => inFlight.delete(cart))
    inFlight.set(cart, run)
    return run
  }
}

/** The server looked at this submit and made no order. After 401, 429, 5xx or silence an earlier try may have made one. */
function isRefused(error: unknown): boolean {
  if (!isFenpayError(error) || !('statusCode' in error)) return false
  return error.statusCode >= 400 && error.statusCode <= 499 && error.statusCode !== 401 && error.statusCode !== 429
}
