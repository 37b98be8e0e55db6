import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Books } from './books.ts'
import { VirtualClock } from './clock.ts'
import type { Engine } from './engine.ts'
import { fundsOf } from './funds.ts'
import { seededRandom } from './random.ts'
import type { Order, Refund } from './records.ts'
import { acceptRefund, isFullyRefunded, refundableFen, refundsOf } from './refunds.ts'
import { settleRefunds } from './settle-refunds.ts'

const totalFen = 1000
const otherFen = 1_000_000
const order: Order = {
  mchid: '1900000001',
  outTradeNo: 'order-1',
  appid: 'wx1',
  openid: 'o1',
  signType: 'RSA',
  description: '',
  totalFen,
  notifyUrl: '',
  fingerprint: '',
  prepayId: '',
  createdAtMs: 0,
  expiresAtMs: 1,
  state: 'SUCCESS',
  payment: { transactionId: '42', openid: 'o1', totalFen, bankType: 'OTHERS', paidAtMs: 0 },
}

function paidOrder(): { engine: Engine; pass: (ms: number) => void } {
  let nowMs = 0
  const books = new Books()
  books.transact(() => {
    books.orders.put(order)
    // More than the order has brought in, so that it is never the funds that keep refunds within it.
    books.platforms.put({ mchid: order.mchid, adjustedFen: otherFen, refundSeconds: 3 })
  })
  const engine = { books, clock: new VirtualClock(() => nowMs), random: seededRandom('refunds') }
  return { engine, pass: (ms) => (nowMs += ms) }
}

const ask = (engine: Engine, outRefundNo: string, refundFen: number) => {
  const { mchid, outTradeNo } = order
  const numbers = { mchid, outTradeNo, transactionId: '', outRefundNo }
  return acceptRefund(
    engine,
    { ...numbers, refundFen, totalFen, form: 'v3', source: 'api', detail: '' },
    () => undefined,
  )
}

const action = fc.record({
  number: fc.integer({ min: 1, max: 8 }),
  refundFen: fc.integer({ min: 1, max: totalFen + 1 }),
  pauseMs: fc.integer({ min: 0, max: 200_000 }),
  end: fc.constantFrom<Refund['status']>('SUCCESS', 'ABNORMAL', 'CLOSED'),
})

describe('whatever is asked for, in whatever order, with whatever ends (I10, I11)', () => {
  it('refunds never exceed the payment, and payment, refunds and balance add up', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const { engine, pass } = paidOrder()
        const { books } = engine
        for (const { number, refundFen, pauseMs, end } of actions) {
          ask(engine, String(number), refundFen)
          pass(pauseMs)
          settleRefunds(engine, () => end)
          const leftFen = refundableFen(refundsOf(books, order), totalFen)
          assert.ok(leftFen >= 0 && leftFen <= totalFen)
          const funds = fundsOf(books, order.mchid)
          assert.equal(funds.balanceFen, otherFen + leftFen)
          assert.equal(funds.refundedFen + funds.processingFen + funds.abnormalFen, totalFen - leftFen)
          assert.equal(isFullyRefunded(books, order), leftFen === 0)
        }
      }),
    )
  })

  it('a number is one refund for good, and a repeat changes nothing', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 20 }), (actions) => {
        const { engine, pass } = paidOrder()
        const ids = new Map<string, string>()
        for (const { number, refundFen, pauseMs, end } of actions) {
          const first = ask(engine, String(number), refundFen)
          const before = fundsOf(engine.books, order.mchid)
          const again = ask(engine, String(number), refundFen)
          assert.deepEqual(fundsOf(engine.books, order.mchid), before)
          assert.deepEqual(again, first)
          if (typeof first !== 'string') {
            assert.equal(ids.get(first.outRefundNo) ?? first.refundId, first.refundId)
            ids.set(first.outRefundNo, first.refundId)
          }
          pass(pauseMs)
          settleRefunds(engine, () => end)
        }
        assert.equal(engine.books.refunds.size, ids.size)
      }),
    )
  })
})
