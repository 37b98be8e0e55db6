import type { Refund } from '../../engine/records.ts'
import type { RefundRequest } from '../../engine/refunds.ts'
import type { World } from '../../world.ts'
import { askForRefund } from '../ask-for-refund.ts'
import { checkFields, refundRules } from './field-rules.ts'
import type { V2Fields } from './v2-answer.ts'
import { type V2Code, V2Refusal } from './v2-refusal.ts'
import type { V2Request } from './v2-request.ts'

/** /secapi/pay/refund (pay-v2.md 7). SUCCESS means accepted; the outcome comes later. */
export function refund(world: World, request: V2Request): V2Fields {
  checkFields(request.params, refundRules, 'PARAM_ERROR')
  const wanted = toRefundRequest(request)
  if (wanted.transactionId === '' && wanted.outTradeNo === '') {
    throw new V2Refusal('PARAM_ERROR', 'transaction_id和out_trade_no必须二选一')
  }
  const { mchid, outTradeNo, outRefundNo } = wanted
  const subject = { path: request.path, mchid, outTradeNo, outRefundNo, about: 'refund' } as const
  const fault = world.faults.take(subject, 'refund.system-error', 'refund.refused-but-made')
  const isRefused = fault?.name === 'refund.refused-but-made'
  if (!fault || isRefused || fault.options['effect'] === true) {
    const accepted = accept(world, request, wanted)
    if (!fault) return acceptedFields(accepted)
  }
  if (isRefused) throw new V2Refusal('USER_ACCOUNT_ABNORMAL', '用户账户异常')
  throw fault.options['code'] === 'BIZERR_NEED_RETRY'
    ? new V2Refusal('BIZERR_NEED_RETRY', '退款业务流程错误，需要商户触发重试来解决')
    : new V2Refusal('SYSTEMERROR', '系统错误')
}

function accept(world: World, request: V2Request, wanted: RefundRequest): Refund {
  const outcome = askForRefund(world, request.path, wanted)
  if (typeof outcome !== 'string') return outcome
  const [code, text] = refusals[outcome]
  throw new V2Refusal(code, text)
}

const refusals: Readonly<
  Record<Extract<ReturnType<typeof askForRefund>, string>, readonly [code: V2Code, text: string]>
> = {
  'amount-differs': ['REFUND_FEE_MISMATCH', '订单金额或退款金额与之前请求不一致，请核实后再试'],
  'request-differs': ['INVALID_REQUEST', '商户退款单号已使用，退款信息与之前请求不一致'],
  'no-transaction': ['INVALID_TRANSACTIONID', '无效transaction_id'],
  'no-order': ['ORDERNOTEXIST', '订单不存在'],
  'total-differs': ['REFUND_FEE_MISMATCH', '订单金额或退款金额不一致，请检查后再试'],
  overdue: ['TRADE_OVERDUE', '订单已经超过退款期限'],
  'nothing-left': ['ERROR', '订单已全额退款'],
  'too-much': ['INVALID_REQUEST', '退款金额大于可退金额'],
  'too-many': ['INVALID_REQUEST', '一笔订单最多支持50次部分退款'],
  // Only the rule is documented, no code for it: this one says to come back later.
  'too-soon': ['FREQUENCY_LIMITED', '同一笔订单的两次退款需间隔1分钟'],
  'not-enough': ['NOTENOUGH', '基本账户余额不足，请充值后重新发起'],
  'too-many-calls': ['FREQUENCY_LIMITED', '频率限制'],
  'too-many-refusals': ['INVALID_REQ_TOO_MUCH', '无效请求过多'],
}

function toRefundRequest({ params, merchant }: V2Request): RefundRequest {
  const given = (name: string): string => params.get(name) ?? ''
  return {
    mchid: merchant.mchid,
    outRefundNo: given('out_refund_no'),
    transactionId: given('transaction_id'),
    outTradeNo: given('out_trade_no'),
    refundFen: Number(given('refund_fee')),
    totalFen: Number(given('total_fee')),
    form: 'v2',
    source: 'api',
    detail: given('refund_account'),
    ...(given('refund_desc') === '' ? {} : { reason: given('refund_desc') }),
    ...(given('notify_url') === '' ? {} : { notifyUrl: given('notify_url') }),
  }
}

const acceptedFields = (accepted: Refund): V2Fields => [
  ['transaction_id', accepted.transactionId],
  ['out_trade_no', accepted.outTradeNo],
  ['out_refund_no', accepted.outRefundNo],
  ['refund_id', accepted.refundId],
  ['refund_fee', accepted.refundFen],
  ['total_fee', accepted.totalFen],
  ['fee_type', 'CNY'],
  ['cash_fee', accepted.totalFen],
  ['cash_fee_type', 'CNY'],
  ['cash_refund_fee', accepted.refundFen],
  ['coupon_refund_fee', 0],
  ['coupon_refund_count', 0],
]
