import type { Order, RefundWish } from '../fenpay-client.js'
import { type Fen, fen, sumFen, timesFen } from '../fenpay-client.js'

/** One line of the order as the form shows it. */
export interface RefundFormLine {
  sku: string
  name: string
  priceFen: number
  /** Pieces that no refund holds. */
  left: number
  chosen: number
}

/** What is asked for: `items` is undefined for everything that is left. */
export interface RefundChoice {
  amountFen: Fen
  items: RefundWish['items']
}

/** What can be asked back, piece by piece; nothing is chosen yet. */
export function refundFormLines(order: Order): RefundFormLine[] {
  return order.items.map(({ sku, name, price_fen: priceFen, quantity }) => {
    return { sku, name, priceFen, left: Math.max(quantity - piecesHeld(order, sku), 0), chosen: 0 }
  })
}

/** How many pieces refunds gave back or hold; what came to nothing can be asked for again. */
function piecesHeld({ refunds }: Order, sku: string): number {
  return refunds
    .filter(({ status }) => status !== 'failed')
    .map(({ items }) => items.reduce((sum, item) => (item.sku === sku ? sum + item.quantity : sum), 0))
    .reduce((sum, pieces) => sum + pieces, 0)
}

/** Whether there is anything to choose: one piece alone is asked back as a whole. */
export function isDivisible(lines: readonly RefundFormLine[]): boolean {
  return lines.reduce((sum, { left }) => sum + left, 0) > 1
}

export function chooseAll(order: Order): RefundChoice {
  return { amountFen: fen(order.refundable_fen), items: undefined }
}

/** The chosen pieces, at the price that was paid for each. */
export function choosePieces(lines: readonly RefundFormLine[]): RefundChoice {
  const chosen = lines.filter((line) => line.chosen > 0)
  return {
    amountFen: sumFen(chosen.map((line) => timesFen(fen(line.priceFen), line.chosen))),
    items: chosen.map((line) => ({ sku: line.sku, quantity: line.chosen })),
  }
}
