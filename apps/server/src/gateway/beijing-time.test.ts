import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromBeijingDigits, toBeijingDigits, toBeijingRfc3339, validDate } from './beijing-time.ts'

const wholeSeconds = fc.integer({ min: 946_684_800, max: 4_102_444_799 }).map((seconds) => new Date(seconds * 1000))

test('F74: WeChat reads and writes Beijing time, wherever we run', () => {
  assert.equal(toBeijingDigits(new Date('2026-12-31T16:00:00Z')), '20270101000000')
  assert.equal(toBeijingRfc3339(new Date('2028-02-28T16:30:05Z')), '2028-02-29T00:30:05+08:00')
  assert.equal(fromBeijingDigits('20260101000000')?.toISOString(), '2025-12-31T16:00:00.000Z')
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(wholeSeconds, (instant) => {
      assert.deepEqual(fromBeijingDigits(toBeijingDigits(instant)), instant)
      assert.deepEqual(validDate(toBeijingRfc3339(instant)), instant)
    }),
  )
})

test('a text that is no time is none', () => {
  for (const text of ['', '2026', '20261301000000', '20260132000000', '2026-01-01T00:00:00Z', '20260101240000x']) {
    assert.equal(fromBeijingDigits(text), undefined)
  }
  assert.equal(validDate('yesterday'), undefined)
})
