import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Order, Refund, RefundRequest, RefundStatus } from '@fenpay/client'
import { errorCatalogue } from '@fenpay/contract'
import fc from 'fast-check'
import { tell } from '../miniprogram/modules/error-texts.ts'
import { headline, statusWord, timeline } from '../miniprogram/modules/order-texts.ts'
import { chooseAll, choosePieces, isDivisible, refundFormLines } from '../miniprogram/modules/refund-form.ts'
import { otherReason, usualReasons, wordsLengthMax, writeReason } from '../miniprogram/modules/refund-reason.ts'
import { refundViews } from '../miniprogram/modules/refund-view.ts'

const at = '2026-11-24T09:05:00.000Z'
const statuses: RefundStatus[] = ['pending', 'processing', 'succeeded', 'abnormal', 'failed']

const line = (sku: string, price_fen: number, quantity: number) => {
  return { sku, name: `一份${sku}`, price_fen, quantity, amount_fen: price_fen * quantity }
}
const refund = (status: RefundStatus, items: Refund['items'] = []): Refund => {
  return { refund_number: status, status, amount_fen: 100, reason: '点错了', items, created_at: at }
}
const request = (status: RefundRequest['status'], more: Partial<RefundRequest> = {}): RefundRequest => {
  return { status, amount_fen: 400, reason: '等太久了', items: [], created_at: at, ...more }
}
const order = (more: Partial<Order> = {}): Order => ({
  order_number: '0'.repeat(26),
  status: 'paid',
  total_fen: 1000,
  created_at: at,
  expires_at: at,
  refunded_fen: 0,
  refundable_fen: 1000,
  refunds: [],
  items: [line('noodles', 300, 2), line('egg', 400, 1)],
  events: [],
  ...more,
})

test('the pieces that can be asked back are those that no refund holds; what failed can be asked again', () => {
  for (const status of statuses) {
    const lines = refundFormLines(order({ refunds: [refund(status, [{ sku: 'noodles', quantity: 1 }])] }))
    assert.deepEqual(
      lines.map(({ left }) => left),
      [status === 'failed' ? 2 : 1, 1],
    )
  }
})

test('the amount is the exact sum of the chosen pieces in fen, and only they are named', () => {
  const piece = fc.record({ priceFen: fc.integer({ min: 0, max: 9_999_999 }), chosen: fc.integer({ min: 0, max: 99 }) })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const lines = pieces.map((one, index) => ({ sku: `s${index}`, name: '', left: 99, ...one }))
      const { amountFen, items } = choosePieces(lines)
      const sum = lines.reduce((total, { priceFen, chosen }) => total + BigInt(priceFen) * BigInt(chosen), 0n)
      assert.equal(BigInt(amountFen), sum)
      assert.deepEqual(
        items,
        lines.filter(({ chosen }) => chosen > 0).map(({ sku, chosen }) => ({ sku, quantity: chosen })),
      )
    }),
  )
})

test('everything is what the server says is left, without naming pieces; one piece alone leaves nothing to choose', () => {
  assert.deepEqual(chooseAll(order({ refundable_fen: 700 })), { amountFen: 700, items: undefined })
  assert.equal(isDivisible(refundFormLines(order())), true)
  assert.equal(isDivisible(refundFormLines(order({ items: [line('egg', 400, 1)] }))), false)
})

test('a reason is one line of at most 80 characters, as the API takes it, whatever is typed', () => {
  const typed = fc.string({ unit: 'binary', maxLength: wordsLengthMax }).filter((text) => text.length <= wordsLengthMax)
  fc.assert(
    fc.property(fc.constantFrom('', ...usualReasons), typed, (usual, words) => {
      const reason = writeReason(usual, words)
      assert.ok(reason.length <= 80 && reason.isWellFormed())
      assert.doesNotMatch(reason, /\p{Cc}(?<![\u0080-\u009f])/u)
      if (usual !== '' && usual !== otherReason) assert.ok(reason.startsWith(usual))
    }),
  )
  assert.equal(writeReason('菜品有问题', ' 面坨了，\n汤凉了 '), '菜品有问题：面坨了， 汤凉了')
  assert.equal(writeReason('点错了', ''), '点错了')
  for (const usual of usualReasons) assert.ok(writeReason(usual, '长'.repeat(wordsLengthMax)).length <= 80)
  assert.equal(writeReason(otherReason, '\ud83c'), '', 'half of a character is none')
})

test('each state of a refund has its words, the latest refund comes first, the request before them', () => {
  const views = refundViews(
    order({
      refunds: statuses.map((status) => refund(status)),
      refund_request: request('declined', { answer: '不行' }),
    }),
    () => '时间',
  )
  assert.deepEqual(
    views.map(({ statusText }) => statusText),
    ['商家未同意', '退款未成功', '退款异常', '已退款', '退款中', '等待微信受理'],
  )
  assert.equal(views[0]?.answer, '不行')
})

test('only what WeChat gave back, with its time, is told as given back the way it came', () => {
  const note = (one: Refund) => refundViews(order({ refunds: [one] }), () => '')[0]?.note ?? ''
  for (const status of statuses) assert.doesNotMatch(note(refund(status)), /已原路退回/, status)
  assert.match(note({ ...refund('succeeded'), succeeded_at: at }), /已原路退回/)
})

test('what could not be delivered at first is never told as given back the way it came', () => {
  const event = { seq: 1, kind: 'refund_abnormal', from: 'paid', to: 'paid', cause: 'query', at } as const
  const events = [event, { ...event, seq: 2, kind: 'refund_succeeded' }]
  const [view] = refundViews(order({ events, refunds: [{ ...refund('succeeded'), succeeded_at: at }] }), () => '')
  assert.match(view?.note ?? '', /没有收到，请联系商家/)
  assert.deepEqual(
    timeline(events, () => '').map(({ text }) => text),
    ['退款成功，未收到请联系商家', '退款异常，请联系商家'],
  )
  assert.deepEqual(
    timeline(events.slice(1), () => '').map(({ text }) => text),
    ['退款成功，已原路退回'],
  )
})

test('the list says 部分退款 and 已退款 by the money that is back', () => {
  const words = [0, 1, 999, 1000].map((refunded_fen) => statusWord(order({ refunded_fen })).text)
  assert.deepEqual(words, ['已完成', '部分退款', '部分退款', '已退款'])
})

test('the headline of an order tells what went wrong first, then what waits', () => {
  const open = request('open')
  const text = (more: Partial<Order>) => headline(order(more)).text
  assert.equal(text({ refunds: [refund('abnormal')], refund_request: open }), '退款异常')
  assert.equal(text({ refunds: [refund('processing')], refund_request: open }), '退款申请中')
  assert.equal(text({ refunds: [refund('pending')] }), '退款中')
  assert.equal(text({ refunds: [refund('succeeded')], refunded_fen: 100 }), '部分退款')
  assert.equal(text({ refunds: [refund('failed')] }), '已完成')
})

test('every refusal about refunds is told in its own words', () => {
  const codes = Object.keys(errorCatalogue).filter((code) => code.startsWith('refund_'))
  const textOf = (code: string) => tell(Object.assign(new Error(), { name: 'FenpayError', code, statusCode: 409 })).text
  const texts = [...codes, 'order_not_paid', 'of_tomorrow'].map(textOf)
  assert.equal(new Set(texts).size, texts.length)
})
