import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, mayBeClosed, reusablePrepayId } from './attempt.ts'

const createdAt = new Date('2026-05-01T00:00:00Z')
const after = (seconds: number) => new Date(createdAt.getTime() + seconds * 1000)
const prepaid = { status: 'prepaid', prepayId: 'wx1', prepayExpiresAt: after(7200), createdAt } as Attempt

test('a prepay_id is used again until five minutes before its end', () => {
  assert.equal(reusablePrepayId(prepaid, after(0)), 'wx1')
  assert.equal(reusablePrepayId(prepaid, after(7200 - 301)), 'wx1')
  assert.equal(reusablePrepayId(prepaid, after(7200 - 300)), undefined)
  assert.equal(reusablePrepayId(prepaid, after(7201)), undefined)
})

test('the prepay_id of an attempt that is not live is never handed out', () => {
  for (const status of ['intended', 'unknown', 'refused', 'closed', 'paid'] as const) {
    assert.equal(reusablePrepayId({ ...prepaid, status }, after(0)), undefined)
  }
})

test('F23: nothing is closed at WeChat in its first five minutes', () => {
  assert.equal(mayBeClosed(prepaid, after(299)), false)
  assert.equal(mayBeClosed(prepaid, after(300)), true)
})
