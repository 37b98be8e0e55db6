import { type Fenpay, isFenpayError } from '@fenpay/client'

/** What a paid order offers: how much can still be asked back, unless a request waits for its answer. */
export async function refundableFen(fenpay: Fenpay, orderNumber: string): Promise<number> {
  const { refundable_fen, refund_request } = await fenpay.myOrder(orderNumber)
  return refund_request?.status === 'open' ? 0 : refundable_fen
}

/** The button 申请退款: one piece; without `items` everything that is left. The merchant's staff decide. */
export async function askForOneBack(fenpay: Fenpay, orderNumber: string, sku: string): Promise<string> {
  try {
    const items = [{ sku, quantity: 1 }]
    const { refund_request } = await fenpay.askRefund({ orderNumber, reason: '点错了', items })
    return `已申请退款 ${refund_request?.amount_fen} 分`
  } catch (error) {
    if (isFenpayError(error) && error.code === 'refund_request_open') return '上一个申请还在处理'
    throw error
  }
}

/** Where the money is: the order tells each refund, oldest first. */
export async function showRefunds(fenpay: Fenpay, orderNumber: string): Promise<string[]> {
  const { refunds } = await fenpay.myOrder(orderNumber)
  return refunds.map(({ amount_fen, status }) => `${amount_fen} 分：${status === 'succeeded' ? '已退款' : '退款中'}`)
}
