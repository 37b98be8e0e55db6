import type { OrderSummary } from '../fenpay-client.js'

/** An order as a list shows it. */
export interface OrderView {
  orderNumber: string
  statusText: string
  tone: string
  createdAt: string
  images: { sku: string; src: string }[]
  title: string
  count: number
  totalFen: number
  refundedFen: number
  isPayable: boolean
}

interface ViewParts {
  statusWord: (order: OrderSummary) => { text: string; tone: string }
  imageOf: (sku: string) => string
  timeOf: (instant: string) => string
}

const imagesMax = 4

export function orderView(order: OrderSummary, { statusWord, imageOf, timeOf }: ViewParts): OrderView {
  const { text, tone } = statusWord(order)
  const count = order.items.reduce((sum, { quantity }) => sum + quantity, 0)
  const [first] = order.items
  return {
    orderNumber: order.order_number,
    statusText: text,
    tone,
    createdAt: timeOf(order.created_at),
    images: order.items.slice(0, imagesMax).map(({ sku }) => ({ sku, src: imageOf(sku) })),
    title: order.items.length === 1 ? (first?.name ?? '') : `${first?.name ?? ''} 等 ${order.items.length} 种`,
    count,
    totalFen: order.total_fen,
    refundedFen: order.refunded_fen,
    isPayable: order.status === 'pending',
  }
}
