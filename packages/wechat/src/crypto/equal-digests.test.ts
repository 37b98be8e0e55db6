import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equalDigests } from './equal-digests.ts'

test('A16: digests of different lengths are unequal, without an exception', () => {
  assert.equal(equalDigests('AB', 'AB'), true)
  assert.equal(equalDigests('AB', 'AC'), false)
  assert.equal(equalDigests('AB', 'ABC'), false)
  assert.equal(equalDigests('', 'A'), false)
})
