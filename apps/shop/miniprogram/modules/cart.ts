import type { Product } from '../fenpay-client.js'
import { fen, sumFen, timesFen } from '../fenpay-client.js'

/** How many pieces of each sku are in the cart. */
export type Cart = Readonly<Record<string, number>>

/** One kind of dish in the cart, at today's price. */
export interface CartLine {
  sku: string
  name: string
  quantity: number
  /** The most that can be ordered. */
  max: number
  priceFen: number
  amountFen: number
}

export interface CartView {
  lines: CartLine[]
  count: number
  totalFen: number
  /** What the cart has more of than can be sold now, in words; such pieces are not in `lines`. */
  missing: string[]
}

const quantityMax = 99

/** How many pieces of a product one order may take: none of what is sold out or not physical. */
export function orderMax({ kind, stock }: Product): number {
  return kind === 'physical' ? Math.min(stock, quantityMax) : 0
}

/** The cart with another quantity of one product; 0 takes it out. */
export function withQuantity(cart: Cart, sku: string, quantity: number): Cart {
  const { [sku]: _, ...others } = cart
  return quantity > 0 ? { ...others, [sku]: quantity } : others
}

/** The cart as it can be ordered now, in the order of the menu. */
export function viewCart(cart: Cart, products: readonly Product[]): CartView {
  const lines: CartLine[] = []
  const missing: string[] = []
  for (const product of products) {
    const wanted = cart[product.sku] ?? 0
    const max = orderMax(product)
    const quantity = Math.min(wanted, max)
    if (quantity < wanted) missing.push(max === 0 ? `${product.name}已售罄` : `${product.name}只剩 ${max} 份`)
    if (quantity < 1) continue
    const amountFen = timesFen(fen(product.price_fen), quantity)
    lines.push({ sku: product.sku, name: product.name, quantity, max, priceFen: product.price_fen, amountFen })
  }
  return {
    lines,
    count: lines.reduce((count, line) => count + line.quantity, 0),
    totalFen: sumFen(lines.map((line) => fen(line.amountFen))),
    missing,
  }
}

/** What is left of the cart when only what can be ordered stays. */
export function cartOf(lines: readonly CartLine[]): Cart {
  return lines.reduce<Cart>((cart, { sku, quantity }) => withQuantity(cart, sku, quantity), {})
}
