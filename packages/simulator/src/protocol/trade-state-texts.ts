import type { Order } from '../engine/records.ts'

/** trade_state_desc by trade_state. */
export const tradeStateTexts: Readonly<Record<Order['state'], string>> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  CLOSED: '订单已关闭',
}
