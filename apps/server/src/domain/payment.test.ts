import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fen } from '@fenpay/contract'
import type { Attempt } from './attempt.ts'
import type { Order } from './order.ts'
import { judgePayment, type PaymentEvidence } from './payment.ts'

const at = new Date('2026-05-01T00:00:00Z')
const order: Order = {
  merchantId: '1900000001',
  orderNumber: 'A'.repeat(26),
  userId: 'u',
  appid: 'wx0000000000000001',
  openid: 'o-payer',
  status: 'pending',
  totalFen: fen(6560),
  remark: undefined,
  createdAt: at,
  expiresAt: at,
  paidAt: undefined,
  closedAt: undefined,
  refundedFen: fen(0),
}
const attempt: Attempt = {
  merchantId: order.merchantId,
  outTradeNo: 'B'.repeat(26),
  orderNumber: order.orderNumber,
  seq: 1,
  payApi: 'v3',
  status: 'prepaid',
  appid: order.appid,
  openid: order.openid,
  totalFen: order.totalFen,
  description: 'noodles',
  notifyUrl: 'https://shop.example/wechat/notify/v3/1900000001',
  clientIp: '127.0.0.1',
  timeExpire: at,
  prepayId: 'wx1',
  prepayExpiresAt: at,
  createdAt: at,
  calls: 1,
  lastCallAt: at,
}
const evidence: PaymentEvidence = {
  source: 'notify',
  payApi: 'v3',
  mchid: order.merchantId,
  appid: order.appid,
  outTradeNo: attempt.outTradeNo,
  transactionId: '42',
  amountFen: 6560,
  currency: 'CNY',
  payerOpenid: 'o-payer',
  successTime: at,
}

test('a payment with all our facts is accepted while the order can be paid', () => {
  assert.deepEqual(judgePayment(evidence, attempt, order), { accept: true })
  assert.deepEqual(judgePayment(evidence, attempt, { ...order, status: 'closing' }), { accept: true })
})

test('I3, I18, A12, A26, A30: each fact that differs is a reason of its own', () => {
  const cases: [Partial<PaymentEvidence>, string][] = [
    [{ payApi: 'v2-md5' }, 'protocol_mismatch'],
    [{ appid: 'wx0000000000000002' }, 'app_mismatch'],
    [{ currency: 'USD' }, 'currency_mismatch'],
    [{ amountFen: 6559 }, 'amount_mismatch'],
    [{ amountFen: 656000 }, 'amount_mismatch'],
    [{ amountFen: 0 }, 'amount_mismatch'],
    [{ payerOpenid: 'o-other' }, 'payer_mismatch'],
  ]
  for (const [change, reason] of cases) {
    assert.deepEqual(judgePayment({ ...evidence, ...change }, attempt, order), { accept: false, reason })
  }
})

test('F22, F24: money for an order that is closed or paid already is accepted by none', () => {
  assert.deepEqual(judgePayment(evidence, attempt, { ...order, status: 'closed' }), {
    accept: false,
    reason: 'late_payment',
  })
  assert.deepEqual(judgePayment(evidence, attempt, { ...order, status: 'paid' }), {
    accept: false,
    reason: 'duplicate_payment',
  })
})
