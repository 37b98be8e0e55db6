/**
 * Pay v2's XML: one root, one level of children, text only. See pay-v2, "Transport and common rules".
 *
 * A general XML parser brings entities, DTDs and objects keyed by outside names; everything of that kind is refused
 * here instead of being configured away. Reading is one pass over the text.
 */
import { WechatMalformedError } from '../errors.ts'
import { checkSendable } from '../options.ts'
import { decodeUtf8 } from './json-fields.ts'
import { isXmlCodePoint } from './xml-code-point.ts'

const maxBytes = 64 * 1024
const maxFields = 100
const nameForm = /[A-Za-z][A-Za-z0-9_]{0,63}/y
const blank = /[ \t\r\n]*/y
const reference = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/y
const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/**
 * Reads a message of at most 64 KiB and 100 fields. Values keep every character as sent. CDATA, the five entities and
 * valid numeric references are understood; DOCTYPE, processing instructions (the XML declaration too), comments,
 * attributes, nested and repeated elements are refused.
 * @throws WechatMalformedError with reason `too_large`, `encoding` or `xml`
 */
export function readFlatXml(bytes: Uint8Array, root: 'xml' | 'root' = 'xml'): Map<string, string> {
  if (bytes.byteLength > maxBytes) throw new WechatMalformedError('too_large', 'The XML message is larger than 64 KiB')
  const reader = new FlatXmlReader(decodeUtf8(bytes))
  return reader.read(root)
}

class FlatXmlReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    for (const character of text) {
      if (!isXmlCodePoint(character.codePointAt(0) ?? 0)) throw broken('a character that XML does not allow')
    }
    this.#text = text
  }

  read(root: string): Map<string, string> {
    const fields = new Map<string, string>()
    this.#skip(blank)
    this.#expect(`<${root}>`)
    this.#skip(blank)
    while (!this.#take(`</${root}>`)) {
      const [name, value] = this.#element()
      if (fields.has(name)) throw broken('a repeated element')
      if (fields.size === maxFields) throw new WechatMalformedError('too_large', 'The XML has more than 100 fields')
      fields.set(name, value)
      this.#skip(blank)
    }
    this.#skip(blank)
    if (this.#at !== this.#text.length) throw broken('text after its end')
    return fields
  }

  #element(): [name: string, value: string] {
    this.#expect('<')
    const name = this.#skip(nameForm)
    if (this.#take('/>')) return [name, '']
    this.#expect('>')
    const value = this.#value()
    this.#expect(`</${name}>`)
    return [name, value]
  }

  #value(): string {
    const parts: string[] = []
    for (;;) {
      if (this.#take('<![CDATA[')) {
        const end = this.#text.indexOf(']]>', this.#at)
        if (end < 0) throw broken('CDATA without an end')
        parts.push(this.#text.slice(this.#at, end))
        this.#at = end + 3
      } else if (this.#text[this.#at] === '&') parts.push(this.#reference())
      else {
        const text = this.#plainText()
        if (text === '') return parts.join('')
        parts.push(text)
      }
    }
  }

  #plainText(): string {
    const start = this.#at
    while (this.#at < this.#text.length && this.#text[this.#at] !== '<' && this.#text[this.#at] !== '&') this.#at++
    const text = this.#text.slice(start, this.#at)
    if (text.includes(']]>')) throw broken('a CDATA end in a text')
    return text
  }

  #reference(): string {
    reference.lastIndex = this.#at
    const match = reference.exec(this.#text)
    if (match === null) throw broken('an unknown entity')
    this.#at = reference.lastIndex
    const [, name, decimal, hex] = match
    if (name !== undefined) return entities.get(name) ?? ''
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10)
    if (!isXmlCodePoint(code)) throw broken('a reference to an impossible character')
    return String.fromCodePoint(code)
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) throw broken('something other than a flat list of elements')
    this.#at = pattern.lastIndex
    return match[0]
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw broken('something other than a flat list of elements')
  }
}

function broken(what: string): WechatMalformedError {
  return new WechatMalformedError('xml', `The XML message has ${what}`)
}

const fullName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/**
 * Prints fields in the given order, values in CDATA as WeChat does. What {@link readFlatXml} reads from it is equal.
 * @throws TypeError for a name that is no field name and for characters that WeChat does not take
 */
export function printFlatXml(fields: Iterable<readonly [name: string, value: string]>): string {
  const elements = Array.from(fields, ([name, value]) => {
    if (!fullName.test(name)) throw new TypeError('An XML field name has letters, digits and underscores only')
    return `<${name}>${printValue(checkSendable(name, value))}</${name}>`
  })
  return `<xml>${elements.join('')}</xml>`
}

function printValue(value: string): string {
  // Other readers turn a carriage return inside CDATA into a line feed, which would break the signature.
  if (!value.includes(']]>') && !value.includes('\r')) return `<![CDATA[${value}]]>`
  return value.replace(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}
