import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { numberFromBytes } from './number.ts'

const sixteenBytes = fc.uint8Array({ minLength: 16, maxLength: 16 })

test('A34: a number is 26 characters that WeChat takes as out_trade_no, and tells all 128 bits', () => {
  fc.assert(
    fc.property(sixteenBytes, sixteenBytes, (a, b) => {
      assert.match(numberFromBytes(a), /^[0-9A-HJKMNP-TV-Z]{26}$/)
      assert.equal(numberFromBytes(a) === numberFromBytes(b), Buffer.compare(a, b) === 0)
    }),
  )
  assert.equal(numberFromBytes(new Uint8Array(16)), '0'.repeat(26))
  assert.equal(numberFromBytes(new Uint8Array(16).fill(255)), `7${'Z'.repeat(25)}`)
  assert.throws(() => numberFromBytes(new Uint8Array(15)), TypeError)
})
