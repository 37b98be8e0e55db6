import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { fromCompactTime, fromRfc3339, toCompactTime, toRfc3339 } from './beijing-time.ts'

it('both forms read back to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      assert.equal(fromCompactTime(toCompactTime(seconds * 1000)), seconds * 1000)
      assert.equal(fromRfc3339(toRfc3339(seconds * 1000)), seconds * 1000)
    }),
  )
})

it('writes the documents’ examples', () => {
  const ms = Date.parse('2018-06-08T02:34:56Z')
  assert.equal(toRfc3339(ms), '2018-06-08T10:34:56+08:00')
  assert.equal(toCompactTime(ms), '20180608103456')
})

it('refuses what is no time', () => {
  for (const text of ['', '2018', '20180230000000', '20181308000000', '2018060810345x']) {
    assert.equal(fromCompactTime(text), undefined, text)
  }
  for (const text of [
    '',
    '2018-06-08',
    '2018-06-08T10:34:56',
    '2018-13-08T10:34:56+08:00',
    '2018-06-08 10:34:56+08:00',
  ]) {
    assert.equal(fromRfc3339(text), undefined, text)
  }
})
