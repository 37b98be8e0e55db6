import { flagCatalogue } from '../domain/flag.ts'
import type { ReportedFlag } from '../storage/report-rows.ts'
import { flagTodo } from './flag-todo.ts'
import type { Paint } from './paint.ts'
import { pageWidth, spread, wrap } from './text-layout.ts'
import { dateTime, facts, personOf } from './words.ts'

/** What a flag says, since when, on what evidence, and what to do. */
export function flagLines(flag: ReportedFlag, paint: Paint): string[] {
  const { what } = flagCatalogue[flag.kind]
  const isOpen = flag.resolved_at === null
  const about = flag.order_number === null ? '' : `, order ${flag.order_number}`
  const evidence = facts(flag.evidence)
  const told = [
    what,
    `about ${subjectOf(flag)} ${flag.subject_id}${flag.order_number === flag.subject_id ? '' : about}`,
    ...(evidence === '' ? [] : [`evidence: ${evidence}`]),
    ...(flag.resolved_at === null
      ? [`to do: ${flagTodo(flag)}`]
      : [`settled ${dateTime(flag.resolved_at)} by ${personOf(flag.resolved_by ?? '')}: ${flag.note ?? ''}`]),
  ]
  return [
    spread(`${paint(isOpen ? 'red' : 'dim', flag.kind)}  ${flag.flag_id}`, `since ${dateTime(flag.opened_at)}`),
    ...told.flatMap((line) => wrap(line, pageWidth - 2)).map((line) => `  ${line}`),
  ]
}

/** What WeChat says of a mini program is filed under the merchant, and its id is an appid. */
function subjectOf({ subject_type, subject_id }: ReportedFlag): string {
  return subject_type === 'merchant' && subject_id.startsWith('wx') ? 'mini program' : subject_type
}
