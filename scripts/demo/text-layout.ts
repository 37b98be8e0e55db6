/** Laying out text for a terminal, where a Chinese character takes two columns. */

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u

/** Columns that `text` takes; it holds no escape sequence. */
export function displayWidth(text: string): number {
  return [...text].reduce((columns, character) => columns + (wide.test(character) ? 2 : 1), 0)
}

/** `text` followed by blanks up to `columns`. */
export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

/** Prose in lines of at most `columns`, broken at blanks. */
export function wrapProse(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.trim().split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

/** `text` cut into lines of at most `columns`, losing no character; where it can be, after &, ?, [ or a comma. */
export function wrapExactly(text: string, columns: number): string[] {
  const lines: string[] = []
  let rest = text
  while (displayWidth(rest) > columns) {
    let end = 0
    let used = 0
    for (const character of rest) {
      used += displayWidth(character)
      if (used > columns) break
      end += character.length
    }
    const mark = Math.max(...['&', '?', '[', ','].map((sign) => rest.lastIndexOf(sign, end - 1))) + 1
    const cut = mark > end / 5 ? mark : end
    lines.push(rest.slice(0, cut))
    rest = rest.slice(cut)
  }
  return [...lines, rest]
}

/** Long keys, signatures and ciphertexts with their middle left out. */
export function shortenLongWords(text: string): string {
  return text.replace(/[A-Za-z0-9+/=]{81,}/g, (word) => `${word.slice(0, 20)}…${word.slice(-12)}`)
}

/** A body as one reads it: JSON indented, XML with one element a line. The bytes on the wire have no such breaks. */
export function bodyLines(body: string): string[] {
  if (body.startsWith('<')) return body.replace(/>(?=<\w|<\/xml>)/g, '>\n').split('\n')
  if (!body.startsWith('{')) return body === '' ? [] : [body]
  const value: unknown = JSON.parse(body)
  const compact = JSON.stringify(value)
  return displayWidth(compact) <= 88 ? [compact] : JSON.stringify(value, null, 2).split('\n')
}
