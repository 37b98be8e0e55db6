import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fen, formatYuan, sumFen, timesFen } from './money.ts'

const amounts = fc.integer({ min: 0, max: 10_000_000 }).map(fen)

test('A29: no fraction, negative, infinite, not-a-number or unsafe value becomes an amount', () => {
  for (const value of [0.1, 19.9, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
    assert.throws(() => fen(value), TypeError)
})

test('A28: a quantity that is not a whole positive number has no price', () => {
  for (const quantity of [-5, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => timesFen(fen(100), quantity), TypeError)
})

test('a sum is exact and does not depend on the order of its parts', () => {
  fc.assert(
    fc.property(fc.array(amounts), (list) => {
      const total = sumFen(list)
      assert.equal(
        BigInt(total),
        list.reduce((sum, amount) => sum + BigInt(amount), 0n),
      )
      assert.equal(total, sumFen(list.toReversed()))
    }),
  )
})

test('what a person reads in yuan is the same amount to the fen', () => {
  assert.deepEqual([0, 1, 10, 99, 100, 1234].map(fen).map(formatYuan), [
    '0.00',
    '0.01',
    '0.10',
    '0.99',
    '1.00',
    '12.34',
  ])
  fc.assert(fc.property(amounts, (amount) => BigInt(formatYuan(amount).replace('.', '')) === BigInt(amount)))
})
