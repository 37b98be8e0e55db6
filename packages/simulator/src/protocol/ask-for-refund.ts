import type { Refund } from '../engine/records.ts'
import { acceptRefund, type RefundProblem, type RefundRequest } from '../engine/refunds.ts'
import type { World } from '../world.ts'

/** A refund call of either protocol, with the merchant's limits and the faults about its funds. */
export function askForRefund(
  world: World,
  path: string,
  request: RefundRequest,
): Refund | RefundProblem | 'too-many-calls' | 'too-many-refusals' {
  const { mchid, outRefundNo } = request
  const nowMs = world.clock.wallMs()
  const exceeded = world.refundRates.exceeded(mchid, nowMs)
  if (exceeded) return exceeded === 'accepted' ? 'too-many-calls' : 'too-many-refusals'
  const outcome = acceptRefund(world, request, (outTradeNo) => {
    const subject = { path, mchid, outTradeNo, outRefundNo, about: 'refund' } as const
    const fault = world.faults.take(subject, 'refund.not-enough', 'refund.waits-for-funds')
    return fault && (fault.name === 'refund.not-enough' ? 'refuse' : 'wait')
  })
  world.refundRates.add(mchid, nowMs, typeof outcome !== 'string')
  return outcome
}
