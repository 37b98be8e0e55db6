/** The rules of pay-v3 section 9 that can be checked before a call. */
import { checkAmountFen, checkId, outRefundNoForm } from '../options.ts'
import {
  checkNotifyUrl,
  checkOneOf,
  checkOptionalText,
  checkOrderOf,
  checkRefundAmounts,
  checkText,
} from '../wire/refund-rules.ts'
import {
  type V3AbnormalRefundRequest,
  type V3RefundGoods,
  type V3RefundRequest,
  v3RefundBankTypes,
} from '../wire/v3-refund.ts'

/** @throws TypeError */
export function checkV3Refund(request: V3RefundRequest): void {
  checkOrderOf(request)
  checkId('out_refund_no', request.out_refund_no, outRefundNoForm)
  checkAmount(request.amount)
  checkOptionalText('reason', request.reason, 80)
  checkNotifyUrl(request.notify_url)
  checkOneOf('funds_account', request.funds_account, ['AVAILABLE', 'UNSETTLED'])
  const { goods_detail } = request
  if (goods_detail === undefined) return
  if (!Array.isArray(goods_detail) || goods_detail.length === 0) {
    throw new TypeError('goods_detail must be a list with at least one entry')
  }
  for (const goods of goods_detail) checkGoods(goods, request.amount.total)
}

function checkAmount({ refund, total, currency, from }: V3RefundRequest['amount']): void {
  checkRefundAmounts(['amount.refund', refund], ['amount.total', total])
  checkOneOf('amount.currency', currency, ['CNY'])
  if (from === undefined) return
  if (new Set(from.map(({ account }) => account)).size !== from.length) {
    throw new TypeError('amount.from must name an account once')
  }
  let sum = 0
  for (const { account, amount } of from) {
    checkText('amount.from.account', account, 32)
    checkOneOf('amount.from.account', account, ['AVAILABLE', 'UNAVAILABLE'])
    sum += checkAmountFen('amount.from.amount', amount)
  }
  if (sum !== refund) throw new TypeError('amount.from must add up to amount.refund')
}

function checkGoods(goods: V3RefundGoods, total: number): void {
  checkText('goods_detail.merchant_goods_id', goods.merchant_goods_id, 32)
  checkOptionalText('goods_detail.wechatpay_goods_id', goods.wechatpay_goods_id, 32)
  checkOptionalText('goods_detail.goods_name', goods.goods_name, 256)
  checkAmountFen('goods_detail.unit_price', goods.unit_price)
  checkRefundAmounts(['goods_detail.refund_amount', goods.refund_amount], ['amount.total', total])
  if (!Number.isSafeInteger(goods.refund_quantity) || goods.refund_quantity < 1) {
    throw new TypeError('goods_detail.refund_quantity must be a whole number, at least 1')
  }
}

/** @throws TypeError, without the account or the name */
export function checkV3AbnormalRefund(request: V3AbnormalRefundRequest): void {
  checkId('out_refund_no', request.out_refund_no, outRefundNoForm)
  if (request.type === 'MERCHANT_BANK_CARD') return
  if (request.type !== 'USER_BANK_CARD') throw new TypeError('type must be USER_BANK_CARD or MERCHANT_BANK_CARD')
  checkText('bank_type', request.bank_type, 32)
  checkOneOf('bank_type', request.bank_type, v3RefundBankTypes)
  checkId('bank_account', request.bank_account, /^\d{8,32}$/)
  // Three UTF-8 bytes a character: 64 of them fit into one RSA block.
  checkText('real_name', request.real_name, 64)
}
