import type { ApiClient, Order, PaymentParameters, PendingReason } from '@fenpay/contract'
import { type FenpayError, isFenpayError } from './errors.ts'
import type { Retry } from './retry.ts'
import type { Session } from './session.ts'
import type { Storage } from './storage.ts'
import type { WxLike } from './wx-like.ts'

/**
 * Why an order is not settled yet. `cancelled`: the user closed the sheet, and WeChat has no payment; the order can be
 * paid. `closing`: it takes no new payment, one begun earlier still counts. `no_answer`: the server could not be asked.
 * The others are the server's `pending_reason`: what WeChat said, or that WeChat could not be asked.
 */
export type PendingWhy = PendingReason | 'cancelled' | 'closing' | 'no_answer'

/**
 * How a payment ended, as the server says, whatever the sheet said. `errMsg` is wx.requestPayment's own text, undefined
 * where no sheet was opened or the mini program died before it answered.
 */
export type PayAnswer =
  | { outcome: 'paid' | 'closed'; orderNumber: string; order: Order; errMsg: string | undefined }
  | {
      outcome: 'pending'
      orderNumber: string
      order: Order | undefined
      why: PendingWhy
      errMsg: string | undefined
    }

interface PayParts {
  wx: WxLike
  api: ApiClient
  session: Session
  storage: Storage
  retry: Retry
  sleep: (ms: number) => Promise<void>
  clock: () => number
  timeoutMs: number
}

/** The server asks WeChat each time, and WeChat's books may lag behind its sheet by seconds. */
const gapsMs = [0, 1000, 2000, 4000, 8000, 15_000]
const askForMs = 30_000

/** What prepay says of an order that takes no payment any more. */
const endedCodes: FenpayError['code'][] = ['order_already_paid', 'order_closed', 'order_expired']

export interface Payments {
  pay(orderNumber: string): Promise<PayAnswer>
  resume(): Promise<PayAnswer[]>
  /** Forgets the payment begun on this order, when the order is settled. */
  see(order: Order): Order
}

export function createPayments({ wx, api, session, storage, retry, sleep, clock, timeoutMs }: PayParts): Payments {
  const inFlight = new Map<string, Promise<PayAnswer>>()

  function begun(): string[] {
    const kept = storage.read('fenpay.payments')
    return Array.isArray(kept) ? (kept as string[]) : []
  }

  function forget(orderNumber: string): void {
    const others = begun().filter((other) => other !== orderNumber)
    if (others.length === 0) storage.remove('fenpay.payments')
    else storage.write('fenpay.payments', others)
  }

  function note(orderNumber: string): void {
    if (!begun().includes(orderNumber)) storage.write('fenpay.payments', [...begun(), orderNumber])
  }

  /**
   * Asks until the order is settled, the server has answered often enough, or the time is over. The time counts gaps
   * and waiting for answers, not the minutes that the phone spent in the background.
   * @returns the last answer, undefined when there was none
   */
  async function ask(orderNumber: string, answersWanted: number): Promise<Order | undefined> {
    let order: Order | undefined
    let answers = 0
    let spentMs = 0
    for (const gapMs of gapsMs) {
      if (spentMs + gapMs > askForMs) break
      if (gapMs > 0) await sleep(gapMs)
      const askedAtMs = clock()
      try {
        order = await session.authorised((token) => api.checkOrder(token, orderNumber))
        answers += 1
        if (isSettled(order) || answers >= answersWanted) break
      } catch (error) {
        // Asking again is the repeat; only that there is no such order will not change.
        if (!isFenpayError(error) || error.code === 'order_not_found') throw error
      }
      spentMs += gapMs + Math.min(Math.max(clock() - askedAtMs, 0), timeoutMs)
    }
    return order
  }

  function conclude(orderNumber: string, order: Order | undefined, errMsg: string | undefined): PayAnswer {
    if (order !== undefined && isSettled(order)) {
      forget(orderNumber)
      return { outcome: order.status, orderNumber, order, errMsg }
    }
    const why = whyPending(order, errMsg)
    if (why === 'cancelled') forget(orderNumber)
    return { outcome: 'pending', orderNumber, order, why, errMsg }
  }

  async function payOnce(orderNumber: string): Promise<PayAnswer> {
    let pay: PaymentParameters
    try {
      pay = (await session.authorised((token) => retry(() => api.prepayOrder(token, orderNumber)))).pay
    } catch (error) {
      if (!isFenpayError(error) || !endedCodes.includes(error.code)) throw error
      const answer = conclude(orderNumber, await ask(orderNumber, 1), undefined)
      return answer.outcome === 'pending' && answer.order !== undefined ? { ...answer, why: 'closing' } : answer
    }
    note(orderNumber)
    const errMsg = await openSheet(wx, pay)
    return conclude(orderNumber, await ask(orderNumber, answersWantedAfter(errMsg)), errMsg)
  }

  return {
    pay(orderNumber) {
      const running = inFlight.get(orderNumber)
      if (running !== undefined) return running
      const run = payOnce(orderNumber).finally(() => inFlight.delete(orderNumber))
      inFlight.set(orderNumber, run)
      return run
    },
    async resume() {
      const interrupted = begun().filter((orderNumber) => !inFlight.has(orderNumber))
      const answers = await Promise.all(
        interrupted.map(async (orderNumber) => {
          try {
            return [conclude(orderNumber, await ask(orderNumber, 1), undefined)]
          } catch (error) {
            if (!isFenpayError(error)) throw error
            forget(orderNumber)
            return []
          }
        }),
      )
      return ([] as PayAnswer[]).concat(...answers)
    },
    see(order) {
      if (isSettled(order)) forget(order.order_number)
      return order
    },
  }
}

/** Resolves with WeChat's errMsg, whichever callback brings it: clients up to 6.5.2 call only complete on a cancel. */
function openSheet(wx: WxLike, pay: PaymentParameters): Promise<string> {
  return new Promise((resolve) => {
    const end = ({ errMsg }: { errMsg: string }) => resolve(errMsg)
    try {
      wx.requestPayment({ ...pay, success: end, fail: end, complete: end })
    } catch (error) {
      resolve(`requestPayment:fail ${error instanceof Error ? error.message : error}`)
    }
  })
}

/** After a cancel one answer is enough. Other failures are mostly final too, but the money may have moved. */
function answersWantedAfter(errMsg: string): number {
  if (isCancel(errMsg)) return 1
  return errMsg === 'requestPayment:ok' ? gapsMs.length : 3
}

function isCancel(errMsg: string): boolean {
  return errMsg.includes('cancel')
}

function isSettled(order: Order): order is Order & { status: 'paid' | 'closed' } {
  return order.status === 'paid' || order.status === 'closed'
}

function whyPending(order: Order | undefined, errMsg: string | undefined): PendingWhy {
  if (order === undefined) return 'no_answer'
  if (order.status === 'closing') return 'closing'
  const reason = order.pending_reason ?? 'not_paid'
  const isUnpaid = reason === 'not_paid' || reason === 'no_payment_started'
  return isUnpaid && errMsg !== undefined && isCancel(errMsg) ? 'cancelled' : reason
}
