import { WechatMalformedError } from '../errors.ts'
import { isXmlCodePoint } from './xml-code-point.ts'

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
 * Steps through the small part of XML that WeChat sends: elements without attributes, texts, CDATA, the five entities
 * and numeric references. All else has no method here, so that a reader built on it cannot take it.
 */
export class XmlScanner {
  readonly #text: string
  readonly #shape: string
  #at = 0

  /** `shape` names in errors what the reader expects. @throws WechatMalformedError for impossible characters */
  constructor(text: string, shape: string) {
    for (const character of text) {
      if (!isXmlCodePoint(character.codePointAt(0) ?? 0)) throw brokenXml('a character that XML does not allow')
    }
    this.#text = text
    this.#shape = shape
  }

  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  expect(token: string): void {
    if (!this.take(token)) throw brokenXml(`something other than ${this.#shape}`)
  }

  skipBlanks(): void {
    this.#skip(blank)
  }

  name(): string {
    return this.#skip(nameForm)
  }

  /** Steps over blanks if an element begins behind them; otherwise they belong to a value. */
  takeBlanksBeforeElement(): boolean {
    const start = this.#at
    this.skipBlanks()
    if (/^<[A-Za-z]/.test(this.#text.slice(this.#at, this.#at + 2))) return true
    this.#at = start
    return false
  }

  expectEnd(): void {
    this.skipBlanks()
    if (this.#at !== this.#text.length) throw brokenXml('text after its end')
  }

  /** The value up to the next tag, with every character as sent. */
  value(): string {
    const parts: string[] = []
    for (;;) {
      if (this.take('<![CDATA[')) {
        const end = this.#text.indexOf(']]>', this.#at)
        if (end < 0) throw brokenXml('CDATA without an end')
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
    if (text.includes(']]>')) throw brokenXml('a CDATA end in a text')
    return text
  }

  #reference(): string {
    reference.lastIndex = this.#at
    const match = reference.exec(this.#text)
    if (match === null) throw brokenXml('an unknown entity')
    this.#at = reference.lastIndex
    const [, name, decimal, hex] = match
    if (name !== undefined) return entities.get(name) ?? ''
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10)
    if (!isXmlCodePoint(code)) throw brokenXml('a reference to an impossible character')
    return String.fromCodePoint(code)
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) throw brokenXml(`something other than ${this.#shape}`)
    this.#at = pattern.lastIndex
    return match[0]
  }
}

export function brokenXml(what: string): WechatMalformedError {
  return new WechatMalformedError('xml', `The XML message has ${what}`)
}
