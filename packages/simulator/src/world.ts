import type { KeyCache } from './crypto/rsa.ts'
import type { CallCounts } from './engine/call-counts.ts'
import type { Engine } from './engine/engine.ts'
import type { FaultPlan } from './engine/fault-plan.ts'
import type { RefundRates } from './engine/refund-rates.ts'
import type { RequestLog } from './engine/request-log.ts'

/** The engine with what stands around it: keys parsed once, planned faults, what was seen. Only the books are kept. */
export interface World extends Engine {
  readonly keys: KeyCache
  readonly faults: FaultPlan
  readonly requests: RequestLog
  readonly callCounts: CallCounts
  /** By out_refund_no. */
  readonly refundCallCounts: CallCounts
  readonly refundRates: RefundRates
}
