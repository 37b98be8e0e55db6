import type { CliHost } from './cli-host.ts'
import { createPaint, type Paint } from './paint.ts'
import { printable } from './words.ts'

/** Prints a report: for machines as it is, for a person as `view` lays it out. */
export function show<Report>(
  host: CliHost,
  { json }: { json?: boolean },
  report: Report,
  view: (report: Report, paint: Paint) => string[],
): void {
  host.write(
    json === true
      ? `${JSON.stringify(report, null, 2)}\n`
      : `${view(printable(report), createPaint(host.isColored)).join('\n')}\n`,
  )
}
