import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { assertLinearTime } from '../../../../../tests/support/linear-time.ts'
import { readXml, writeXml, XmlFormatError } from './xml.ts'

describe('the v2 message form', () => {
  it('reads back what it wrote, whatever the values', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,15}$/)
    const value = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((text) => !/[\0\uD800-\uDFFF]/.test(text))
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(value, fc.nat())), (fields) => {
        const entries = Object.entries(fields)
        assert.deepEqual(
          [...readXml(writeXml(entries))],
          entries.map(([key, one]) => [key, String(one)]),
        )
      }),
    )
  })

  it('never fails but with its own error, and quickly', () => {
    const piece = fc.constantFrom(
      '<xml>',
      '</xml>',
      '<a>',
      '</a>',
      '<![CDATA[',
      ']]>',
      '&amp;',
      '&#x41;',
      '&',
      '<!--',
      '<?',
      ' ',
      'x',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          readXml(pieces.join(''))
        } catch (error) {
          assert.ok(error instanceof XmlFormatError)
        }
      }),
      { numRuns: 2000 },
    )
    for (const flood of ['<![CDATA[', '&amp;', '&', '<a>', '<xml>', ' ']) {
      assertLinearTime(flood, (bytes) => {
        assert.throws(() => readXml(`<xml><a>${flood.repeat(bytes / flood.length)}`), XmlFormatError)
      })
    }
  })

  it('reads text, CDATA, both mixed, entities, empty elements and a declaration', () => {
    const text =
      '<?xml version="1.0"?>\n<xml>\n <a>1 &lt;&amp;&#65;&#x42;</a><b><![CDATA[<x>&amp;]]></b><c>x<![CDATA[y]]>z</c><d/><e></e></xml>\n'
    assert.deepEqual(Object.fromEntries(readXml(text)), { a: '1 <&AB', b: '<x>&amp;', c: 'xyz', d: '', e: '' })
  })

  const refused = [
    '',
    'x',
    '<root></root>',
    '<xml>',
    '<xml></xml>x',
    '<xml>text</xml>',
    '<xml><a>1</a><a>2</a></xml>',
    '<xml><a b="1">1</a></xml>',
    '<xml><a><b>1</b></a></xml>',
    '<xml><a>1</b></xml>',
    '<xml><a>&unknown;</a></xml>',
    '<xml><a>&#0;</a></xml>',
    '<xml><a>&#9999999;</a></xml>',
    '<xml><a>&__proto__;</a></xml>',
    '<xml><a>&amp</a></xml>',
    '<xml><!-- x --><a>1</a></xml>',
    '<!DOCTYPE xml><xml><a>1</a></xml>',
    '<xml><a><![CDATA[1</a></xml>',
  ]
  for (const text of refused)
    it(`refuses ${text || 'nothing'}`, () => assert.throws(() => readXml(text), XmlFormatError))
})
