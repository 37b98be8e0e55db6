import { isIP } from 'node:net'
import { fromCompactTime } from '../../engine/beijing-time.ts'
import { notifyUrlProblem } from '../notify-url.ts'
import { type V2Code, V2Refusal } from './v2-refusal.ts'

/** What pay-v2.md's tables say about one field. `max` counts characters. */
export interface FieldRule {
  readonly name: string
  readonly required?: true
  readonly max: number
  /** A text when the value is wrong. */
  readonly check?: (value: string) => string | undefined
}

const matching =
  (pattern: RegExp, text: string) =>
  (value: string): string | undefined =>
    pattern.test(value) ? undefined : text
const oneOf = (...values: string[]) => matching(new RegExp(`^(?:${values.join('|')})$`), '取值范围错误')
const json = (value: string): string | undefined => {
  try {
    JSON.parse(value)
    return undefined
  } catch {
    return '不是合法的JSON'
  }
}
const time = (value: string): string | undefined =>
  fromCompactTime(value) === undefined ? '时间格式应为yyyyMMddHHmmss' : undefined

// Older pages allow `@` and fewer than six characters in out_trade_no: both pass.
const outTradeNo: FieldRule = {
  name: 'out_trade_no',
  max: 32,
  check: matching(/^[0-9A-Za-z_\-|*@]+$/, '包含非法字符'),
}

/** Carried by every request. */
export const commonRules: readonly FieldRule[] = [
  { name: 'appid', required: true, max: 32 },
  { name: 'mch_id', required: true, max: 32 },
  { name: 'nonce_str', required: true, max: 32 },
  { name: 'sign_type', max: 32 },
]

/** /pay/unifiedorder, pay-v2.md 4. Fields that the table does not name are signed and otherwise ignored. */
export const unifiedOrderRules: readonly FieldRule[] = [
  { name: 'version', max: 32 },
  { name: 'device_info', max: 32 },
  { name: 'body', required: true, max: 128 },
  { name: 'detail', max: 6000 },
  { name: 'attach', max: 127 },
  { ...outTradeNo, required: true },
  { name: 'fee_type', max: 16, check: oneOf('CNY') },
  { name: 'total_fee', required: true, max: 10, check: matching(/^[1-9]\d*$/, '必须是大于0的整数，单位为分') },
  {
    name: 'spbill_create_ip',
    required: true,
    max: 64,
    check: (value) => (isIP(value) === 0 ? '不是合法的IP地址' : undefined),
  },
  { name: 'time_start', max: 14, check: time },
  { name: 'time_expire', max: 14, check: time },
  { name: 'goods_tag', max: 32 },
  { name: 'notify_url', required: true, max: 256, check: notifyUrlProblem },
  { name: 'trade_type', required: true, max: 16, check: oneOf('JSAPI', 'NATIVE', 'APP', 'MWEB') },
  { name: 'product_id', max: 32 },
  { name: 'limit_pay', max: 32, check: oneOf('no_credit') },
  { name: 'openid', max: 128 },
  { name: 'receipt', max: 8, check: oneOf('Y') },
  { name: 'profit_sharing', max: 16, check: oneOf('Y', 'N') },
  { name: 'scene_info', max: 256, check: json },
  { name: 'user_type', max: 32 },
  { name: 'user_creid', max: 32 },
  { name: 'user_truename', max: 64 },
]

/** /pay/orderquery, pay-v2.md 5. */
export const orderQueryRules: readonly FieldRule[] = [{ name: 'transaction_id', max: 32 }, outTradeNo]

/** /pay/closeorder, pay-v2.md 6. */
export const closeOrderRules: readonly FieldRule[] = [{ ...outTradeNo, required: true }]

const outRefundNo: FieldRule = {
  name: 'out_refund_no',
  max: 64,
  check: matching(/^[0-9A-Za-z_\-|*@]+$/, '包含非法字符'),
}
const fen = matching(/^[1-9]\d*$/, '必须是大于0的整数，单位为分')

/** /secapi/pay/refund, pay-v2.md 7. Which order is meant is checked apart. */
export const refundRules: readonly FieldRule[] = [
  { name: 'transaction_id', max: 32 },
  outTradeNo,
  { ...outRefundNo, required: true },
  { name: 'total_fee', required: true, max: 10, check: fen },
  { name: 'refund_fee', required: true, max: 10, check: fen },
  { name: 'refund_fee_type', max: 8, check: oneOf('CNY') },
  { name: 'refund_desc', max: 80 },
  {
    name: 'refund_account',
    max: 30,
    check: oneOf('REFUND_SOURCE_UNSETTLED_FUNDS', 'REFUND_SOURCE_RECHARGE_FUNDS'),
  },
  { name: 'notify_url', max: 256, check: notifyUrlProblem },
]

/** /pay/refundquery, pay-v2.md 8. */
export const refundQueryRules: readonly FieldRule[] = [
  { name: 'refund_id', max: 32 },
  outRefundNo,
  { name: 'transaction_id', max: 32 },
  outTradeNo,
  { name: 'offset', max: 6, check: matching(/^\d+$/, '必须是整数') },
]

/** Throws the {@link V2Refusal} that WeChat would answer for the first field that breaks its rule; some endpoints have one `code` for all. */
export function checkFields(params: ReadonlyMap<string, string>, rules: readonly FieldRule[], code?: V2Code): void {
  for (const { name, required, max, check } of rules) {
    const value = params.get(name) ?? ''
    if (value === '') {
      if (required) throw new V2Refusal(code ?? 'LACK_PARAMS', `缺少参数${name}`)
      continue
    }
    if (value.length > max) throw new V2Refusal(code ?? 'INVALID_REQUEST', `参数错误:${name}长度超过${max}`)
    const problem = check?.(value)
    if (problem !== undefined) throw new V2Refusal(code ?? 'INVALID_REQUEST', `参数错误:${name}${problem}`)
  }
}
