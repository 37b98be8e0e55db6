import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Order, PayAnswer, PendingWhy } from '@fenpay/client'
import fc from 'fast-check'
import { tell } from '../miniprogram/modules/error-texts.ts'
import { paymentView } from '../miniprogram/modules/payment-view.ts'

const orderNumber = '0'.repeat(26)
const order = { order_number: orderNumber } as Order
const errMsgs = [undefined, 'requestPayment:ok', 'requestPayment:fail cancel', 'requestPayment:fail system error']
const whys: PendingWhy[] = [
  'no_payment_started',
  'not_paid',
  'wechat_unreachable',
  'wechat_unverified',
  'wechat_refused',
  'cancelled',
  'closing',
  'no_answer',
]
const pending = (why: PendingWhy, errMsg: string | undefined): PayAnswer => ({
  outcome: 'pending',
  orderNumber,
  order,
  why,
  errMsg,
})

test('nothing but the answer paid of the server is shown as paid, whatever the sheet said', () => {
  fc.assert(
    fc.property(fc.constantFrom(...whys), fc.constantFrom(...errMsgs), (why, errMsg) => {
      assert.notEqual(paymentView(pending(why, errMsg)).state, 'paid')
    }),
  )
  for (const errMsg of errMsgs) {
    const view = paymentView({ outcome: 'paid', orderNumber, order, why: undefined, errMsg })
    assert.equal(view.state, 'paid')
  }
})

test('where the sheet said ok, or WeChat could not be asked, nobody is invited to pay again', () => {
  assert.equal(paymentView(pending('not_paid', 'requestPayment:ok')).state, 'confirming')
  for (const why of ['wechat_unreachable', 'wechat_unverified', 'wechat_refused', 'no_answer'] as const) {
    assert.equal(paymentView(pending(why, 'requestPayment:fail cancel')).state, 'confirming')
  }
})

test('after a cancel the order can be paid, after another failure too, with the words of WeChat', () => {
  assert.equal(paymentView(pending('cancelled', 'requestPayment:fail cancel')).state, 'unpaid')
  const failed = paymentView(pending('not_paid', 'requestPayment:fail system error'))
  assert.deepEqual([failed.state, failed.detail], ['unpaid', 'requestPayment:fail system error'])
})

test('a network failure keeps the words of WeChat and is told as offline', () => {
  const error = Object.assign(new Error('x'), { name: 'FenpayError', code: 'network', errMsg: 'request:fail timeout' })
  const told = tell(error)
  assert.deepEqual([told.isOffline, told.detail], [true, 'request:fail timeout'])
})
