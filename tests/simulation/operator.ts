import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import type { History } from './history.ts'
import type { Action, Shoppers } from './shoppers.ts'

/** Staff, who give money back: whole, in part, by piece, and two of them at once. */
export class Operator {
  readonly #history: History
  readonly #shoppers: Shoppers

  constructor(history: History, shoppers: Shoppers) {
    this.#history = history
    this.#shoppers = shoppers
  }

  actions(): Action[] {
    const { orderNumbers } = this.#shoppers
    return [[orderNumbers.length === 0 ? 0 : 2, () => this.#refund(this.#history.dice.pick(orderNumbers))]]
  }

  #refund(orderNumber: string): void {
    const { dice, stage } = this.#history
    const reason = `refund ${dice.integer(1, 1_000)}`
    const ask = dice.pick([
      { reason },
      { reason, amountFen: dice.integer(1, 4_000) },
      { reason, items: [{ sku: dice.pick(['plenty', 'penny', 'scarce']), quantity: 1 }] },
    ])
    const by = { source: 'staff', actor: `staff:${dice.integer(1, 2)}` } as const
    this.#history.call(this.#history.somebody(), {
      name: `${by.actor} refunds ${orderNumber} ${JSON.stringify(ask)}`,
      work: ({ ports }) => refundOrder(ports, stage.merchant.merchantId, orderNumber, ask, by),
    })
  }
}
