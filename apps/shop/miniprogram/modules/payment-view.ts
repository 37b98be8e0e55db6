import type { PayAnswer } from '../fenpay-client.js'

/**
 * What the result page shows. `confirming`: nobody knows yet whether money moved. `unpaid`: WeChat knows of no payment
 * and the order can be paid.
 */
export type PaymentState = 'paying' | 'confirming' | 'paid' | 'unpaid' | 'closing' | 'closed' | 'failed'

export interface PaymentView {
  state: PaymentState
  title: string
  text: string
  /** WeChat's own text where it says more than ok or cancel. */
  detail: string
}

/**
 * The words for how a payment stands. Only the server's word makes `paid`; and where the sheet said ok, a server that
 * has not heard of it yet makes `confirming`, never `unpaid`, so that nobody pays twice.
 */
export function paymentView(answer: PayAnswer): PaymentView {
  const detail = detailOf(answer.errMsg)
  if (answer.outcome === 'paid') return { state: 'paid', title: '支付成功', text: '厨房已开始制作', detail: '' }
  if (answer.outcome === 'closed') {
    return { state: 'closed', title: '订单已关闭', text: '这个订单不能再付款，没有扣款。', detail }
  }
  switch (answer.why) {
    case 'cancelled':
      return { state: 'unpaid', title: '未支付', text: '您取消了支付，订单为您保留。', detail: '' }
    case 'closing':
      return {
        state: 'closing',
        title: '订单正在关闭',
        text: '不能再付款；如果刚才已经付款，订单会变为已支付。',
        detail,
      }
    case 'not_paid':
    case 'no_payment_started':
      if (answer.errMsg === 'requestPayment:ok') break
      return { state: 'unpaid', title: '未支付', text: '微信没有收到付款，订单为您保留。', detail }
    default:
      break
  }
  const text = '还没有收到微信的最终结果，请不要重复付款，稍后再查询。'
  return { state: 'confirming', title: '正在确认', text, detail }
}

function detailOf(errMsg: string | undefined): string {
  return errMsg === undefined || errMsg === 'requestPayment:ok' || errMsg.includes('cancel') ? '' : errMsg
}
