/** Thrown for anything that is not v2's flat XML. The message names the place, not the content. */
export class XmlFormatError extends Error {
  readonly code = 'xml_format_error'
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/**
 * Reads v2's message form: root `xml`, one level of children without attributes, text or CDATA. No DOCTYPE, comment,
 * nesting or repeated name is accepted. Values are not trimmed.
 */
export function readXml(text: string): Map<string, string> {
  const scanner = new Scanner(text)
  scanner.take(/\s*(?:<\?xml[^>]*\?>)?\s*/y)
  scanner.need(/<xml>/y, 'the root element must be <xml>')
  const fields = new Map<string, string>()
  while (!scanner.take(/\s*<\/xml\s*>\s*/y)) {
    const open = scanner.need(/\s*<([A-Za-z_][\w.-]*)\s*(\/?)>/y, 'an element without attributes was expected')
    const name = open[1] ?? ''
    if (fields.has(name)) throw new XmlFormatError(`element ${name} appears twice`)
    fields.set(name, open[2] === '/' ? '' : readValue(scanner, name))
  }
  if (!scanner.atEnd) throw new XmlFormatError('there is text after </xml>')
  return fields
}

function readValue(scanner: Scanner, name: string): string {
  let value = ''
  for (;;) {
    const cdata = scanner.take(/<!\[CDATA\[([\s\S]*?)\]\]>/y)
    const plain = cdata ? undefined : scanner.take(/[^<]+/y)
    if (cdata) value += cdata[1] ?? ''
    else if (plain) value += decodeEntities(plain[0])
    else break
  }
  const close = scanner.need(/<\/([\w.-]+)\s*>/y, `element ${name} must hold text only`)
  if (close[1] !== name) throw new XmlFormatError(`element ${name} is not closed`)
  return value
}

const decodeEntities = (text: string): string =>
  text.replace(/&([^;&]*);?/g, (whole, name: string) => {
    const named = Object.hasOwn(entities, name) ? entities[name] : undefined
    const numeric = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name)
    const point = numeric ? Number.parseInt(numeric[1] ?? numeric[2] ?? '', numeric[1] ? 16 : 10) : Number.NaN
    const character = named ?? (point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined)
    if (character === undefined || !whole.endsWith(';')) throw new XmlFormatError('unknown entity')
    return character
  })

class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (!match) return undefined
    this.#at = pattern.lastIndex
    return match
  }

  need(pattern: RegExp, problem: string): RegExpExecArray {
    const match = this.take(pattern)
    if (!match) throw new XmlFormatError(`at character ${this.#at}: ${problem}`)
    return match
  }
}

/** Writes a message as WeChat does: text in CDATA, numbers bare, empty values left out. */
export function writeXml(fields: Iterable<readonly [string, string | number]>, root = 'xml'): string {
  const lines = [...fields]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<${name}>${typeof value === 'number' ? value : toCdata(value)}</${name}>`)
  return `<${root}>${lines.join('\n')}</${root}>`
}

const toCdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
