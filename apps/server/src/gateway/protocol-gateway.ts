import type { PaymentParameters } from '@fenpay/contract'
import type { Attempt } from '../domain/attempt.ts'
import type { Refund } from '../domain/refund.ts'
import type {
  CloseOutcome,
  NotifyReading,
  PrepayOutcome,
  QueryOutcome,
  RefundKey,
  RefundListOutcome,
  RefundOutcome,
  RefundQueryOutcome,
} from '../ports.ts'

/** One protocol of one merchant. */
export interface ProtocolGateway {
  prepay(attempt: Attempt): Promise<PrepayOutcome>
  query(attempt: Attempt): Promise<QueryOutcome>
  close(attempt: Attempt): Promise<CloseOutcome>
  refund(refund: Refund): Promise<RefundOutcome>
  queryRefund(key: RefundKey): Promise<RefundQueryOutcome>
  listRefunds(attempt: Attempt): Promise<RefundListOutcome>
  paymentParameters(attempt: Attempt, prepayId: string): Promise<PaymentParameters>
  readNotify(headers: Record<string, string>, body: Uint8Array): Promise<NotifyReading>
}
