import { readFileSync } from 'node:fs'

/** One row of a table of docs/bad-input.md: what is sent, and everything that comes of it. */
export interface Row {
  id: string
  sent: string
  status: number
  /** The stable code of the answer, or WeChat's word for a notification; `–` when nothing is refused. */
  code: string
  /** What the database and WeChat's books hold afterwards that they did not hold before, in the words of footprint.ts. */
  staysBehind: string
}

const document = readFileSync(new URL('../../../docs/bad-input.md', import.meta.url), 'utf8')

/** The cells of every table row by the heading above it; header and ruler lines left out. */
export function tablesByHeading(): Map<string, string[][]> {
  const tables = new Map<string, string[][]>()
  let heading = ''
  for (const line of document.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '').replaceAll('`', '')
    if (!line.startsWith('| ') || /^\| (id |-)/.test(line)) continue
    const cells = line.split('|').slice(1, -1)
    tables.set(heading, [...(tables.get(heading) ?? []), cells.map((cell) => cell.trim().replaceAll('`', ''))])
  }
  return tables
}

/** The rows under a heading that begins with `POST`, `GET` or `Any`. @throws Error when a row has not five cells */
export function readTable(heading: string): Row[] {
  return (tablesByHeading().get(heading) ?? []).map((cells) => {
    const [id, sent, status, code, staysBehind, ...rest] = cells
    if (!id || !sent || !status || !code || !staysBehind || rest.length > 0) {
      throw new Error(`a row under ${heading} has not five cells: ${cells.join(' | ')}`)
    }
    return { id, sent, status: Number(status), code, staysBehind }
  })
}
