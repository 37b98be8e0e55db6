import type { Row } from './row.ts'
import type { Summary } from './summary.ts'

const headings = ['', 'how many', 'p50', 'p99', 'max', '÷ request', '÷ commit'] as const

/**
 * The rows as lines for a terminal, each followed by what was measured beside it. The last two columns say how many times
 * as long as that its median is: a number that does not depend on the machine as the others do.
 */
export function tableLines(rows: readonly Row[]): string[] {
  const groups = rows.map(({ what, times, reference, verdict }) => ({
    verdict,
    table: [
      [what, ...cellsOf(times), ratio(times, reference.request), ratio(times, reference.commit)],
      ['    GET /healthz beside it', ...cellsOf(reference.request)],
      ['    an empty commit beside it', ...cellsOf(reference.commit)],
    ],
  }))
  const all = [[...headings], ...groups.flatMap(({ table }) => table)]
  const widths = headings.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  return [line(headings), ...groups.flatMap(({ table, verdict }) => [...table.map(line), `    ${verdict}`])]
}

function cellsOf({ count, p50, p99, max }: Summary): string[] {
  return [String(count), milliseconds(p50), milliseconds(p99), milliseconds(max)]
}

function milliseconds(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`
}

function ratio(times: Summary, reference: Summary): string {
  return (times.p50 / reference.p50).toFixed(1)
}
