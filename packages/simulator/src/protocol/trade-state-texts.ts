import type { Order } from '../engine/records.ts'

/** trade_state_desc by trade_state. */
export const tradeStateTexts: Readonly<Record<Order['state'] | 'USERPAYING', string>> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  CLOSED: '订单已关闭',
  USERPAYING: '用户支付中，需要输入密码',
}
