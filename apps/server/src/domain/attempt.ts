import type { Fen } from '@fenpay/contract'

/** WeChat's protocol that an attempt speaks. */
export type PayApi = 'v3' | 'v2-md5' | 'v2-hmac-sha256'
export const payApis: readonly PayApi[] = ['v3', 'v2-md5', 'v2-hmac-sha256']

/**
 * intended: committed, WeChat may or may not have been called. unknown: it was called and gave no usable answer.
 * prepaid: there is a prepay_id. refused: definitely not accepted. closed: closed at WeChat. paid: WeChat took the money.
 */
export type AttemptStatus = 'intended' | 'unknown' | 'prepaid' | 'refused' | 'closed' | 'paid'

/** One `out_trade_no` at WeChat, with everything that was sent, so that a retry is the same request. */
export interface Attempt {
  merchantId: string
  outTradeNo: string
  orderNumber: string
  seq: number
  payApi: PayApi
  status: AttemptStatus
  appid: string
  openid: string
  totalFen: Fen
  description: string
  notifyUrl: string
  clientIp: string
  timeExpire: Date
  prepayId: string | undefined
  prepayExpiresAt: Date | undefined
  createdAt: Date
  /** How often WeChat was asked for the prepay_id, and when last. */
  calls: number
  lastCallAt: Date | undefined
}

/** Through a live attempt WeChat may still take money. An order has at most one (I2); the database repeats this list. */
export const liveStatuses = ['intended', 'unknown', 'prepaid'] as const satisfies readonly AttemptStatus[]

/** WeChat keeps a prepay_id for two hours (pay-v2.md 4, pay-v3.md 6). */
export const prepayTtlSeconds = 2 * 60 * 60
/** So much of its life must be left when a prepay_id is handed out again: the user needs time at the payment sheet. */
const prepayMarginSeconds = 5 * 60

/** The prepay_id if it can be used again now; else WeChat has to be asked with the same request. */
export function reusablePrepayId(attempt: Attempt, now: Date): string | undefined {
  if (attempt.status !== 'prepaid' || attempt.prepayExpiresAt === undefined) return undefined
  const leftMs = attempt.prepayExpiresAt.getTime() - now.getTime()
  return leftMs > prepayMarginSeconds * 1000 ? attempt.prepayId : undefined
}

/** A call that was counted longer ago is not made any more; it ends long before the number may be closed. */
const callFreshSeconds = 30

/** Whether the call that was counted last may still be made: meanwhile the number can have been given up (F64). */
export function isPrepayFresh(attempt: Attempt, now: Date): boolean {
  return attempt.lastCallAt !== undefined && now.getTime() - attempt.lastCallAt.getTime() < callFreshSeconds * 1000
}

/** WeChat wants five minutes between creating an order and closing it (pay-v2.md 6; F23). We keep it for v3 as well. */
const closeAgeSeconds = 5 * 60

/** Whether WeChat may be asked to close this attempt now. */
export function mayBeClosed(attempt: Attempt, now: Date): boolean {
  return now.getTime() >= closableAt(attempt).getTime()
}

/**
 * When that is. It counts from the last call, not from the attempt: an order may have come to WeChat by that one alone,
 * and none can be under way any more when it is closed.
 */
export function closableAt(attempt: Attempt): Date {
  return new Date((attempt.lastCallAt ?? attempt.createdAt).getTime() + closeAgeSeconds * 1000)
}
