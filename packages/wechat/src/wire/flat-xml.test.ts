import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertLinearTime } from '../../../../tests/support/linear-time.ts'
import { isWechatError } from '../errors.ts'
import { printFlatXml, readFlatXml } from './flat-xml.ts'

const read = (text: string, root?: 'xml' | 'root') => Object.fromEntries(readFlatXml(Buffer.from(text), root))
const wrap = (content: string) => `<xml>${content}</xml>`

test('Texts, CDATA, entities and references give the raw value, with nothing trimmed', () => {
  const message = `
    <xml>
      <a>1</a><b><![CDATA[ <x>&amp; ]]></b><c>a&amp;b&lt;&gt;&quot;&apos;</c>
      <d>&#20013;&#x6587;&#13;</d><e></e><f/><g>1<![CDATA[2]]>3<![CDATA[]]></g><h> 支付 </h>
    </xml>
  `
  const values = { a: '1', b: ' <x>&amp; ', c: `a&b<>"'`, d: '中文\r', e: '', f: '', g: '123', h: ' 支付 ' }
  assert.deepEqual(read(message), values)
})

test('The root is xml, or root where asked', () => {
  assert.deepEqual(read('<root><a>1</a></root>', 'root'), { a: '1' })
  assert.throws(() => read('<root><a>1</a></root>'), { reason: 'xml' })
  assert.throws(() => read('<xml><a>1</a></xml>', 'root'), { reason: 'xml' })
  assert.deepEqual(read('<xml></xml>'), {})
})

const refused: Array<[name: string, message: string]> = [
  ['A1: a DOCTYPE', '<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>'],
  ['A1: a DOCTYPE after the root', '<xml><a>1</a></xml><!DOCTYPE xml>'],
  ['A1: a processing instruction', '<?xml version="1.0"?><xml><a>1</a></xml>'],
  ['A1: a processing instruction inside', wrap('<?php x?><a>1</a>')],
  ['A1: a comment', wrap('<!-- x --><a>1</a>')],
  ['A2: an unknown entity', wrap('<a>&e;</a>')],
  ['A2: an entity named like an inherited property', wrap('<a>&constructor;</a>')],
  ['A2: a lone ampersand', wrap('<a>a&b</a>')],
  ['A2: a reference beyond Unicode', wrap('<a>&#9999999;</a>')],
  ['A2: a reference to a surrogate', wrap('<a>&#xD800;</a>')],
  ['A2: a reference to NUL', wrap('<a>&#0;</a>')],
  ['A2: a reference too long', wrap('<a>&#00000000065;</a>')],
  ['A3: __proto__ as a name', wrap('<__proto__>1</__proto__>')],
  ['A4: a repeated element', wrap('<out_trade_no>A</out_trade_no><out_trade_no>B</out_trade_no>')],
  ['A5: a nested element', wrap('<a><b>1</b></a>')],
  ['A5: an attribute', wrap('<a b="1">1</a>')],
  ['A5: an attribute on the root', '<xml a="1"><a>1</a></xml>'],
  ['A5: text between elements', wrap('<a>1</a>x')],
  ['A5: a blank in a tag', wrap('<a >1</a>')],
  ['A6: NUL', wrap('<a>\0</a>')],
  ['A6: a control character', wrap('<a>\u0001</a>')],
  ['A6: a byte order mark', '\ufeff<xml></xml>'],
  ['A6: a CDATA end in a text', wrap('<a>x]]>y</a>')],
  ['A6: CDATA without an end', wrap('<a><![CDATA[x</a>')],
  ['A13: JSON', '{"a":"1"}'],
  ['a missing end', '<xml><a>1</a>'],
  ['a missing element end', '<xml><a>1'],
  ['a wrong end', wrap('<a>1</b>')],
  ['two roots', '<xml></xml><xml></xml>'],
  ['text after the end', '<xml></xml>x'],
  ['an HTML page', '<html><body>502 Bad Gateway</body></html>'],
  ['nothing', ''],
  ['blanks', ' \n'],
]

for (const [name, message] of refused) {
  test(`${name} is refused`, () => {
    assert.throws(() => read(message), { code: 'wechat_malformed', reason: 'xml' })
  })
}

test('A3: constructor as a name is an ordinary field', () => {
  const fields = readFlatXml(Buffer.from(wrap('<constructor>1</constructor>')))
  assert.equal(fields.get('constructor'), '1')
  assert.equal(fields.get('toString'), undefined)
})

test('A6: bytes that are not UTF-8 are refused', () => {
  const utf16 = Buffer.from(wrap('<a>1</a>'), 'utf16le')
  const overlong = Buffer.concat([Buffer.from('<xml><a>'), Buffer.from([0xc0, 0xbc]), Buffer.from('</a></xml>')])
  const surrogate = Buffer.concat([Buffer.from('<xml><a>'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('</a></xml>')])
  for (const bytes of [overlong, surrogate, Buffer.from([0xff])]) {
    assert.throws(() => readFlatXml(bytes), { code: 'wechat_malformed', reason: 'encoding' })
  }
  assert.throws(() => readFlatXml(utf16), { reason: 'xml' })
})

test('A2: more than 64 KiB or 100 fields is refused', () => {
  const fill = (size: number) => wrap(`<a>${'x'.repeat(size - wrap('<a></a>').length)}</a>`)
  assert.equal(read(fill(65_536))['a']?.length, 65_536 - 18)
  assert.throws(() => read(fill(65_537)), { code: 'wechat_malformed', reason: 'too_large' })
  const fields = (count: number) => wrap(Array.from({ length: count }, (_, index) => `<f${index}/>`).join(''))
  assert.equal(readFlatXml(Buffer.from(fields(100))).size, 100)
  assert.throws(() => read(fields(101)), { code: 'wechat_malformed', reason: 'too_large' })
})

test('A59: 64 KiB of the worst texts take linear time', () => {
  const parts = ['&#65;', '&amp;', '<![CDATA[]]>', ']', ']]', '<', '<![CDATA[', '&#', ' ', '<!', '中']
  const texts = parts.map((part) => (bytes: number) => wrap(`<a>${part.repeat(Math.floor(bytes / part.length))}</a>`))
  texts.push(
    (bytes) => `<xml>${' '.repeat(bytes)}`,
    (bytes) => `${' '.repeat(bytes)}x`,
    (bytes) => `<xml><a${'a'.repeat(bytes)}`,
  )
  for (const text of texts) {
    assertLinearTime(text(20), (bytes) => {
      try {
        readFlatXml(Buffer.from(text(bytes)).subarray(0, 65_536))
      } catch (error) {
        assert(isWechatError(error))
      }
    })
  }
})

const xmlText = fc
  .array(
    fc.oneof(
      fc.constantFrom(']]>', '&', '<', '&amp;', '\r\n', '\t', ' ', '<![CDATA['),
      fc.string({ unit: 'grapheme' }),
    ),
  )
  .map((parts) =>
    Array.from(parts.join(''), (unit) => (/^[\t\n\r\x20-\ud7ff\ue000-\ufffd]$/.test(unit) ? unit : '')).join(''),
  )
const fieldName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)

test('What is printed is read back unchanged', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fieldName, xmlText), { selector: ([name]) => name, maxLength: 20 }),
      (fields) => {
        assert.deepEqual([...readFlatXml(Buffer.from(printFlatXml(fields)))], fields)
      },
    ),
  )
})

test('Any bytes give fields or a typed error', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    fc
      .array(fc.constantFrom('<xml>', '</xml>', '<a>', '</a>', '<![CDATA[', ']]>', '&#1', ';', '&', 'x', '/>'))
      .map((parts) => Buffer.from(parts.join(''))),
  )
  fc.assert(
    fc.property(bytes, (message) => {
      try {
        readFlatXml(message)
      } catch (error) {
        assert(isWechatError(error) && error.code === 'wechat_malformed')
      }
    }),
  )
})

test('Characters that WeChat does not take, and impossible names, are not printed', () => {
  for (const value of ['🍜', '\ud83c', '\0', '\u000b', '\uffff']) {
    assert.throws(() => printFlatXml([['a', value]]), TypeError)
  }
  for (const name of ['', '1a', 'a b', '__proto__', 'a>', 'x'.repeat(65)]) {
    assert.throws(() => printFlatXml([[name, '1']]), TypeError)
  }
})
