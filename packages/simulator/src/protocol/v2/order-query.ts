import { toCompactTime } from '../../engine/beijing-time.ts'
import { tradeStateOf } from '../../engine/orders.ts'
import type { Payment } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import { seenState } from '../seen-state.ts'
import { tradeStateTexts } from '../trade-state-texts.ts'
import { checkFields, orderQueryRules } from './field-rules.ts'
import type { V2Fields } from './v2-answer.ts'
import { V2Refusal } from './v2-refusal.ts'
import type { V2Request } from './v2-request.ts'

/** /pay/orderquery (pay-v2.md 5). transaction_id wins over out_trade_no. */
export function orderQuery(world: World, request: V2Request): V2Fields {
  checkFields(request.params, orderQueryRules)
  const { mchid } = request.merchant
  const transactionId = request.params.get('transaction_id') ?? ''
  const outTradeNo = request.params.get('out_trade_no') ?? ''
  if (transactionId === '' && outTradeNo === '') throw new V2Refusal('LACK_PARAMS', '缺少参数out_trade_no')
  const order = transactionId ? world.books.orders.find(transactionId) : world.books.orders.get(mchid, outTradeNo)
  const subject = { path: request.path, mchid, outTradeNo: order?.outTradeNo ?? '', about: 'payment' } as const
  if (!order || order.mchid !== mchid || world.faults.take(subject, 'query.not-exist')) {
    throw new V2Refusal('ORDERNOTEXIST', '此交易订单号不存在')
  }
  const settled = tradeStateOf(order, world.clock.nowMs())
  const state = seenState(world, settled, subject)
  return [
    ...((state === 'SUCCESS' || state === 'REFUND') && order.payment ? paymentFields(order.payment) : []),
    ['out_trade_no', order.outTradeNo],
    ['attach', order.attach ?? ''],
    ['trade_state', state],
    ['trade_state_desc', tradeStateTexts[state]],
  ]
}

/** What query and notification tell of a payment. */
export const paymentFields = (payment: Payment): V2Fields => [
  ['openid', payment.openid],
  ['is_subscribe', 'N'],
  ['trade_type', 'JSAPI'],
  ['bank_type', payment.bankType],
  ['total_fee', payment.totalFen],
  ['fee_type', 'CNY'],
  ['cash_fee', payment.totalFen],
  ['cash_fee_type', 'CNY'],
  ['transaction_id', payment.transactionId],
  ['time_end', toCompactTime(payment.paidAtMs)],
]
