import { stripVTControlCharacters } from 'node:util'

/** Laying out text for a terminal, where a Chinese character takes two columns. Colours take none. */

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** What the order's screen is made for. */
export const pageWidth = 100

/** Columns that `text` takes. */
export function displayWidth(text: string): number {
  return [...stripVTControlCharacters(text)].reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0)
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text
}

/** `left` at the left edge and `right` at the right one. */
export function spread(left: string, right: string, columns = pageWidth): string {
  return `${left}${' '.repeat(Math.max(2, columns - displayWidth(left) - displayWidth(right)))}${right}`
}

/** A date with its time, and a command, which is copied as it stands. */
const together =
  /[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}|fenpay [a-z-]+(?: (?:--[a-z-]+|<\w+>|[0-9A-Z]{20,}|[0-9]+\.[0-9]{2}(?![0-9])))*/g
/** A blank that no line is broken at. */
const tie = '\0'

/**
 * Text in lines of at most `columns`, broken at blanks; Chinese, which has none, wherever the line is full. A date and its
 * time stay together, and so do the words of a command.
 */
export function wrap(text: string, columns: number): string[] {
  const tied = text.replace(together, (words) => words.replaceAll(' ', tie))
  return broken(tied, columns).map((line) => line.replaceAll(tie, ' '))
}

function broken(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((word) => pieces(word, columns))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function pieces(word: string, columns: number): string[] {
  if (displayWidth(word) <= columns) return [word]
  const parts: string[] = []
  let part = ''
  for (const character of word) {
    if (displayWidth(part + character) > columns) {
      parts.push(part)
      part = ''
    }
    part += character
  }
  return [...parts, part]
}

export interface Column {
  title: string
  /** Numbers stand at the right. */
  align?: 'right'
}

/** Rows under their titles, each column as wide as its widest cell. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => (align === 'right' ? padStart : padEnd)(cells[index] ?? '', widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...rows.map(line)]
}
