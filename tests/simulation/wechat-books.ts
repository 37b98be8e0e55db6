/** What WeChat knows, as far as anybody here asks: `GET /_sim/books`. */
export interface WechatBooks {
  orders: { out_trade_no: string; trade_state: string }[]
  payments: { out_trade_no: string; transaction_id: string; total: number }[]
  refunds: WechatRefund[]
  notifications: WechatNotification[]
  shipping_orders: { transaction_id: string; finish_shipping_count: number }[]
  messages: { template_id?: string; data: Record<string, string> }[]
}

export interface WechatRefund {
  out_refund_no: string
  transaction_id: string
  amount: number
  status: 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED'
  source: 'api' | 'platform'
}

export interface WechatNotification {
  id: string
  out_trade_no: string
  about: 'payment' | 'refund'
  due_at?: string
  deliveries: { outcome: string }[]
}
