import type { OrderReport } from '../storage/order-report.ts'
import type {
  ReportedEvent,
  ReportedFlag,
  ReportedNotification,
  ReportedOutbox,
  ReportedPayment,
  ReportedPosting,
  ReportedRefund,
  ReportedRequest,
  ReportedShipment,
} from '../storage/report-rows.ts'
import { type EventSubject, eventWords } from './event-words.ts'
import type { Paint, Tone } from './paint.ts'
import { padEnd, pageWidth, wrap } from './text-layout.ts'
import { bookedSides, clockOf, count, dateTime, dayOf, outboxWords, personOf, spoken, yuan } from './words.ts'

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
  const told = (isWanted: (event: ReportedEvent) => boolean) =>
    report.events.filter(isWanted).flatMap((event) => eventEntries(event, report))
  // What happened in the same moment stays as it is listed here, the cause before its effects.
  const entries: Entry[] = [
    ...told(({ kind }) => kind === 'submitted'),
    ...report.attempts.map((attempt) => attemptEntry(attempt)),
    ...told(({ kind }) => kind.startsWith('attempt_')),
    ...report.payments.map((payment) => paymentEntry(payment, report)),
    ...report.refund_requests.flatMap((request) => requestEntries(request)),
    ...report.notifications.map((notification) => notificationEntry(notification)),
    ...told(({ kind }) => kind !== 'submitted' && !kind.startsWith('attempt_')),
    ...report.refunds.map((refund, index) => refundEntry(refund, index + 1, report)),
    ...report.postings.map((posting) => postingEntry(posting)),
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
    what: `attempt ${seq}`,
    tone: undefined,
    lines: [
      `to pay ${yuan(total_fen)} by ${pay_api}; now: ${status}, after ${count(calls, 'call')} to WeChat`,
      `out_trade_no ${out_trade_no}`,
    ],
  }
}

const knownBy: Record<ReportedPayment['source'], string> = { notify: 'its notification', query: 'asking WeChat' }

function paymentEntry(payment: ReportedPayment, report: OrderReport): Entry {
  const where =
    payment.disposition === 'order' ? 'it pays the order' : `it was put in suspense: ${spoken(payment.reason ?? '')}`
  return {
    at: placeOf(payment, report),
    what: 'payment',
    tone: payment.disposition === 'order' ? 'green' : 'yellow',
    lines: [
      `WeChat took ${yuan(payment.amount_fen)} at ${dateTime(payment.success_time)} of its clock; ${where}`,
      `transaction_id ${payment.transaction_id}, known by ${knownBy[payment.source]}`,
    ],
  }
}

/**
 * WeChat's clock has no fractions and is not ours. It took the money after it was ready to, within the second it names,
 * and before anything here knew of it.
 */
function placeOf({ success_time, out_trade_no, transaction_id }: ReportedPayment, report: OrderReport): Date {
  const { events, attempts, postings, notifications } = report
  const ready =
    events.findLast(({ kind, detail }) => kind === 'attempt_prepaid' && detail['out_trade_no'] === out_trade_no)?.at ??
    attempts.find((attempt) => attempt.out_trade_no === out_trade_no)?.created_at ??
    success_time
  const known = [
    ...postings.filter(({ source_id }) => source_id === transaction_id).map(({ posted_at }) => posted_at),
    ...notifications.filter((one) => one.transaction_id === transaction_id).map(({ received_at }) => received_at),
  ]
  const earliest = Math.max(ready.getTime(), success_time.getTime() + 999)
  return new Date(Math.min(earliest, ...known.map((at) => at.getTime())))
}

const verdicts: Record<string, string> = {
  applied: 'applied',
  repeated: 'repeated; it was known already',
  suspended: 'put in suspense; its money pays no order',
  ignored: 'ignored',
  refused: 'refused; it is not believed',
}

function notificationEntry({ pay_api, received_at, verdict, reason }: ReportedNotification): Entry {
  const words = verdict === null ? 'not judged yet' : (verdicts[verdict] ?? verdict)
  return {
    at: received_at,
    what: 'notification',
    tone: verdict === 'refused' ? 'yellow' : undefined,
    lines: [`from WeChat (${pay_api}): ${words}${reason === null ? '' : ` (${spoken(reason)})`}`],
  }
}

function eventEntries(event: ReportedEvent, report: OrderReport): Entry[] {
  const words = eventWords(event, report.events)
  if (words === undefined) return []
  return [
    {
      at: event.at,
      what: subjectOf(words.about, event, report),
      tone: event.from_status !== null && event.from_status !== event.to_status ? 'bold' : undefined,
      lines: [words.text],
    },
  ]
}

/** `attempt 2`, `refund 1`: which one the event is about. */
function subjectOf(about: EventSubject, { detail }: ReportedEvent, { attempts, refunds }: OrderReport): string {
  const seq =
    about === 'attempt'
      ? (attempts.find(({ out_trade_no }) => out_trade_no === detail['out_trade_no'])?.seq ?? 0)
      : about === 'refund'
        ? refunds.findIndex(({ out_refund_no }) => out_refund_no === detail['refund_number']) + 1
        : 0
  return seq === 0 ? about : `${about} ${seq}`
}

function postingEntry({ kind, posted_at, entries }: ReportedPosting): Entry {
  return { at: posted_at, what: 'ledger', tone: 'dim', lines: [`${spoken(kind)}: ${bookedSides(entries)}`] }
}

const sources: Record<string, string> = {
  user: ', as the user asked',
  policy: ', by its rule for late and double payments',
  external: ', outside Fenpay',
}

const refundTones: Record<string, Tone> = {
  succeeded: 'green',
  settled: 'green',
  abnormal: 'red',
  closed: 'red',
  refused: 'red',
}

function refundEntry(refund: ReportedRefund, seq: number, { payments }: OrderReport): Entry {
  const pieces = refund.items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ')
  const ended = refund.success_time ?? refund.decided_at
  const payment = payments.length > 1 ? `of transaction_id ${refund.transaction_id}` : undefined
  const next = refund.next_check_at === null ? '' : `; next look at ${dateTime(refund.next_check_at)}`
  return {
    at: refund.created_at,
    what: `refund ${seq}`,
    tone: refundTones[refund.status] ?? 'yellow',
    lines: [
      `${yuan(refund.amount_fen)}${pieces === '' ? '' : ` for ${pieces}`}; now: ${spoken(refund.status)}${ended === null ? '' : `, since ${dateTime(ended)}`}`,
      ...(payment === undefined ? [] : [payment]),
      `“${refund.reason}”, decided by ${personOf(refund.created_by)}${sources[refund.source] ?? ''}`,
      `number ${refund.out_refund_no}, after ${count(refund.calls, 'call')} to WeChat${next}`,
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
    lines: [`${request.status} by ${personOf(`staff:${request.answered_by ?? ''}`)}${words}`],
  }
  return [asked, answer]
}

const shipmentStates: Record<string, string> = {
  uploaded: 'known to WeChat',
  refused: 'refused by WeChat',
}

function shipmentEntry({ how, company, tracking_no, status, refusal, recorded_at }: ReportedShipment): Entry {
  const carrier = company === null ? '' : ` ${company} ${tracking_no ?? ''}`
  return {
    at: recorded_at,
    what: 'shipment',
    tone: status === 'refused' ? 'red' : undefined,
    lines: [`${how}${carrier}; now: ${shipmentStates[status] ?? status}${refusal === null ? '' : ` (${refusal})`}`],
  }
}

function outboxEntry(item: ReportedOutbox): Entry {
  const target = item.endpoint_id === null ? '' : ` to ${item.endpoint_id}`
  const tries = count(item.attempts, 'try', 'tries')
  const state = {
    pending: item.attempts === 0 ? 'waits' : `waits after ${tries}`,
    done: `done after ${tries}`,
    dead: `given up after ${tries}`,
  }[item.status]
  const next = item.next_at === null ? '' : `, until ${dateTime(item.next_at)}`
  return {
    at: item.created_at,
    what: 'outbox',
    tone: item.status === 'dead' ? 'red' : 'dim',
    lines: [`${outboxWords(item)}${target}: ${state}${next}${item.last_error === null ? '' : ` (${item.last_error})`}`],
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
    lines: [`${flag.kind} settled by ${personOf(flag.resolved_by ?? '')}: ${flag.note ?? ''}`],
  }
  return [opened, settled]
}
