import { type Fenpay, isFenpayError } from '@fenpay/client'

/** All orders of the user, newest first, a page at a time. */
export async function listOrders(fenpay: Fenpay): Promise<string[]> {
  const numbers: string[] = []
  let cursor: string | undefined
  do {
    const page = await fenpay.myOrders({ limit: '2', ...(cursor === undefined ? {} : { cursor }) })
    numbers.push(...page.orders.map(({ order_number }) => order_number))
    cursor = page.next_cursor
  } while (cursor !== undefined)
  return numbers
}

/** The order page shows at once what the server has, then what WeChat says. */
export async function showOrder(fenpay: Fenpay, orderNumber: string, show: (status: string) => void): Promise<void> {
  show((await fenpay.myOrder(orderNumber)).status)
  show((await fenpay.checkOrder(orderNumber)).status)
}

/** The button 取消订单. A payment may have come first. */
export async function cancel(fenpay: Fenpay, orderNumber: string): Promise<string> {
  try {
    const { status } = await fenpay.cancelOrder(orderNumber)
    return status === 'closed' ? '已取消' : '正在取消'
  } catch (error) {
    if (isFenpayError(error) && error.code === 'order_already_paid') return '已经付款，不能取消'
    throw error
  }
}
