import { type Refund, refundCorrections } from '../domain/refund.ts'
import type { Store, World } from '../ports.ts'

export type AskCorrectionOutcome =
  | { outcome: 'asked'; refund: Refund }
  | { outcome: 'refused'; code: 'refund_not_found' | 'nothing_to_correct'; detail: string }

/**
 * Staff want a refund put right that failed here and that WeChat made all the same. What is committed here a running
 * server carries out, within seconds: see correct-refund.ts. Asked again meanwhile, it is the same wish.
 * `by` is who wants it, `staff:…`.
 */
export function askRefundCorrection(
  { store, world }: { store: Store; world: World },
  merchantId: string,
  outRefundNo: string,
  by: string,
): Promise<AskCorrectionOutcome> {
  return store.transaction(async (tx) => {
    const refund = await tx.lockRefund(merchantId, outRefundNo)
    if (refund === undefined)
      return { outcome: 'refused', code: 'refund_not_found', detail: `There is no refund ${outRefundNo}.` }
    if (refundCorrections[refund.status] === undefined)
      return {
        outcome: 'refused',
        code: 'nothing_to_correct',
        detail: `The refund is ${refund.status}; only a refused or closed one is put right.`,
      }
    await tx.wishCorrection(refund, by, world.now())
    return { outcome: 'asked', refund: { ...refund, correctionBy: refund.correctionBy ?? by } }
  })
}
