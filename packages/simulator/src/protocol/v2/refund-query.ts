import { toSpacedTime } from '../../engine/beijing-time.ts'
import type { Refund } from '../../engine/records.ts'
import { refundsOf } from '../../engine/refunds.ts'
import type { World } from '../../world.ts'
import { checkFields, refundQueryRules } from './field-rules.ts'
import { v2RefundStatus } from './refund-states.ts'
import type { V2Fields } from './v2-answer.ts'
import { V2Refusal } from './v2-refusal.ts'
import type { V2Request } from './v2-request.ts'

const pageLength = 10

/** /pay/refundquery (pay-v2.md 8). By an order number it answers pages of ten, oldest first, from `offset` on. */
export function refundQuery(world: World, request: V2Request): V2Fields {
  checkFields(request.params, refundQueryRules, 'PARAM_ERROR')
  const { refunds, byOrder } = findRefunds(world, request)
  const [first] = refunds
  if (!first) throw new V2Refusal('REFUNDNOTEXIST', '退款单不存在')
  const givenOffset = byOrder ? (request.params.get('offset') ?? '') : ''
  const offset = Number(givenOffset)
  if (offset >= refunds.length) throw new V2Refusal('PARAM_ERROR', 'offset超过退款总笔数')
  const page = refunds.slice(offset, offset + pageLength)
  const counted: V2Fields =
    refunds.length > pageLength || givenOffset !== '' ? [['total_refund_count', refunds.length]] : []
  return [
    ...counted,
    ['transaction_id', first.transactionId],
    ['out_trade_no', first.outTradeNo],
    ['total_fee', first.totalFen],
    ['fee_type', 'CNY'],
    ['cash_fee', first.totalFen],
    ['refund_count', page.length],
    ...page.flatMap(refundEntry),
  ]
}

/** The first number that is given counts: refund_id, out_refund_no, transaction_id, out_trade_no. */
function findRefunds({ books }: World, { params, merchant }: V2Request): { refunds: Refund[]; byOrder: boolean } {
  const { mchid } = merchant
  const given = (name: string): string => params.get(name) ?? ''
  if (given('refund_id') !== '' || given('out_refund_no') !== '') {
    const refund =
      given('refund_id') === ''
        ? books.refunds.get(mchid, given('out_refund_no'))
        : books.refunds.find(given('refund_id'))
    return { refunds: refund?.mchid === mchid ? [refund] : [], byOrder: false }
  }
  if (given('transaction_id') === '' && given('out_trade_no') === '') {
    throw new V2Refusal('PARAM_ERROR', '缺少参数out_refund_no')
  }
  const order =
    given('transaction_id') === ''
      ? books.orders.get(mchid, given('out_trade_no'))
      : books.orders.find(given('transaction_id'))
  if (given('transaction_id') !== '' && order?.mchid !== mchid) {
    throw new V2Refusal('INVALID_TRANSACTIONID', '无效transaction_id')
  }
  return { refunds: order ? refundsOf(books, order) : [], byOrder: true }
}

const refundEntry = (refund: Refund, n: number): V2Fields => [
  [`out_refund_no_${n}`, refund.outRefundNo],
  [`refund_id_${n}`, refund.refundId],
  [`refund_channel_${n}`, 'ORIGINAL'],
  [`refund_fee_${n}`, refund.refundFen],
  [`refund_status_${n}`, v2RefundStatus[refund.status]],
  [`refund_account_${n}`, 'REFUND_SOURCE_RECHARGE_FUNDS'],
  [`refund_recv_accout_${n}`, refund.receivedBy],
  [`refund_success_time_${n}`, refund.successAtMs === undefined ? '' : toSpacedTime(refund.successAtMs)],
]
