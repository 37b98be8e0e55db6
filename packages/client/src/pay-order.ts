import type { Order, PaymentParameters, PendingReason } from '@fenpay/contract'
import { isFenpayError, statusOf } from './errors.ts'
import { keep } from './kept.ts'
import type { Parts } from './parts.ts'
import type { Session } from './session.ts'
import { shareInFlight } from './share-in-flight.ts'
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
  | { outcome: 'paid' | 'closed'; orderNumber: string; order: Order; why: undefined; errMsg: string | undefined }
  | {
      outcome: 'pending'
      orderNumber: string
      order: Order | undefined
      why: PendingWhy
      errMsg: string | undefined
    }

/** The server asks WeChat each time, and WeChat's books may lag behind its sheet by seconds. */
const gapsMs = [0, 1000, 2000, 4000, 8000, 15_000]
const askForMs = 30_000

export interface Payments {
  pay(orderNumber: string): Promise<PayAnswer>
  resume(): Promise<PayAnswer[]>
  /** Forgets the payment begun on this order, when the order is settled. */
  see(order: Order): Order
}

export function createPayments({ wx, api, sleep, clock, timeoutMs }: Parts, session: Session): Payments {
  const payments = shareInFlight<PayAnswer>()

  const begun = keep<string[]>(wx, 'fenpay.payments', [])

  function forget(orderNumber: string): void {
    begun.set(begun.get().filter((other) => other !== orderNumber))
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
      await sleep(gapMs)
      const askedAtMs = clock()
      try {
        order = await session.authorised((token) => api.checkOrder(token, orderNumber))
        answers += 1
        if (isSettled(order) || answers >= answersWanted) break
      } catch (error) {
        // Asking again is the repeat; only that there is no such order will not change.
        if (!isFenpayError(error) || error.code === 'order_not_found') throw error
      }
      spentMs += gapMs + Math.min(clock() - askedAtMs, timeoutMs)
    }
    return order
  }

  /** `whyUnpaid` is what it means here when WeChat has no payment. */
  async function settle(orderNumber: string, answersWanted: number, errMsg?: string, whyUnpaid?: PendingWhy) {
    const order = await ask(orderNumber, answersWanted)
    const why = whyPending(order, whyUnpaid)
    if (why === undefined || why === 'cancelled') forget(orderNumber)
    return { outcome: why === undefined ? order?.status : 'pending', orderNumber, order, why, errMsg } as PayAnswer
  }

  async function payOnce(orderNumber: string): Promise<PayAnswer> {
    let pay: PaymentParameters
    try {
      pay = (await session.authorisedWithRetry((token) => api.prepayOrder(token, orderNumber))).pay
    } catch (error) {
      // 409: the order is paid, closed or expired, so it takes no payment any more.
      if (statusOf(error) !== 409) throw error
      return settle(orderNumber, 1, undefined, 'closing')
    }
    if (!begun.get().includes(orderNumber)) begun.set(begun.get().concat(orderNumber))
    const errMsg = await openSheet(wx, pay)
    // Failures other than a cancel are mostly final too, but the money may have moved.
    if (errMsg.includes('cancel')) return settle(orderNumber, 1, errMsg, 'cancelled')
    return settle(orderNumber, errMsg === 'requestPayment:ok' ? gapsMs.length : 3, errMsg)
  }

  return {
    pay: (orderNumber) => payments.run(orderNumber, () => payOnce(orderNumber)),
    async resume() {
      const answers: PayAnswer[] = []
      await Promise.all(
        begun.get().map(async (orderNumber) => {
          if (payments.isRunning(orderNumber)) return
          try {
            answers.push(await settle(orderNumber, 1))
          } catch (error) {
            if (!isFenpayError(error)) throw error
            forget(orderNumber)
          }
        }),
      )
      return answers
    },
    see(order) {
      if (isSettled(order)) forget(order.order_number)
      return order
    },
  }
}

/** Resolves with WeChat's errMsg, whichever callback brings it: clients up to 6.5.2 call only complete on a cancel. */
function openSheet(wx: WxLike, pay: PaymentParameters): Promise<string> {
  return new Promise<string>((resolve) => {
    const end = ({ errMsg }: { errMsg: string }) => resolve(errMsg)
    wx.requestPayment({ success: end, fail: end, complete: end, ...pay })
  }).catch(String)
}

function isSettled(order: Order): boolean {
  return order.status === 'paid' || order.status === 'closed'
}

function whyPending(order: Order | undefined, whyUnpaid: PendingWhy | undefined): PendingWhy | undefined {
  if (order === undefined) return 'no_answer'
  if (isSettled(order)) return undefined
  if (order.status === 'closing') return 'closing'
  const reason = order.pending_reason ?? 'not_paid'
  return reason === 'not_paid' || reason === 'no_payment_started' ? (whyUnpaid ?? reason) : reason
}
