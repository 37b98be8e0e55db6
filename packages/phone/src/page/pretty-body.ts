import { createElement } from './create-element.ts'

/** A body laid out for reading: JSON and XML indented, a form one pair a line, anything else as it is. */
export function prettyBody(body: string): HTMLElement {
  const text = body.trim()
  return createElement('pre', { class: 'body', tabindex: '0' }, createElement('code', {}, ...coloured(layOut(text))))
}

function layOut(text: string): string {
  if (/^[[{]/.test(text)) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2)
    } catch {
      return text
    }
  }
  if (text.startsWith('<xml>')) return indentXml(text)
  if (/^[\w.%-]+=[^\s<]*$/.test(text)) return [...new URLSearchParams(text)].map((pair) => pair.join(' = ')).join('\n')
  return text
}

/** WeChat's XML is flat: one element a line. */
function indentXml(text: string): string {
  return text
    .replace(/>\s+</g, '><')
    .replace(/(<xml>|<\/[^>]+>)(?=<)/g, '$1\n')
    .split('\n')
    .map((line) => (/^<\/?xml>/.test(line) ? line : `  ${line}`))
    .join('\n')
}

const names = /("(?:[^"\\]|\\.)*"(?=\s*:)|<\/?\w+>|<!\[CDATA\[|\]\]>)/

/** Names step back behind the values. */
function coloured(text: string): (Node | string)[] {
  return text.split(names).map((part, index) => (index % 2 === 0 ? part : createElement('i', {}, part)))
}
