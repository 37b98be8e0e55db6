import type { Refund } from '../../engine/records.ts'
import type { RefundRequest } from '../../engine/refunds.ts'
import type { World } from '../../world.ts'
import { askForRefund } from '../ask-for-refund.ts'
import { canonical, objectOf, textOf } from './json-body.ts'
import { checkObject, type JsonObject } from './json-schema.ts'
import { refundFields } from './refund-fields.ts'
import { describeRefund } from './refund-query.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'
import { readJsonBody, type V3Request } from './v3-request.ts'

/** POST /v3/refund/domestic/refunds (pay-v3.md 9). */
export function applyRefund(world: World, request: V3Request): object {
  const body = readJsonBody(request)
  checkObject(body, refundFields, '/body')
  const wanted = toRefundRequest(request, body)
  if (wanted.transactionId === '' && wanted.outTradeNo === '') {
    throw new V3Refusal('PARAM_ERROR', 'transaction_id和out_trade_no必须二选一', {
      requestIdCode: requestIdCodes.invalidParameter,
    })
  }
  checkFrom(body, wanted.refundFen)
  const { mchid, outRefundNo, outTradeNo } = wanted
  const subject = { path: request.call.path, mchid, outTradeNo, outRefundNo, about: 'refund' } as const
  const fault = world.faults.take(subject, 'refund.system-error', 'refund.refused-but-made')
  const isRefused = fault?.name === 'refund.refused-but-made'
  if (!fault || isRefused || fault.options['effect'] === true) {
    const refund = accept(world, request, wanted)
    if (!fault) return describeRefund(refund)
  }
  if (isRefused) throw new V3Refusal('USER_ACCOUNT_ABNORMAL', '用户账户异常')
  throw new V3Refusal('SYSTEM_ERROR', '系统异常，请稍后重试')
}

function accept(world: World, request: V3Request, wanted: RefundRequest): Refund {
  const outcome = askForRefund(world, request.call.path, wanted)
  if (typeof outcome !== 'string') return outcome
  const [code, message] = refusals[outcome]
  throw new V3Refusal(code, message)
}

const refusals: Readonly<
  Record<Extract<ReturnType<typeof askForRefund>, string>, readonly [code: V3Refusal['code'], message: string]>
> = {
  'amount-differs': ['INVALID_REQUEST', '商户退款单号已使用，退款金额与首次申请不一致'],
  'request-differs': ['INVALID_REQUEST', '商户退款单号已使用，退款信息与首次申请不一致'],
  'no-transaction': ['RESOURCE_NOT_EXISTS', '订单不存在'],
  'no-order': ['RESOURCE_NOT_EXISTS', '订单不存在'],
  'total-differs': ['INVALID_REQUEST', '原订单金额与订单不一致'],
  overdue: ['INVALID_REQUEST', '订单已超过可退款的最大期限'],
  'nothing-left': ['INVALID_REQUEST', '订单已全额退款'],
  'too-much': ['INVALID_REQUEST', '申请退款金额大于订单剩余可退金额'],
  'too-many': ['INVALID_REQUEST', '一笔订单最多支持50次部分退款'],
  // Only the rule is documented, no code for it: this one says to come back later.
  'too-soon': ['FREQUENCY_LIMITED', '同一笔订单的两次退款需间隔1分钟'],
  'not-enough': ['NOT_ENOUGH', '基本账户余额不足，请充值后重新发起'],
  'too-many-calls': ['FREQUENCY_LIMITED', '频率限制'],
  'too-many-refusals': ['FREQUENCY_LIMITED', '频率限制'],
}

function toRefundRequest({ merchant, wechatpaySerial }: V3Request, body: JsonObject): RefundRequest {
  const amount = objectOf(body, 'amount')
  const reason = textOf(body, 'reason')
  const notifyUrl = textOf(body, 'notify_url')
  const more = { goods: body['goods_detail'], from: amount['from'], account: body['funds_account'] }
  return {
    mchid: merchant.mchid,
    outRefundNo: textOf(body, 'out_refund_no'),
    transactionId: textOf(body, 'transaction_id'),
    outTradeNo: textOf(body, 'out_trade_no'),
    refundFen: Number(amount['refund']),
    totalFen: Number(amount['total']),
    form: 'v3',
    source: 'api',
    detail: Object.values(more).some((value) => value !== undefined) ? canonical(more) : '',
    ...(reason === '' ? {} : { reason }),
    ...(notifyUrl === '' ? {} : { notifyUrl }),
    ...(wechatpaySerial === undefined ? {} : { wechatpaySerial }),
  }
}

function checkFrom(body: JsonObject, refundFen: number): void {
  const from = objectOf(body, 'amount')['from']
  if (!Array.isArray(from)) return
  const sum = (from as JsonObject[]).reduce((total, { amount }) => total + Number(amount), 0)
  if (sum !== refundFen) throw new V3Refusal('INVALID_REQUEST', '出资金额之和必须等于退款金额')
}
