/** What is checked of a refund before it is sent, alike for Pay v2 and v3. A mistake is a TypeError. */
import { checkAmountFen, checkId, checkSendable, outTradeNoForm, transactionIdForm } from '../options.ts'

/** The order to refund is named by one number, not both: they could name two orders. */
export function checkOrderOf(request: { transaction_id?: unknown; out_trade_no?: unknown }): void {
  const { transaction_id, out_trade_no } = request
  if ((transaction_id === undefined) === (out_trade_no === undefined)) {
    throw new TypeError('Give either transaction_id or out_trade_no')
  }
  if (transaction_id !== undefined) checkId('transaction_id', transaction_id, transactionIdForm)
  else checkId('out_trade_no', out_trade_no, outTradeNoForm)
}

/** 1 ≤ refund ≤ total. */
export function checkRefundAmounts(
  [refundName, refund]: readonly [name: string, value: unknown],
  [totalName, total]: readonly [name: string, value: unknown],
): void {
  if (checkAmountFen(refundName, refund) > checkAmountFen(totalName, total)) {
    throw new TypeError(`${refundName} must be at most ${totalName}`)
  }
}

/** A text of 1 to `max` characters, or undefined. */
export function checkOptionalText(name: string, value: unknown, max: number): void {
  if (value !== undefined) checkText(name, value, max)
}

/** A text of 1 to `max` characters, all of a kind that WeChat takes: each is one UTF-16 unit. */
export function checkText(name: string, value: unknown, max: number): string {
  if (typeof value === 'string' && value !== '' && checkSendable(name, value).length <= max) return value
  throw new TypeError(`${name} must be a text of 1 to ${max} characters`)
}

/** An absolute address without query string, at most 256 characters. */
export function checkNotifyUrl(value: unknown): void {
  if (value === undefined) return
  const url = typeof value === 'string' && value.length <= 256 && URL.canParse(value) ? new URL(value) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && !/[?#\s]/.test(String(value))) return
  throw new TypeError('notify_url must be an absolute address without query string, at most 256 characters')
}

export function checkOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || (typeof value === 'string' && allowed.includes(value))) return
  throw new TypeError(`${name} must be one of ${allowed.join(', ')}`)
}
