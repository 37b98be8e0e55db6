import type { ReportedEvent } from '../storage/report-rows.ts'
import { facts, personOf, spoken } from './words.ts'

/** Told by a line of the attempt, the payment, the request, the refund or the shipment itself. */
const toldElsewhere: ReadonlySet<string> = new Set([
  'attempt_intended',
  'payment_suspended',
  'refund_asked',
  'refund_request_accepted',
  'refund_request_declined',
  'refund_intended',
  'refund_found',
  'shipped',
])

const sentences: Record<string, string> = {
  submitted: 'submitted by the user',
  cancelled: 'cancelled by the user',
  paid: 'paid',
  closed: 'closed, and its stock is free again',
  attempt_prepaid: 'WeChat is ready to take the money',
  attempt_unknown: 'WeChat gave no usable answer; the same request may be sent again',
  attempt_refused: 'refused by WeChat',
  attempt_closed: 'WeChat has closed it',
  refund_unknown: 'no usable answer yet; WeChat is asked again, with the same number',
  refund_waiting_funds: "waits until there is money in the merchant's account",
  refund_processing: 'accepted by WeChat, which is giving the money back',
  refund_succeeded: 'the user has the money',
  refund_corrected: 'put right: WeChat made it all the same',
  refund_abnormal: 'WeChat could not deliver the money',
  refund_settled: 'settled: a person paid the user by other means',
  refund_closed: 'given up by WeChat: the money stays with the merchant',
  refund_refused: 'refused by WeChat: nothing is given back',
  shipping_uploaded: 'WeChat knows of the shipment',
  shipping_refused: 'WeChat refuses the shipment',
  receipt_confirmed: 'the receipt is confirmed',
  money_settled: 'WeChat has settled the money',
}

/** How it came about, where the sentence does not say it. */
const causes: Record<string, string> = {
  notify: 'told by a notification',
  query: 'found by asking WeChat',
  push: 'told by a message push',
  expiry: 'the time to pay it was over',
  cancel: 'as the user wished',
}

/** A person may have sent it to the merchant's own card in the merchant platform; WeChat says SUCCESS of that too. */
const succeededAfterAbnormal = "WeChat has paid it out: to the user, or to the merchant's card if that was chosen there"

/** Facts that other lines tell, or that the event is filed under. */
const untold = ['transaction_id', 'out_trade_no', 'refund_id', 'refund_number', 'amount_fen', 'seq']

/** What an event is about, and what happened, in words; undefined where another line tells it. `all` are the order's. */
export function eventWords(
  event: ReportedEvent,
  all: readonly ReportedEvent[],
): { about: EventSubject; text: string } | undefined {
  const { kind, from_status: from, to_status: to, cause, actor, detail } = event
  if (toldElsewhere.has(kind)) return undefined
  const step = from !== null && from !== to ? ` (${from} → ${to})` : ''
  const how = cause === 'staff' ? `by ${personOf(actor)}` : causes[cause]
  const why = kind === 'cancelled' || how === undefined ? '' : `; ${how}`
  const told = facts(detail, untold)
  return {
    about: subjectOf(kind),
    text: `${sentenceOf(event, all)}${step}${why}${told === '' ? '' : `: ${told}`}`,
  }
}

function sentenceOf({ kind, detail }: ReportedEvent, all: readonly ReportedEvent[]): string {
  const number = detail['refund_number']
  const wasAbnormal = all.some((other) => other.kind === 'refund_abnormal' && other.detail['refund_number'] === number)
  if (kind === 'refund_succeeded' && wasAbnormal) return succeededAfterAbnormal
  return sentences[kind] ?? spoken(kind)
}

export type EventSubject = 'order' | 'attempt' | 'refund' | 'shipment'

function subjectOf(kind: string): EventSubject {
  if (kind.startsWith('attempt_')) return 'attempt'
  if (kind.startsWith('refund_')) return 'refund'
  return kind.startsWith('shipping_') || kind.startsWith('receipt_') ? 'shipment' : 'order'
}
