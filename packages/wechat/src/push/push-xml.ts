import { WechatMalformedError } from '../errors.ts'
import { decodeUtf8 } from '../wire/json-fields.ts'
import { brokenXml, XmlScanner } from '../wire/xml-scanner.ts'
import type { PushFields, PushValue } from './push-fields.ts'

const maxElements = 100
/** As deep as the lists of subscribe messages: xml, event, List, field. */
const maxDepth = 4

type Fields = Record<string, PushValue>

/**
 * Reads a push in XML. As flat-xml, but an element may hold elements instead of a text, and such elements may repeat,
 * which makes a list. At most 100 elements, four levels. Texts are never repeated and never mixed with elements.
 * @throws WechatMalformedError with reason `too_large`, `encoding` or `xml`
 */
export function readPushXml(bytes: Uint8Array): PushFields {
  const scanner = new XmlScanner(decodeUtf8(bytes), 'elements with a text or elements in them')
  let count = 0

  function fieldsUntil(end: string, depth: number): Fields {
    if (depth > maxDepth) throw brokenXml(`more than ${maxDepth} levels`)
    const fields: Fields = Object.create(null)
    scanner.skipBlanks()
    while (!scanner.take(end)) {
      if (++count > maxElements) throw new WechatMalformedError('too_large', 'The XML has more than 100 elements')
      scanner.expect('<')
      const name = scanner.name()
      fields[name] = join(fields[name], element(name, depth))
      scanner.skipBlanks()
    }
    return fields
  }

  function element(name: string, depth: number): string | Fields {
    if (scanner.take('/>')) return ''
    scanner.expect('>')
    if (scanner.takeBlanksBeforeElement()) return fieldsUntil(`</${name}>`, depth + 1)
    const value = scanner.value()
    scanner.expect(`</${name}>`)
    return value
  }

  scanner.skipBlanks()
  scanner.expect('<xml>')
  const fields = fieldsUntil('</xml>', 2)
  scanner.expectEnd()
  return fields
}

function join(before: PushValue | undefined, value: string | Fields): PushValue {
  if (before === undefined) return value
  if (typeof before !== 'object' || before === null || typeof value === 'string') throw brokenXml('a repeated text')
  return Array.isArray(before) ? [...before, value] : [before, value]
}
