import type { Refund } from '../domain/refund.ts'
import { nextRefundCheckAt } from '../domain/refund-schedule.ts'
import type { ClaimedRefund, PaymentGateway, Store, World } from '../ports.ts'
import { settleRefund } from './settle-refund.ts'
import { sweep } from './sweep.ts'

type Ports = {
  store: Store
  payment: PaymentGateway
  world: World
  onFailure: (refund: Refund, error: unknown) => void
}

/**
 * Sends the refunds that are due to WeChat, and asks how the earlier ones went: the net under lost notifications (F30)
 * and under answers that never came (F25).
 * @returns whether more may be due at once
 */
export function sweepRefunds(ports: Ports, signal: AbortSignal): Promise<boolean> {
  const work = {
    now: ports.world.now(),
    claim: ports.store.claimDueRefunds,
    lookAt: (claimed: ClaimedRefund) => lookAt(ports, claimed),
    onFailure: ({ refund }: ClaimedRefund, error: unknown) => ports.onFailure(refund, error),
  }
  return sweep(work, signal)
}

async function lookAt(ports: Ports, claimed: ClaimedRefund): Promise<void> {
  const { refund, checkCount } = claimed
  const isToBeCorrected = refund.correctionBy !== undefined
  await settleRefund(ports, refund)
  // Where it has moved on, it has its own next look already, and this one changes nothing.
  const next = nextRefundCheckAt(isToBeCorrected ? 'unknown' : refund.status, checkCount, ports.world.now())
  if (next !== undefined) await ports.store.scheduleRefundCheck(claimed, next)
}
