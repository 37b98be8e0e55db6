import type { Refund } from '../../engine/records.ts'

/** refund_status of v2 by the status that v3 names. */
export const v2RefundStatus: Readonly<Record<Refund['status'], string>> = {
  PROCESSING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  ABNORMAL: 'CHANGE',
  CLOSED: 'REFUNDCLOSE',
}
