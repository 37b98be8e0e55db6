import type { Ours } from './read-ours.ts'
import type { WechatBooks } from './wechat-books.ts'

/** Which flag a refund that stands so must have. */
const flagOf: Record<string, string> = {
  waiting_funds: 'refund_waiting_funds',
  abnormal: 'refund_abnormal',
  closed: 'refund_failed',
  refused: 'refund_failed',
}

/** No reason without an open flag, and no open flag without a reason. */
export function wrongFlags(books: WechatBooks, ours: Ours, refusedButMade: ReadonlySet<string>): string[] {
  const open = new Set(
    ours.flags.filter(({ resolved_at }) => resolved_at === null).map(({ kind, subject_id }) => `${kind} ${subject_id}`),
  )
  const given = givenUp(ours)
  const must = new Set([...moneyReasons(ours), ...refundReasons(ours), ...given.told])
  // The flag ends with the next look at what is overdue.
  const may = new Set([
    ...must,
    ...given.settled,
    ...outsideReasons(books, ours),
    ...contradictionReasons(ours, refusedButMade),
  ])
  return [
    ...[...must].filter((flag) => !open.has(flag)).map((flag) => `nobody is told: ${flag}`),
    ...[...open].filter((flag) => !may.has(flag)).map((flag) => `a flag without a reason: ${flag}`),
  ]
}

/** Money that is on no order, as long as it is not back with the user. */
function moneyReasons({ payments, refunds }: Ours): string[] {
  return payments
    .filter((payment) => payment.reason !== null && !isAllBack(payment, refunds))
    .map(({ reason, transaction_id }) => `${reason} ${transaction_id}`)
}

function isAllBack({ transaction_id, amount_fen }: Ours['payments'][number], refunds: Ours['refunds']): boolean {
  const back = refunds
    .filter((refund) => refund.transaction_id === transaction_id && ['succeeded', 'settled'].includes(refund.status))
    .reduce((sum, refund) => sum + refund.amount_fen, 0)
  return back === amount_fen
}

function refundReasons({ refunds }: Ours): string[] {
  return refunds.flatMap(({ out_refund_no, status, source }) => [
    ...(flagOf[status] === undefined ? [] : [`${flagOf[status]} ${out_refund_no}`]),
    ...(source === 'external' ? [`external_refund ${out_refund_no}`] : []),
  ])
}

/**
 * What was given up, but for what is told of a flag: that would be the next that cannot be told; and for a shipment that
 * was recorded anew. `settled`: a shipment whose money is all back with the user.
 */
function givenUp({ outbox, shipments, payments, refunds }: Ours): { told: string[]; settled: string[] } {
  const isOld = (key: string) =>
    shipments.some(({ order_number, revision }) => {
      const [orderNumber, of] = key.split(' ')
      return orderNumber === order_number && Number(of) < revision
    })
  const backOrders = new Set(
    payments
      .filter((payment) => payment.disposition === 'order' && isAllBack(payment, refunds))
      .map(({ order_number }) => order_number),
  )
  const dead = outbox.filter(
    ({ status, once_key }) => status === 'dead' && !once_key.includes('flag.opened') && !isOld(once_key),
  )
  const isSettled = ({ kind, once_key }: Ours['outbox'][number]) =>
    kind === 'upload_shipping' && backOrders.has(once_key.split(' ')[0] ?? '')
  const flags = (items: readonly Ours['outbox'][number][]) => items.map(({ outbox_id }) => `outbox_dead ${outbox_id}`)
  return { told: flags(dead.filter((item) => !isSettled(item))), settled: flags(dead.filter(isSettled)) }
}

/** WeChat refused it, and spoke of it later all the same; where it came to nothing there, nothing is put right. */
function contradictionReasons({ refunds }: Ours, refusedButMade: ReadonlySet<string>): string[] {
  return refunds
    .filter(({ out_refund_no, status }) => status === 'refused' && refusedButMade.has(out_refund_no))
    .map(({ out_refund_no }) => `refund_contradiction ${out_refund_no}`)
}

/** WeChat said that money went back before, or without, saying which refund that was; or of a payment that nobody knows. */
function outsideReasons({ refunds }: WechatBooks, { payments, inbox, flags }: Ours): string[] {
  const outside = refunds.filter(({ source }) => source === 'platform')
  const unknown = new Set(
    inbox.filter(({ reason }) => reason === 'payment_unknown').map(({ transaction_id }) => transaction_id),
  )
  return [
    ...flags
      .filter(({ kind, transaction_id }) => kind === 'external_refund' && unknown.has(transaction_id))
      .map(({ subject_id }) => `external_refund ${subject_id}`),
    ...outside.map(({ out_refund_no }) => `external_refund ${out_refund_no}`),
    ...outside.map(({ transaction_id }) => `external_refund ${transaction_id}`),
    // A person has to look at both: why it is on no order, and who gave it back.
    ...payments
      .filter(({ transaction_id }) => outside.some((refund) => refund.transaction_id === transaction_id))
      .map(({ reason, transaction_id }) => `${reason} ${transaction_id}`),
  ]
}
