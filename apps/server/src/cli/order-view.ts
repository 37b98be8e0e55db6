import type { OrderReport } from '../storage/order-report.ts'
import type { ReportedFlag, ReportedOrder, ReportedPayment } from '../storage/report-rows.ts'
import { flagLines } from './flag-view.ts'
import type { OrderSum } from './order-sum.ts'
import type { Paint, Tone } from './paint.ts'
import { padEnd, padStart, pageWidth, spread, table, wrap } from './text-layout.ts'
import { timeLine } from './time-line.ts'
import { count, dateTime, yuan } from './words.ts'

const statusTones: Record<ReportedOrder['status'], Tone> = {
  pending: 'yellow',
  closing: 'yellow',
  paid: 'green',
  closed: 'dim',
}

/** The screen of one order, in a hundred columns: what it is, all that happened, what a person must do, the sum. */
export function orderView(report: OrderReport & { sum: OrderSum }, paint: Paint): string[] {
  const open = report.flags.filter((flag) => flag.resolved_at === null)
  return [
    ...headOf(report, paint),
    '',
    spread(paint('bold', 'WHAT HAPPENED'), paint('dim', "Beijing's time")),
    ...timeLine(report, paint),
    '',
    ...flagsOf(open, paint),
    '',
    ...sumOf(report, paint),
  ]
}

function headOf({ order, items, payments }: OrderReport, paint: Paint): string[] {
  if (order === undefined) {
    const [payment] = payments
    return [
      paint('bold', `Payment ${payment?.transaction_id ?? ''}, which belongs to no order`),
      `payer ${payment?.payer_openid ?? ''}`,
    ]
  }
  const times = [
    `made ${dateTime(order.created_at)}`,
    order.paid_at !== null
      ? `paid ${dateTime(order.paid_at)}`
      : order.closed_at !== null
        ? `closed ${dateTime(order.closed_at)}`
        : order.status === 'closing'
          ? 'closes when WeChat confirms it; a payment still counts'
          : `can be paid until ${dateTime(order.expires_at)}`,
    ...(order.next_check_at === null ? [] : [`WeChat is asked at ${dateTime(order.next_check_at)}`]),
  ]
  return [
    spread(paint('bold', `Order ${order.order_number}`), paint(statusTones[order.status], order.status)),
    ...wrap(times.join(', '), pageWidth),
    `user ${order.user_id}, openid ${order.openid}`,
    ...(order.remark === null ? [] : wrap(`remark: ${order.remark}`, pageWidth)),
    '',
    ...table(
      [
        { title: 'sku' },
        { title: 'name' },
        { title: 'each', align: 'right' },
        { title: 'pieces', align: 'right' },
        { title: 'amount', align: 'right' },
        { title: 'in refunds', align: 'right' },
      ],
      [
        ...items.map((item) => [
          item.sku,
          item.name,
          yuan(item.price_fen),
          String(item.quantity),
          yuan(item.amount_fen),
          item.refund_held_quantity === 0 ? '' : String(item.refund_held_quantity),
        ]),
        ['total', '', '', '', yuan(order.total_fen), ''],
      ],
    ),
  ]
}

function flagsOf(open: ReportedFlag[], paint: Paint): string[] {
  if (open.length === 0) return ['No open flag: nobody has to do anything.']
  return [paint('bold', 'WHAT A PERSON MUST DO'), ...open.flatMap((flag) => flagLines(flag, paint))]
}

function sumOf({ payments, flags, sum }: OrderReport & { sum: OrderSum }, paint: Paint): string[] {
  const row = (name: string, amountFen: number, note = '') =>
    `  ${padEnd(name, 14)}${padStart(yuan(amountFen), 14)}${note === '' ? '' : `   ${note}`}`
  const equation = [sum.left_fen, sum.given_back_fen, sum.held_fen, sum.in_suspense_fen].map(yuan).join(' + ')
  return [
    paint('bold', 'SUM'),
    row(
      'paid',
      sum.taken_fen,
      payments.length === 0 ? 'WeChat took nothing' : `what WeChat took, in ${count(payments.length, 'payment')}`,
    ),
    row(
      'given back',
      sum.given_back_fen,
      sum.paid_elsewhere_fen === 0 ? '' : `${yuan(sum.paid_elsewhere_fen)} of it by other means`,
    ),
    row('held', sum.held_fen, sum.held_fen === 0 ? '' : 'by refunds without a result yet'),
    row('in suspense', sum.in_suspense_fen, sum.in_suspense_fen === 0 ? '' : suspenseNote(flags, payments)),
    row('left', sum.left_fen),
    paint(
      sum.holds ? 'green' : 'red',
      `  paid = left + given back + held + in suspense:  ${yuan(sum.taken_fen)} = ${equation}`,
    ),
    paint(
      sum.holds ? 'green' : 'red',
      sum.holds
        ? '  It holds, and the ledger says the same.'
        : '  IT DOES NOT HOLD, or the ledger says something else: run fenpay check.',
    ),
  ]
}

/** A person may have decided that it stays: then no flag tells of it any more. */
function suspenseNote(flags: ReportedFlag[], payments: ReportedPayment[]): string {
  const isOpen = payments.some(({ transaction_id }) =>
    flags.some((flag) => flag.subject_id === transaction_id && flag.resolved_at === null),
  )
  return `pays no order; ${isOpen ? 'see its flag' : 'its flag is settled'}`
}
