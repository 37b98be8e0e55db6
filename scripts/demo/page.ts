import { styleText } from 'node:util'
import { bodyLines, displayWidth, padColumns, shortenLongWords, wrapExactly, wrapProse } from './text-layout.ts'

const columns = 100

/** One HTTP message as it is shown. */
export interface ShownMessage {
  /** Who to whom, such as `phone → server`. */
  way: string
  /** Method and address, or status. */
  start: string
  headers?: Readonly<Record<string, string>>
  body?: string
}

/**
 * The demo's output: 100 columns, colours where the terminal takes them (never under NO_COLOR).
 * `full` neither shortens nor breaks anything that one may want to copy.
 */
export class Page {
  readonly #write: (line: string) => void
  readonly #full: boolean

  constructor(write: (line: string) => void, full: boolean) {
    this.#write = write
    this.#full = full
  }

  title(text: string): void {
    this.#write(`\n${styleText(['bold', 'inverse'], padColumns(` ${text}`, columns))}`)
  }

  step(text: string): void {
    const rule = '─'.repeat(columns - 4 - displayWidth(text))
    this.#write(`\n${styleText(['bold', 'cyan'], `── ${text} ${rule}`)}`)
  }

  say(text: string): void {
    this.#write('')
    for (const line of wrapProse(text, columns - 4)) this.#write(`  ${line}`)
  }

  /** Labels and values, one a line. */
  facts(facts: readonly (readonly [label: string, value: string])[]): void {
    const widest = Math.max(...facts.map(([label]) => displayWidth(label)))
    this.#write('')
    for (const [label, value] of facts) this.#labelled(label, '  ', value, widest)
  }

  message({ way, start, headers = {}, body = '' }: ShownMessage): void {
    this.#write('')
    const [first = '', ...more] = this.#lines(start, columns - 26)
    this.#write(`    ${styleText('bold', padColumns(way, 18))}  ${first}`)
    for (const line of more) this.#write(`${' '.repeat(24)}  ${line}`)
    for (const [name, value] of Object.entries(headers)) {
      const [begin = '', ...rest] = this.#lines(`${name}: ${value}`, columns - 12)
      this.#write(`        ${styleText('dim', begin.slice(0, name.length + 1))}${begin.slice(name.length + 1)}`)
      for (const line of rest) this.#write(`          ${line}`)
    }
    for (const line of bodyLines(body).flatMap((text) => this.#lines(text, columns - 8))) {
      this.#write(`        ${dimNames(line)}`)
    }
  }

  /** The exact string under a signature: each newline in it is shown as ⏎, a line without ⏎ goes on below. */
  signedString(heading: string, text: string, labels: readonly string[] = []): void {
    const lines = text.split(/(?<=\n)/)
    const widest = Math.max(0, ...labels.map(displayWidth))
    this.#write(`\n    ${styleText('bold', heading)}`)
    for (const [index, line] of lines.entries()) {
      this.#labelled(labels[index] ?? '', '│ ', line.replace('\n', '⏎'), widest)
    }
  }

  /** Something that was checked and is as it should be. */
  ok(text: string): void {
    this.#write('')
    for (const [index, line] of wrapProse(text, columns - 8).entries()) {
      this.#write(`    ${index === 0 ? styleText('green', '✔') : ' '} ${line}`)
    }
  }

  #labelled(label: string, gutter: string, value: string, widest: number): void {
    const room = columns - widest - 10
    for (const [index, line] of this.#lines(value, room).entries()) {
      const left = padColumns(index === 0 ? label : '', widest)
      this.#write(`      ${styleText('dim', `${left} ${gutter}`)}${line}`)
    }
  }

  #lines(text: string, room: number): string[] {
    return this.#full ? [text] : wrapExactly(shortenLongWords(text), room)
  }
}

/** Names of JSON members and XML elements step back behind the values. */
function dimNames(line: string): string {
  return line.replace(/"\w+":|<!\[CDATA\[|\]\]>|<\/?\w+>/g, (name) => styleText('dim', name))
}
