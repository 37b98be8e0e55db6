import assert from 'node:assert/strict'
import { test } from 'node:test'
import { facts, outboxWords, spoken } from './words.ts'

test('names of the database are told in words, and WeChat is spelt as it spells itself', () => {
  assert.equal(spoken('refund_intended'), 'refund intended')
  assert.equal(spoken('waiting_funds'), 'waiting for funds')
  assert.equal(
    facts({ amount_fen: 2480, wechat_code: 'NOT_ENOUGH', out_trade_no: 'A1' }),
    'amount ¥24.80, WeChat code NOT_ENOUGH, out trade no A1',
  )
})

test('a time in the evidence is told in Beijing’s', () => {
  assert.equal(facts({ paid_at: '2026-11-28T22:27:45.12+00:00', looks: 3 }), 'paid at 2026-11-29 06:27:45, looks 3')
})

test('an item of the outbox is told as what it does: of a shipped order nobody is reminded any more', () => {
  assert.equal(outboxWords({ kind: 'shipping_deadline', event: null }), 'look whether it is shipped')
})
