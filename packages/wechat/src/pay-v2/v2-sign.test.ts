import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalV2, signV2, verifyV2 } from './v2-sign.ts'

const apiKey = '192006250b4c09247ec02edce69f6a2d'
const fields = new Map([
  ['appid', 'wxd930ea5d5a258f4f'],
  ['body', 'test'],
])

test('Names sort by byte: upper case, underscore, lower case', () => {
  const names = ['a_b', 'ab', 'aB', 'a1', 'Z', 'a']
  assert.equal(canonicalV2(names.map((name) => [name, '1'])), 'Z=1&a=1&a1=1&aB=1&a_b=1&ab=1')
})

test('Empty values and sign take no part, 0 does, and nothing is trimmed or escaped', () => {
  const text = canonicalV2([
    ['sign', 'X'],
    ['b', ''],
    ['c', '0'],
    ['d', ' 中&=%20 '],
  ])
  assert.equal(text, 'c=0&d= 中&=%20 ')
})

test('A13: a value that is not a string is a TypeError, even where it would print alike', () => {
  for (const value of [['1'], 1, { toString: () => '1' }, null, undefined]) {
    // @ts-expect-error the types do not allow it either
    assert.throws(() => signV2([['a', value]], apiKey, 'MD5'), TypeError)
  }
})

test('A17: only the exact spelling of the exact algorithm verifies', () => {
  for (const signType of ['MD5', 'HMAC-SHA256'] as const) {
    const sign = signV2(fields, apiKey, signType)
    const verify = (spelling: string) => verifyV2(new Map(fields).set('sign', spelling), apiKey, signType)
    assert.equal(verify(sign), true)
    const other = signV2(fields, apiKey, signType === 'MD5' ? 'HMAC-SHA256' : 'MD5')
    const spellings = [
      '',
      sign.toLowerCase(),
      ` ${sign}`,
      `${sign}\n`,
      sign.slice(0, -1),
      `${sign}0`,
      other,
      lookAlike(sign),
    ]
    for (const spelling of spellings) assert.equal(verify(spelling), false, JSON.stringify(spelling))
    assert.equal(verifyV2(fields, apiKey, signType), false, 'no sign')
  }
})

/** Another text whose characters have the same low bytes. */
function lookAlike(sign: string): string {
  return Array.from(sign, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0x100)).join('')
}

test('A16: signs of any length compare without an exception', () => {
  for (let length = 0; length < 130; length++) {
    const message = new Map(fields).set('sign', 'A'.repeat(length))
    assert.equal(verifyV2(message, apiKey, 'MD5'), false)
    assert.equal(verifyV2(message, apiKey, 'HMAC-SHA256'), false)
  }
})

test('Any change of any field, known or not, is noticed', () => {
  const value = fc.string({ minLength: 1 })
  const message = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), value, { minKeys: 1, noNullPrototype: true })
  fc.assert(
    fc.property(message, value, fc.constantFrom('MD5', 'HMAC-SHA256'), (record, replacement, signType) => {
      const signed = new Map(Object.entries(record))
      signed.delete('sign')
      fc.pre(signed.size > 0)
      signed.set('sign', signV2(signed, apiKey, signType))
      assert.equal(verifyV2(signed, apiKey, signType), true)
      const name = [...signed.keys()].find((key) => key !== 'sign') ?? ''
      const changed = new Map(signed).set(name, replacement)
      assert.equal(verifyV2(changed, apiKey, signType), signed.get(name) === replacement)
      const added = new Map(signed).set('a_future_field', 'x')
      assert.equal(verifyV2(added, apiKey, signType), false)
    }),
  )
})
