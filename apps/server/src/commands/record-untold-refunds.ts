import type { PaymentGateway, Store, UntoldRefund, World } from '../ports.ts'
import { keepRefund, listExternalRefunds } from './find-external-refunds.ts'

type Ports = {
  store: Store
  payment: PaymentGateway
  world: World
  onFailure: (untold: UntoldRefund, error: unknown) => void
}

/**
 * What was given back outside and could not be recorded when it was seen, since WeChat did not answer, the process ended
 * or a refund of ours held the money: WeChat is asked again for as long as nobody has settled the flag (F19, F76).
 */
export async function recordUntoldRefunds(ports: Ports): Promise<void> {
  for (const untold of await ports.store.untoldRefunds())
    await record(ports, untold).catch((error: unknown) => ports.onFailure(untold, error))
}

async function record(ports: Ports, untold: UntoldRefund): Promise<void> {
  const { store, payment, world } = ports
  const { merchantId, outRefundNo, outTradeNo, transactionId } = untold
  if (outRefundNo === undefined) {
    const attempt = await store.transaction((tx) => tx.findAttempt(merchantId, outTradeNo))
    return attempt && listExternalRefunds(ports, attempt, transactionId)
  }
  const answer = await payment.queryRefund({ ...untold, outRefundNo })
  if (answer.outcome === 'known') await store.transaction((tx) => keepRefund(tx, world, merchantId, answer.evidence))
}
