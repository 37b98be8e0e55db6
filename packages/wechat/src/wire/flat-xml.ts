/**
 * Pay v2's XML: one root, one level of children, text only. See pay-v2, "Transport and common rules".
 *
 * A general XML parser brings entities, DTDs and objects keyed by outside names; everything of that kind is refused
 * here instead of being configured away. Reading is one pass over the text.
 */
import { WechatMalformedError } from '../errors.ts'
import { checkSendable } from '../options.ts'
import { decodeUtf8 } from './json-fields.ts'
import { brokenXml, XmlScanner } from './xml-scanner.ts'

const maxBytes = 64 * 1024
const usualFields = 100

/**
 * Reads a message of at most 64 KiB and `maxFields` fields: 100, save for the one answer that has more. Values keep every
 * character as sent. CDATA, the five entities and valid numeric references are understood; DOCTYPE, processing
 * instructions (the XML declaration too), comments, attributes, nested and repeated elements are refused.
 * @throws WechatMalformedError with reason `too_large`, `encoding` or `xml`
 */
export function readFlatXml(
  bytes: Uint8Array,
  root: 'xml' | 'root' = 'xml',
  maxFields = usualFields,
): Map<string, string> {
  if (bytes.byteLength > maxBytes) throw new WechatMalformedError('too_large', 'The XML message is larger than 64 KiB')
  const scanner = new XmlScanner(decodeUtf8(bytes), 'a flat list of elements')
  const fields = new Map<string, string>()
  scanner.skipBlanks()
  scanner.expect(`<${root}>`)
  scanner.skipBlanks()
  while (!scanner.take(`</${root}>`)) {
    const [name, value] = readElement(scanner)
    if (fields.has(name)) throw brokenXml('a repeated element')
    if (fields.size === maxFields)
      throw new WechatMalformedError('too_large', `The XML has more than ${maxFields} fields`)
    fields.set(name, value)
    scanner.skipBlanks()
  }
  scanner.expectEnd()
  return fields
}

function readElement(scanner: XmlScanner): [name: string, value: string] {
  scanner.expect('<')
  const name = scanner.name()
  if (scanner.take('/>')) return [name, '']
  scanner.expect('>')
  const value = scanner.value()
  scanner.expect(`</${name}>`)
  return [name, value]
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
