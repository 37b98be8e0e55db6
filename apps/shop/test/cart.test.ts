import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cartOf, orderMax, viewCart, withQuantity } from '../miniprogram/modules/cart.ts'

const noodles = {
  sku: 'noodles',
  name: '面',
  description: '',
  category: '面',
  kind: 'physical' as const,
  price_fen: 1280,
  stock: 3,
}
const egg = { ...noodles, sku: 'egg', name: '蛋', price_fen: 301, stock: 100_000 }
const card = { ...noodles, sku: 'card', name: '月卡', kind: 'virtual' as const, stock: 100_000 }
const soup = { ...noodles, sku: 'soup', name: '汤', stock: 0 }

test('the total of a cart is the exact sum of its lines in fen', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 9_999_999 }), (quantity, priceFen) => {
      const { totalFen, count } = viewCart({ egg: quantity }, [{ ...egg, price_fen: priceFen }])
      assert.equal(BigInt(totalFen), BigInt(quantity) * BigInt(priceFen))
      assert.equal(count, quantity)
    }),
  )
})

test('what cannot be sold is left out of the cart and named', () => {
  const { lines, missing } = viewCart({ noodles: 5, egg: 1, card: 1, soup: 1 }, [noodles, egg, card, soup])
  assert.deepEqual(cartOf(lines), { noodles: 3, egg: 1 })
  assert.deepEqual(missing, ['面只剩 3 份', '月卡已售罄', '汤已售罄'])
})

test('a product that the catalogue no longer has is not ordered', () => {
  assert.deepEqual(viewCart({ gone: 2 }, [noodles]).lines, [])
})

test('virtual goods cannot be put into the cart, and one order takes 99 pieces at most', () => {
  assert.deepEqual([card, soup, noodles, egg].map(orderMax), [0, 0, 3, 99])
})

test('a quantity of 0 takes the product out of the cart', () => {
  assert.deepEqual(withQuantity({ egg: 1, noodles: 2 }, 'egg', 0), { noodles: 2 })
  assert.deepEqual(withQuantity({ egg: 1 }, 'noodles', 2), { egg: 1, noodles: 2 })
})
