import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertLinearTime } from '../../../../tests/support/linear-time.ts'
import { isWechatError } from '../errors.ts'
import { readPushXml } from './push-xml.ts'

/** Compared as JSON, as the fields have no prototype. */
const read = (text: string): unknown => JSON.parse(JSON.stringify(readPushXml(Buffer.from(text))))
const wrap = (content: string) => `<xml>${content}</xml>`

test('Texts, elements in elements, and lists of these are read', () => {
  const message = `
    <xml>
      <a><![CDATA[ <List>x</List> ]]></a><b> 1 </b><c/><d></d>
      <e> <List><x>1</x></List> <List> <x>2</x><y>&amp;</y> </List> </e>
      <f><g>1</g></f>
    </xml>
  `
  const e = { List: [{ x: '1' }, { x: '2', y: '&' }] }
  assert.deepEqual(read(message), { a: ' <List>x</List> ', b: ' 1 ', c: '', d: '', e, f: { g: '1' } })
  assert.deepEqual(read(wrap('<e><x>1</x></e><e><x>2</x></e><e><x>3</x></e>')), {
    e: [{ x: '1' }, { x: '2' }, { x: '3' }],
  })
  assert.deepEqual(read('<xml></xml>'), {})
})

const refused: Array<[name: string, message: string]> = [
  ['A1: a DOCTYPE', '<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>'],
  ['A1: a DOCTYPE inside', wrap('<a><!DOCTYPE x><b>1</b></a>')],
  ['A1: a processing instruction', '<?xml version="1.0"?><xml><a>1</a></xml>'],
  ['A1: a processing instruction inside', wrap('<a><?php x?><b>1</b></a>')],
  ['A1: a comment', wrap('<a><!-- x --><b>1</b></a>')],
  ['A2: an unknown entity', wrap('<a><b>&e;</b></a>')],
  ['A2: a reference beyond Unicode', wrap('<a><b>&#9999999;</b></a>')],
  ['A2: a fifth level', wrap('<a><b><c><d>1</d></c></b></a>')],
  ['A3: __proto__ as a name', wrap('<a><__proto__>1</__proto__></a>')],
  ['A4: a repeated text', wrap('<ToUserName>A</ToUserName><ToUserName>B</ToUserName>')],
  ['A4: a repeated text in a list', wrap('<a><List><x>1</x><x>2</x></List></a>')],
  ['A4: a text and then an element of one name', wrap('<a>1</a><a><b>2</b></a>')],
  ['A4: an element and then a text of one name', wrap('<a><b>2</b></a><a>1</a>')],
  ['A4: a list and then an empty text of one name', wrap('<a><b>1</b></a><a><b>2</b></a><a/>')],
  ['A5: an attribute', wrap('<a><b c="1">1</b></a>')],
  ['A5: text before an element', wrap('<a>x<b>1</b></a>')],
  ['A5: text after an element', wrap('<a><b>1</b>x</a>')],
  ['A5: CDATA beside an element', wrap('<a><![CDATA[x]]><b>1</b></a>')],
  ['A6: NUL', wrap('<a><b>\0</b></a>')],
  ['A6: a byte order mark', '\ufeff<xml></xml>'],
  ['A13: JSON', '{"a":"1"}'],
  ['a wrong end', wrap('<a><b>1</a></b>')],
  ['no end', '<xml><a><b>1</b>'],
  ['text after the end', '<xml></xml>x'],
  ['another root', '<root></root>'],
  ['nothing', ''],
]
for (const [name, message] of refused) {
  test(`${name} is refused in a push`, () => {
    assert.throws(() => read(message), { code: 'wechat_malformed', reason: 'xml' })
  })
}

test('A2: more than 100 elements on all levels are refused', () => {
  const list = (count: number) => wrap(`<a>${'<b><c/></b>'.repeat(count)}</a>`)
  assert.doesNotThrow(() => read(list(49)))
  assert.throws(() => read(list(50)), { code: 'wechat_malformed', reason: 'too_large' })
  assert.throws(() => read(wrap('<a>'.repeat(20_000))), { code: 'wechat_malformed', reason: 'xml' })
})

test('A3: the fields have no prototype', () => {
  const fields = readPushXml(Buffer.from(wrap('<constructor>1</constructor><a><b>1</b></a>')))
  assert.equal(Object.getPrototypeOf(fields), null)
  assert.equal(Object.getPrototypeOf(fields['a']), null)
  assert.equal(fields['toString'], undefined)
})

test('A59: 64 KiB of the worst texts take linear time', () => {
  const parts = ['<a>', '<a> ', '<a/>', '<a><![CDATA[', '&#65;', ' ', ']', '<', '<![CDATA[]]>']
  for (const part of parts) {
    assertLinearTime(part, (bytes) => {
      assert.throws(() => read(`<xml><a>${part.repeat(Math.floor(bytes / part.length))}`), isWechatError)
    })
  }
})

test('Any tags give fields or a typed error', () => {
  const tag = fc.constantFrom(
    '<xml>',
    '</xml>',
    '<a>',
    '</a>',
    '<b>',
    '</b>',
    '<![CDATA[',
    ']]>',
    '&#65;',
    'x',
    ' ',
    '<a/>',
  )
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 20 }), (parts) => {
      try {
        read(`<xml>${parts.join('')}</xml>`)
      } catch (error) {
        assert(isWechatError(error) && error.code === 'wechat_malformed')
      }
    }),
  )
})
