import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bodyLines, displayWidth, padColumns, shortenLongWords, wrapExactly, wrapProse } from './text-layout.ts'

test('a Chinese character takes two columns, a drawn line and an arrow one', () => {
  assert.equal(displayWidth('预支付 │ → ⏎'), 12)
  assert.equal(padColumns('小面馆', 8), '小面馆  ')
  assert.equal(padColumns('小面馆', 2), '小面馆')
})

test('wrapping exactly loses no character and keeps within the columns', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '面', '&', ',', '?', '[', ' '), maxLength: 200 })
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 60 }), (original, columns) => {
      const lines = wrapExactly(original, columns)
      assert.equal(lines.join(''), original)
      assert.ok(lines.every((line) => displayWidth(line) <= columns))
    }),
  )
})

test('a long line breaks after & rather than within a value', () => {
  assert.deepEqual(wrapExactly('appid=wx1&body=noodles&sign=ABC', 25), ['appid=wx1&body=noodles&', 'sign=ABC'])
})

test('prose breaks at blanks, whatever blanks it was written with', () => {
  assert.deepEqual(wrapProse('  one\n   two 预支付 three ', 12), ['one two', '预支付 three'])
})

test('a signature is shortened, an ordinary number or digest is not', () => {
  assert.equal(shortenLongWords(`"${'A'.repeat(344)}"`), `"${'A'.repeat(20)}…${'A'.repeat(12)}"`)
  assert.equal(shortenLongWords('F'.repeat(64)), 'F'.repeat(64))
})

test('a body is shown as JSON with indents, as XML with one element a line, or as it is', () => {
  assert.deepEqual(bodyLines('{"token":"x"}'), ['{"token":"x"}'])
  assert.deepEqual(bodyLines(JSON.stringify({ long: 'x'.repeat(90) })), ['{', `  "long": "${'x'.repeat(90)}"`, '}'])
  const xml = '<xml><a><![CDATA[1]]></a><b>2</b></xml>'
  assert.deepEqual(bodyLines(xml), ['<xml>', '<a><![CDATA[1]]></a>', '<b>2</b>', '</xml>'])
  assert.deepEqual(bodyLines(''), [])
})
