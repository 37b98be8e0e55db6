import { setTimeout as delay } from 'node:timers/promises'
import { type ApiClient, ApiError, type Order, type PaymentParameters } from '@fenpay/contract'
import type { Wechat } from '../support/shop.ts'

/** The answers by which a good client knows that it has to ask again with the same key and the same number. */
const askAgain = new Set(['database_unavailable', 'wechat_unreachable', 'overloaded'])
/** A failing limit, not a time that anybody waits: what is killed comes back, on a busy machine after a while. */
const patienceMs = 120_000

export interface Item {
  sku: string
  quantity: number
}

/** Everything that was promised to the shopper: what a crash must not take back. */
export interface Purchase {
  readonly user: string
  readonly key: string
  readonly items: readonly Item[]
  /** Opens the payment sheet, closes it again, and pays the second time. */
  readonly hesitates: boolean
  token: string
  orderNumbers: Set<string>
  /** WeChat said `requestPayment:ok`. */
  paidAtWechat: boolean
  /** A check answered `paid`. */
  seenPaid: boolean
}

export interface Shoppers {
  api: ApiClient
  wechat: Wechat
  appid: string
  /** Called when a step of a purchase is done. */
  onStep: () => void
  /** How often each kind of failure was met and asked again. */
  failures: Map<string, number>
}

/** A purchase that nothing was promised for yet. */
export function plannedPurchase(user: string, key: string, items: readonly Item[], hesitates = false): Purchase {
  const promises = { token: '', orderNumbers: new Set<string>(), paidAtWechat: false, seenPaid: false }
  return { user, key, items, hesitates, ...promises }
}

/** The whole purchase of a client that repeats what got no answer: the same key, the same number. */
export async function buy(shop: Shoppers, purchase: Purchase): Promise<void> {
  await logIn(shop, purchase)
  shop.onStep()
  const orderNumber = await submit(shop, purchase)
  shop.onStep()
  if (purchase.hesitates) {
    const parameters = await prepay(shop, purchase, orderNumber)
    if (parameters === 'paid') throw new Error(`order ${orderNumber} is paid, but nobody has paid`)
    await patiently(shop, () => shop.wechat.requestPayment(shop.appid, purchase.user, parameters, 'cancel'))
    await check(shop, purchase, orderNumber)
  }
  await pay(shop, purchase, orderNumber)
  shop.onStep()
  await check(shop, purchase, orderNumber)
  shop.onStep()
}

export async function logIn(shop: Shoppers, purchase: Purchase): Promise<void> {
  const { token } = await patiently(shop, async () => {
    const { code } = await shop.wechat.login(shop.appid, purchase.user)
    return shop.api.login({ code })
  })
  purchase.token = token
}

/** Submits, also again, with the purchase's key. */
export async function submit(shop: Shoppers, purchase: Purchase): Promise<string> {
  const { token, key, items } = purchase
  const answer = await patiently(shop, () => shop.api.submitOrder(token, { items: [...items] }, key))
  purchase.orderNumbers.add(answer.order_number)
  return answer.order_number
}

/** Prepares and opens the sheet until the order is paid: where the sheet gave no answer, the server is asked. */
export async function pay(shop: Shoppers, purchase: Purchase, orderNumber: string): Promise<void> {
  const end = Date.now() + patienceMs
  while (Date.now() < end) {
    const parameters = await prepay(shop, purchase, orderNumber)
    if (parameters === 'paid') return
    shop.onStep()
    if (await confirm(shop, purchase, parameters)) return
    if ((await check(shop, purchase, orderNumber)).status === 'paid') return
  }
  throw new Error(`order ${orderNumber} could not be paid`)
}

export async function prepay(
  shop: Shoppers,
  purchase: Purchase,
  orderNumber: string,
): Promise<PaymentParameters | 'paid'> {
  try {
    return (await patiently(shop, () => shop.api.prepayOrder(purchase.token, orderNumber))).pay
  } catch (error) {
    if (error instanceof ApiError && error.code === 'order_already_paid') return 'paid'
    throw error
  }
}

/** Whether WeChat said that it took the money. Without an answer nothing is known. */
async function confirm(shop: Shoppers, purchase: Purchase, parameters: PaymentParameters): Promise<boolean> {
  try {
    const { errMsg } = await shop.wechat.requestPayment(shop.appid, purchase.user, parameters)
    purchase.paidAtWechat ||= errMsg === 'requestPayment:ok'
    return errMsg === 'requestPayment:ok'
  } catch (error) {
    note(shop, failureOf(error))
    return false
  }
}

export async function check(shop: Shoppers, purchase: Purchase, orderNumber: string): Promise<Order> {
  const order = await patiently(shop, () => shop.api.checkOrder(purchase.token, orderNumber))
  purchase.seenPaid ||= order.status === 'paid'
  return order
}

/** Gives the order up. */
export function cancel(shop: Shoppers, purchase: Purchase, orderNumber: string): Promise<Order> {
  return patiently(shop, () => shop.api.cancelOrder(purchase.token, orderNumber))
}

/** Repeats a call that may be repeated, until there is an answer that says something. */
async function patiently<Answer>(shop: Shoppers, call: () => Promise<Answer>): Promise<Answer> {
  const end = Date.now() + patienceMs
  for (;;) {
    try {
      return await call()
    } catch (error) {
      const failure = failureOf(error)
      note(shop, failure)
      if (Date.now() > end) throw new Error(`no answer within ${patienceMs / 1000} s: ${failure}`, { cause: error })
    }
    await delay(250)
  }
}

/** The name of a failure after which one asks again; every other error is thrown. */
function failureOf(error: unknown): string {
  if (error instanceof ApiError && askAgain.has(error.code)) return error.code
  // What fetch throws when there was no answer, or half of one.
  if (error instanceof TypeError) return 'no answer'
  throw error
}

function note({ failures }: Shoppers, failure: string): void {
  failures.set(failure, (failures.get(failure) ?? 0) + 1)
}
