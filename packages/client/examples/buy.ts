import { type Fenpay, isFenpayError } from '@fenpay/client'

/** The list of the shop: what can be bought now. */
export async function listNoodles(fenpay: Fenpay): Promise<string[]> {
  const { products } = await fenpay.products()
  return products.filter(({ category, stock }) => category === '面' && stock > 0).map(({ sku }) => sku)
}

/** The button of the confirm page. Tap it twice, or again after an error: it stays one order and one payment. */
export async function buy(fenpay: Fenpay, sku: string, remark: string): Promise<string> {
  try {
    const { order_number } = await fenpay.submitOrder({ items: [{ sku, quantity: 1 }], remark })
    return await payFor(fenpay, order_number)
  } catch (error) {
    if (!isFenpayError(error)) throw error
    if (error.code === 'out_of_stock') return '卖完了，请选别的'
    if (error.code === 'network') return `网络不通，请稍后再试 (${error.errMsg})`
    return `没有成功 (${error.code})`
  }
}

/** What the result page says about the money, and only what is certain. */
export async function payFor(fenpay: Fenpay, orderNumber: string): Promise<string> {
  const answer = await fenpay.pay(orderNumber)
  if (answer.outcome === 'paid') return `已支付 ${answer.order.total_fen} 分`
  if (answer.outcome === 'closed') return '订单已关闭，没有付款'
  return answer.why === 'cancelled' ? '未支付，可以继续支付' : '正在确认付款，请不要重复支付'
}
