import { refundPaidElsewherePosting } from '../domain/ledger.ts'
import { type Refund, refundTransitions } from '../domain/refund.ts'
import { spoken } from '../domain/spoken.ts'
import type { Store, World } from '../ports.ts'
import { announceRefund, lockRefundWithOrder } from './apply-refund.ts'

export type SettleRefundOutcome =
  | { outcome: 'settled'; refund: Refund }
  | { outcome: 'refused'; code: 'refund_not_found' | 'refund_not_abnormal'; detail: string }

/**
 * A person paid the user by other means, since WeChat could not deliver the refund. The money at WeChat stays the
 * merchant's; the user has it, so the refund is over, and the flag with it.
 * `note` says how it was paid; `by` is who says so, `staff:…`.
 */
export function settleAbnormalRefund(
  { store, world }: { store: Store; world: World },
  merchantId: string,
  outRefundNo: string,
  { note, by }: { note: string; by: string },
): Promise<SettleRefundOutcome> {
  return store.transaction(async (tx) => {
    const locked = await lockRefundWithOrder(tx, merchantId, outRefundNo)
    if (locked === undefined)
      return { outcome: 'refused', code: 'refund_not_found', detail: `There is no refund ${outRefundNo}.` }
    const { refund, order, payment } = locked
    const to = refundTransitions[refund.status].settle
    if (to === undefined)
      return {
        outcome: 'refused',
        code: 'refund_not_abnormal',
        detail: `The refund is ${spoken(refund.status)}, not abnormal.`,
      }
    const at = world.now()
    await tx.moveRefund(refund, { to, at, nextCheckAt: undefined })
    await tx.post(merchantId, refundPaidElsewherePosting(refund), at)
    if (order !== undefined) {
      const detail = { refund_number: outRefundNo, amount_fen: refund.amountFen, note }
      await tx.addEvent(order, { kind: `refund_${to}`, to: order.status, cause: 'staff', actor: by, at, detail })
    }
    await tx.resolveFlag(merchantId, 'refund_abnormal', outRefundNo, by, note, at)
    if (payment.suspenseReason !== undefined && payment.refundedFen + refund.amountFen === payment.paidFen)
      await tx.resolveFlag(merchantId, payment.suspenseReason, payment.transactionId, by, note, at)
    const settled: Refund = { ...refund, status: to }
    await announceRefund(tx, world, 'refund.succeeded', settled)
    return { outcome: 'settled', refund: settled }
  })
}
