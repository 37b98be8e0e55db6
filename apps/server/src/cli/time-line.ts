import type { OrderReport } from '../storage/order-report.ts'
import type {
  ReportedEvent,
  ReportedFlag,
  ReportedOutbox,
  ReportedPayment,
  ReportedRefund,
  ReportedRequest,
  ReportedShipment,
} from '../storage/report-rows.ts'
import type { Paint, Tone } from './paint.ts'
import { padEnd, pageWidth, wrap } from './text-layout.ts'
import { clockOf, count, dateTime, dayOf, facts, spoken, yuan } from './words.ts'

/** One line of an order's history, with more of it below. */
interface Entry {
  at: Date
  what: string
  tone: Tone | undefined
  lines: string[]
}

const whatWidth = 13
const textWidth = pageWidth - 10 - whatWidth

/** Everything that happened, by time, a heading for each day. */
export function timeLine(report: OrderReport, paint: Paint): string[] {
  // What happened in the same moment stays as it is listed here, the cause before its effects.
  const entries: Entry[] = [
    ...report.attempts.map((attempt) => attemptEntry(attempt)),
    ...report.payments.map((payment) => paymentEntry(payment, report)),
    ...report.refund_requests.flatMap((request) => requestEntries(request)),
    ...report.notifications.map((notification) => ({
      at: notification.received_at,
      what: 'notification',
      tone: notification.verdict === 'refused' ? ('yellow' as const) : undefined,
      lines: [
        `by ${notification.pay_api}: ${notification.verdict ?? 'not judged yet'}${notification.reason === null ? '' : ` (${notification.reason})`}`,
      ],
    })),
    ...report.events.map((event) => eventEntry(event)),
    ...report.refunds.map((refund) => refundEntry(refund)),
    ...report.postings.map((posting) => ({
      at: posting.posted_at,
      what: 'ledger',
      tone: 'dim' as const,
      lines: [
        `${spoken(posting.kind)}: ${posting.entries.map(({ account, amount_fen }) => `${account} ${amount_fen > 0 ? '+' : ''}${yuan(amount_fen)}`).join(', ')}`,
      ],
    })),
    ...(report.shipment === undefined ? [] : [shipmentEntry(report.shipment)]),
    ...report.outbox.map((item) => outboxEntry(item)),
    ...report.flags.flatMap((flag) => flagEntries(flag)),
  ]
  const ordered = entries.sort((a, b) => a.at.getTime() - b.at.getTime())
  return ordered.flatMap((entry, index) => {
    const day = dayOf(entry.at)
    const before = ordered[index - 1]
    return [...(before === undefined || dayOf(before.at) !== day ? [paint('dim', day)] : []), ...laidOut(entry, paint)]
  })
}

function laidOut({ at, what, tone, lines }: Entry, paint: Paint): string[] {
  return lines
    .flatMap((line) => wrap(line, textWidth))
    .map((line, index) => {
      const head = index === 0 ? `${clockOf(at)}  ${padEnd(what, whatWidth)}` : ' '.repeat(10 + whatWidth)
      return paint(tone, `${head}${line}`)
    })
}

function attemptEntry(attempt: OrderReport['attempts'][number]): Entry {
  const { seq, out_trade_no, pay_api, status, calls, total_fen, created_at } = attempt
  return {
    at: created_at,
    what: 'attempt',
    tone: undefined,
    lines: [
      `number ${seq} over ${yuan(total_fen)}, ${pay_api}: ${status}, ${count(calls, 'call')}`,
      `out_trade_no ${out_trade_no}`,
    ],
  }
}

/** WeChat's clock has no fractions and is not ours: it never took money before we asked it to. */
function paymentEntry(payment: ReportedPayment, { attempts }: OrderReport): Entry {
  const asked = attempts.find((attempt) => attempt.out_trade_no === payment.out_trade_no)?.created_at
  const { success_time: at } = payment
  const where = payment.disposition === 'order' ? 'pays the order' : `in suspense: ${spoken(payment.reason ?? '')}`
  return {
    at: asked !== undefined && asked > at ? asked : at,
    what: 'payment',
    tone: payment.disposition === 'order' ? 'green' : 'yellow',
    lines: [
      `WeChat took ${yuan(payment.amount_fen)} at ${clockOf(at)} of its clock; ${where}`,
      `transaction_id ${payment.transaction_id}, known by ${payment.source}`,
    ],
  }
}

/** Told with the payment or the refund itself. */
const toldElsewhere = ['transaction_id', 'out_trade_no', 'refund_id', 'refund_number']

function eventEntry({ kind, from_status, to_status, cause, actor, detail, at }: ReportedEvent): Entry {
  const step = from_status !== null && from_status !== to_status ? ` (${from_status} → ${to_status})` : ''
  const told = facts(detail, toldElsewhere)
  return {
    at,
    what: 'event',
    tone: step === '' ? undefined : 'bold',
    lines: [`${spoken(kind)}${step}, by ${actor}, cause ${cause}${told === '' ? '' : `: ${told}`}`],
  }
}

const refundTones: Record<string, Tone> = {
  succeeded: 'green',
  settled: 'green',
  abnormal: 'red',
  closed: 'red',
  refused: 'red',
}

function refundEntry(refund: ReportedRefund): Entry {
  const pieces = refund.items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ')
  const ended = refund.success_time ?? refund.decided_at
  const next = refund.next_check_at === null ? '' : `; next look at ${dateTime(refund.next_check_at)}`
  return {
    at: refund.created_at,
    what: 'refund',
    tone: refundTones[refund.status] ?? 'yellow',
    lines: [
      `${yuan(refund.amount_fen)}${pieces === '' ? '' : ` for ${pieces}`}: ${spoken(refund.status)}${ended === null ? '' : ` at ${dateTime(ended)}`}`,
      `“${refund.reason}”, decided by ${refund.created_by} (${refund.source})`,
      `number ${refund.out_refund_no}, ${count(refund.calls, 'call')}${next}`,
      ...(refund.refund_id === null ? [] : [`WeChat's refund_id ${refund.refund_id}`]),
      ...(refund.refusal_code === null ? [] : [`WeChat said ${refund.refusal_code}: ${refund.refusal_message ?? ''}`]),
    ],
  }
}

function requestEntries(request: ReportedRequest): Entry[] {
  const pieces = request.items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ')
  const asked: Entry = {
    at: request.created_at,
    what: 'request',
    tone: request.status === 'open' ? 'yellow' : undefined,
    lines: [
      `the user asks for ${yuan(request.amount_fen)} back${pieces === '' ? '' : ` (${pieces})`}: “${request.reason}”; ${request.status}`,
    ],
  }
  if (request.answered_at === null) return [asked]
  const words = request.answer === null || request.answer === '' ? '' : `: “${request.answer}”`
  const answer: Entry = {
    at: request.answered_at,
    what: 'answer',
    tone: undefined,
    lines: [`${request.status} by ${request.answered_by}${words}`],
  }
  return [asked, answer]
}

function shipmentEntry(shipment: ReportedShipment): Entry {
  const { company, tracking_no, uploaded_at, confirmed_at, settled_at } = shipment
  const later = [
    ['WeChat told at', uploaded_at],
    ['receipt confirmed at', confirmed_at],
    ['money settled at', settled_at],
  ] as const
  return {
    at: shipment.recorded_at,
    what: 'shipment',
    tone: shipment.status === 'refused' ? 'red' : undefined,
    lines: [
      `${shipment.how}${company === null ? '' : ` ${company} ${tracking_no ?? ''}`}: ${shipment.status}${shipment.refusal === null ? '' : ` (${shipment.refusal})`}`,
      ...later.flatMap(([words, at]) => (at === null ? [] : [`${words} ${dateTime(at)}`])),
    ],
  }
}

function outboxEntry(item: ReportedOutbox): Entry {
  const told = item.event === null ? spoken(item.kind) : `webhook ${item.event} to ${item.endpoint_id ?? ''}`
  const next = item.next_at === null ? '' : `, next at ${dateTime(item.next_at)}`
  return {
    at: item.created_at,
    what: 'outbox',
    tone: item.status === 'dead' ? 'red' : 'dim',
    lines: [
      `${told}: ${item.status} after ${count(item.attempts, 'try', 'tries')}${next}${item.last_error === null ? '' : ` (${item.last_error})`}`,
    ],
  }
}

function flagEntries(flag: ReportedFlag): Entry[] {
  const opened: Entry = {
    at: flag.opened_at,
    what: 'flag',
    tone: flag.resolved_at === null ? 'red' : undefined,
    lines: [`${flag.kind} raised: ${flag.flag_id}`],
  }
  if (flag.resolved_at === null) return [opened]
  const settled: Entry = {
    at: flag.resolved_at,
    what: 'flag',
    tone: undefined,
    lines: [`${flag.kind} settled by ${flag.resolved_by}: ${flag.note ?? ''}`],
  }
  return [opened, settled]
}
