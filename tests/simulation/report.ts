import type { Outcome } from './run-history.ts'

const lastLines = 40
/** Of one order, payment or refund. */
const subjectLines = 80

/** All that is needed to understand a failure and to see it again. */
export function report({ plan, timeLine, wrong }: Outcome): string {
  const subjects = [...new Set(wrong.flatMap((line) => line.match(/#\d+/g) ?? []))].slice(0, 3)
  return [
    `seed ${plan.seed} went wrong:`,
    ...wrong.map((line) => `  ${line}`),
    `plan: ${JSON.stringify(plan)}`,
    ...subjects.flatMap((subject) => [`what happened to ${subject}:`, ...about(subject, timeLine)]),
    'the end of the time-line:',
    ...timeLine.slice(-lastLines),
    `again, with the whole time-line: npm run simulate -- --seed ${plan.seed} --verbose`,
  ].join('\n')
}

function about(subject: string, timeLine: readonly string[]): string[] {
  const named = new RegExp(`${subject}\\b`)
  return timeLine.filter((line) => named.test(line)).slice(-subjectLines)
}
