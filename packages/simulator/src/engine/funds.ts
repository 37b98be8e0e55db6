import type { Books } from './books.ts'
import type { MerchantPlatform } from './records.ts'

/** A merchant's money in fen: `balance` = `paid` − `refunded` − `processing` − `abnormal` + `adjusted`. Fees are not booked. */
export interface Funds {
  readonly paidFen: number
  /** Arrived at the payers. */
  readonly refundedFen: number
  /** Taken for refunds that are under way. */
  readonly processingFen: number
  /** Taken, but the payer's account did not take it; held until an abnormal refund sends it elsewhere. */
  readonly abnormalFen: number
  readonly adjustedFen: number
  readonly balanceFen: number
}

/** What the merchant platform says, also before anything was set there. */
export const platformOf = (books: Books, mchid: string): MerchantPlatform =>
  books.platforms.get(mchid) ?? { mchid, adjustedFen: 0, refundSeconds: 3 }

/** Adds the books up, so that they cannot disagree with the balance. */
export function fundsOf(books: Books, mchid: string): Funds {
  const taken = { SUCCESS: 0, PROCESSING: 0, ABNORMAL: 0, CLOSED: 0 }
  for (const refund of books.refunds.values()) {
    if (refund.mchid === mchid && !refund.awaitsFunds) taken[refund.status] += refund.refundFen
  }
  let paidFen = 0
  for (const order of books.orders.values()) {
    if (order.mchid === mchid) paidFen += order.payment?.totalFen ?? 0
  }
  const { adjustedFen } = platformOf(books, mchid)
  return {
    paidFen,
    refundedFen: taken.SUCCESS,
    processingFen: taken.PROCESSING,
    abnormalFen: taken.ABNORMAL,
    adjustedFen,
    balanceFen: paidFen - taken.SUCCESS - taken.PROCESSING - taken.ABNORMAL + adjustedFen,
  }
}
