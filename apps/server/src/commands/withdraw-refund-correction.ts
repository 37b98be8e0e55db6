import type { Refund } from '../domain/refund.ts'
import type { Store } from '../ports.ts'

export type WithdrawCorrectionOutcome =
  | { outcome: 'withdrawn'; refund: Refund }
  | { outcome: 'refused'; code: 'refund_not_found' | 'correction_not_asked'; detail: string }

/**
 * Staff do not want a failed refund put right any more: WeChat is asked about it no longer. A server that is asking just
 * now finds no wish when it has the answer, and changes nothing. Whoever asked reads who took it back.
 * @param by who takes it back, `staff:…`
 */
export function withdrawRefundCorrection(
  { store }: { store: Store },
  merchantId: string,
  outRefundNo: string,
  by: string,
): Promise<WithdrawCorrectionOutcome> {
  return store.transaction(async (tx) => {
    const refund = await tx.lockRefund(merchantId, outRefundNo)
    if (refund === undefined)
      return { outcome: 'refused', code: 'refund_not_found', detail: `There is no refund ${outRefundNo}.` }
    if (refund.correctionBy === undefined)
      return {
        outcome: 'refused',
        code: 'correction_not_asked',
        detail: `Nobody waits for it to be put right; the refund is ${refund.status}.`,
      }
    const message = `Asked for by ${refund.correctionBy}, taken back by ${by}.`
    await tx.refuseCorrection(refund, { code: 'correction_withdrawn', message })
    return { outcome: 'withdrawn', refund }
  })
}
