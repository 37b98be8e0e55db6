import { isWechatError, type WechatError, WechatRefusedError, WechatSignatureError } from '@fenpay/wechat'
import type { PaymentEvidence } from '../domain/payment.ts'
import type { RefundEvidence } from '../domain/refund.ts'
import type {
  CloseOutcome,
  PrepayOutcome,
  QueryOutcome,
  RefundOutcome,
  RefundQueryOutcome,
  UnknownOutcome,
  WeChatRefusal,
} from '../ports.ts'

/** Everything thrown by a call to WeChat, as one of the three outcomes. What is no WeChat error is a bug and flies on. */
function split(error: unknown): { refused: WechatRefusedError } | { unknown: UnknownOutcome } {
  if (!isWechatError(error)) throw error
  // A refusal that may yet have taken effect, as "system busy", is no refusal: it has to be asked about.
  if (error instanceof WechatRefusedError && !error.outcomeUnknown) return { refused: error }
  return { unknown: unknownOutcome(error) }
}

function unknownOutcome(error: WechatError): UnknownOutcome {
  const unverified = error.code === 'wechat_signature' || error.code === 'wechat_decrypt'
  return { outcome: 'unknown', why: unverified ? 'unverified' : 'unreachable', detail: error.message }
}

/** Where a refusal tells no more than silence. */
export function unknownOutcomeOf(error: unknown): UnknownOutcome {
  const reading = split(error)
  return 'unknown' in reading ? reading.unknown : unknownOutcome(reading.refused)
}

function refusalOf(error: WechatRefusedError): WeChatRefusal {
  return { code: error.apiCode, message: error.apiMessage }
}

/** Codes by which WeChat asks to come back later; nothing was refused (F15). */
const laterCodes = new Set(['FREQUENCY_LIMITED', 'RATELIMIT_EXCEEDED', '45009', '45011'])
/** Codes that say something about the number's state, which only a query can tell. */
const numberTakenCodes = new Set(['ORDER_PAID', 'OUT_TRADE_NO_USED', 'INVALID_REQUEST'])

/**
 * WeChat's trade_state as an outcome. Any state but the known final ones leaves the order open: WeChat may add states.
 * REFUND is a paid order of which something was given back (pay-v2.md 5, pay-v3.md 8).
 */
export function queryOutcomeOf(tradeState: string, evidence: PaymentEvidence | undefined): QueryOutcome {
  switch (tradeState) {
    case 'SUCCESS':
    case 'REFUND':
      return evidence === undefined
        ? { outcome: 'unknown', why: 'unreachable', detail: 'a paid order without its payment' }
        : { outcome: 'paid', evidence, refunded: tradeState === 'REFUND' }
    case 'CLOSED':
    case 'REVOKED':
      return { outcome: 'closed' }
    case 'USERPAYING':
      return { outcome: 'not_paid', isPaying: true }
    default:
      return { outcome: 'not_paid' }
  }
}

export function prepayFailureOf(error: unknown): PrepayOutcome {
  const reading = split(error)
  if ('unknown' in reading) return reading.unknown
  const { canonicalCode } = reading.refused
  if (laterCodes.has(canonicalCode)) return unknownOutcome(reading.refused)
  if (canonicalCode === 'ORDER_CLOSED') return { outcome: 'number_closed' }
  const refusal = refusalOf(reading.refused)
  return { outcome: numberTakenCodes.has(canonicalCode) ? 'number_taken' : 'refused', refusal }
}

export function queryFailureOf(error: unknown): QueryOutcome {
  const reading = split(error)
  if ('unknown' in reading) return reading.unknown
  if (laterCodes.has(reading.refused.canonicalCode)) return unknownOutcome(reading.refused)
  if (reading.refused.canonicalCode === 'ORDER_NOT_EXIST') return { outcome: 'no_such_order' }
  return { outcome: 'refused', refusal: refusalOf(reading.refused) }
}

/** For a close every refusal sends us back to the query; only these two are told apart. */
export function closeFailureOf(error: unknown): CloseOutcome {
  const reading = split(error)
  if ('unknown' in reading) return reading.unknown
  if (laterCodes.has(reading.refused.canonicalCode)) return unknownOutcome(reading.refused)
  if (reading.refused.canonicalCode === 'ORDER_PAID') return { outcome: 'already_paid' }
  if (reading.refused.canonicalCode === 'ORDER_NOT_EXIST') return { outcome: 'no_such_order' }
  return { outcome: 'refused', refusal: refusalOf(reading.refused) }
}

/** A refusal that an identical, later call may not meet is no refusal of the refund. */
export function refundFailureOf(error: unknown): RefundOutcome {
  const reading = split(error)
  if ('unknown' in reading) return reading.unknown
  const { canonicalCode } = reading.refused
  if (canonicalCode === 'NOT_ENOUGH') return { outcome: 'no_funds', refusal: refusalOf(reading.refused) }
  if (laterCodes.has(canonicalCode) || refundLaterCodes.has(canonicalCode)) return unknownOutcome(reading.refused)
  return { outcome: 'refused', refusal: refusalOf(reading.refused) }
}

/** The merchant's own keys or the order's state stand in the way for now: the refund is as it was, and is sent again. */
const refundLaterCodes = new Set(['ORDER_NOT_READY', 'SIGN_ERROR', 'CERT_ERROR', 'NO_AUTH', 'INVALID_REQ_TOO_MUCH'])

export function refundQueryFailureOf(error: unknown): RefundQueryOutcome {
  const reading = split(error)
  if ('unknown' in reading) return reading.unknown
  if (laterCodes.has(reading.refused.canonicalCode)) return unknownOutcome(reading.refused)
  if (reading.refused.canonicalCode === 'RESOURCE_NOT_EXISTS') return { outcome: 'no_such_refund' }
  return { outcome: 'refused', refusal: refusalOf(reading.refused) }
}

const refundStates: Record<string, RefundEvidence['state']> = {
  PROCESSING: 'processing',
  SUCCESS: 'succeeded',
  ABNORMAL: 'abnormal',
  CHANGE: 'abnormal',
  CLOSED: 'closed',
  REFUNDCLOSE: 'closed',
}

/** WeChat's refund status, of both protocols, as ours. A status that is none of these leaves the refund as it is. */
export function refundStateOf(status: string): RefundEvidence['state'] {
  return refundStates[status] ?? 'processing'
}

/** Why a notification is not believed, as one word for the inbox. */
export function notifyReasonOf(error: unknown): string {
  if (!isWechatError(error)) throw error
  return 'reason' in error ? error.reason : error.code
}

/** The same as a reading; a body that was changed on its way is suspected where that can be told (F46). */
export function refusedNotifyOf(error: unknown): { outcome: 'refused'; reason: string; suspected?: 'body_altered' } {
  const refused = { outcome: 'refused', reason: notifyReasonOf(error) } as const
  return error instanceof WechatSignatureError && error.bodyAltered
    ? { ...refused, suspected: 'body_altered' }
    : refused
}
