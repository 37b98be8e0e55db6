import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OrderStatus } from '@fenpay/contract'
import fc from 'fast-check'
import { isFinal, type OrderAction, orderTransitions } from './order.ts'

const statuses = Object.keys(orderTransitions) as OrderStatus[]
const actions: OrderAction[] = ['start_payment', 'cancel', 'pay', 'close']

test("the whole table: I4, an order's life has these edges and no others", () => {
  const edges = statuses.flatMap((from) =>
    actions.flatMap((action) => {
      const to = orderTransitions[from][action]
      return typeof to === 'string' && to !== from ? [`${from} --${action}--> ${to}`] : []
    }),
  )
  assert.deepEqual(edges, [
    'pending --cancel--> closing',
    'pending --pay--> paid',
    'pending --close--> closed',
    'closing --pay--> paid',
    'closing --close--> closed',
  ])
})

test('money that comes too late or twice is refused by name, never lost in silence', () => {
  assert.deepEqual(orderTransitions.paid.pay, { refused: 'duplicate_payment' })
  assert.deepEqual(orderTransitions.closed.pay, { refused: 'late_payment' })
})

test('I5: whatever happens, an order never leaves a final status', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...actions), { maxLength: 60 }), (history) => {
      let status: OrderStatus = 'pending'
      for (const action of history) {
        const next: OrderStatus | { refused: string } = orderTransitions[status][action]
        if (isFinal(status)) assert.ok(typeof next !== 'string' || next === status)
        if (typeof next === 'string') status = next
      }
    }),
    { numRuns: 2_000 },
  )
})
