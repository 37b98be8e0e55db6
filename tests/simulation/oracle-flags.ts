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
export function wrongFlags(books: WechatBooks, ours: Ours): string[] {
  const open = new Set(
    ours.flags.filter(({ resolved_at }) => resolved_at === null).map(({ kind, subject_id }) => `${kind} ${subject_id}`),
  )
  const must = new Set([...moneyReasons(ours), ...refundReasons(ours), ...outboxReasons(ours)])
  const may = new Set([...must, ...outsideReasons(books, ours)])
  return [
    ...[...must].filter((flag) => !open.has(flag)).map((flag) => `nobody is told: ${flag}`),
    ...[...open].filter((flag) => !may.has(flag)).map((flag) => `a flag without a reason: ${flag}`),
  ]
}

/** Money that is on no order, as long as it is not back with the user. */
function moneyReasons({ payments, refunds }: Ours): string[] {
  return payments.flatMap(({ transaction_id, reason, amount_fen }) => {
    const back = refunds
      .filter((refund) => refund.transaction_id === transaction_id && ['succeeded', 'settled'].includes(refund.status))
      .reduce((sum, refund) => sum + refund.amount_fen, 0)
    return reason === null || back === amount_fen ? [] : [`${reason} ${transaction_id}`]
  })
}

function refundReasons({ refunds }: Ours): string[] {
  return refunds.flatMap(({ out_refund_no, status, source }) => [
    ...(flagOf[status] === undefined ? [] : [`${flagOf[status]} ${out_refund_no}`]),
    ...(source === 'external' ? [`external_refund ${out_refund_no}`] : []),
  ])
}

/**
 * What was given up, but for what is told of a flag: that would be the next that cannot be told; and for a shipment that
 * was recorded anew.
 */
function outboxReasons({ outbox, shipments }: Ours): string[] {
  const isOld = (key: string) =>
    shipments.some(({ order_number, revision }) => {
      const [orderNumber, of] = key.split(' ')
      return orderNumber === order_number && Number(of) < revision
    })
  return outbox
    .filter(({ status, once_key }) => status === 'dead' && !once_key.includes('flag.opened') && !isOld(once_key))
    .map(({ outbox_id }) => `outbox_dead ${outbox_id}`)
}

/** WeChat said that money went back before, or without, saying which refund that was. */
function outsideReasons({ refunds }: WechatBooks, { payments }: Ours): string[] {
  const outside = refunds.filter(({ source }) => source === 'platform')
  return [
    ...outside.map(({ out_refund_no }) => `external_refund ${out_refund_no}`),
    ...outside.map(({ transaction_id }) => `external_refund ${transaction_id}`),
    // A person has to look at both: why it is on no order, and who gave it back.
    ...payments
      .filter(({ transaction_id }) => outside.some((refund) => refund.transaction_id === transaction_id))
      .map(({ reason, transaction_id }) => `${reason} ${transaction_id}`),
  ]
}
