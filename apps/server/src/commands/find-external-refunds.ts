import type { Attempt } from '../domain/attempt.ts'
import type { PaymentGateway, Store, World } from '../ports.ts'
import { applyRefund } from './apply-refund.ts'
import { recordExternalRefund } from './external-refund.ts'
import { raiseFlag } from './raise-flag.ts'

/**
 * WeChat says of a payment, the first time it is asked, that some of it was given back already: somebody did it in the
 * merchant platform (F19). What it can list is recorded and flagged; where it has no list (v3) the flag alone says so,
 * and the notification or the bill brings the rest.
 */
export async function findExternalRefunds(
  ports: { store: Store; payment: PaymentGateway; world: World },
  attempt: Attempt,
  transactionId: string,
): Promise<void> {
  const { store, world } = ports
  const { merchantId, orderNumber } = attempt
  const list = await ports.payment.listRefunds(attempt)
  if (list.outcome === 'listed') {
    for (const evidence of list.refunds) {
      await store.transaction(async (tx) => {
        const { applied } = await applyRefund(tx, world, merchantId, evidence)
        if (applied === 'not_ours') await recordExternalRefund(tx, world, merchantId, evidence)
      })
    }
    if (list.refunds.length > 0) return
  }
  await store.transaction((tx) =>
    raiseFlag(tx, world, merchantId, {
      kind: 'external_refund',
      subjectType: 'payment',
      subjectId: transactionId,
      orderNumber,
      evidence: { out_trade_no: attempt.outTradeNo, state: 'REFUND', amount: 'not told' },
    }),
  )
}
