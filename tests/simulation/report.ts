import type { Outcome } from './run-history.ts'

/** All that is needed to understand a failure and to see it again. */
export function report({ plan, timeLine, wrong }: Outcome): string {
  return [
    `seed ${plan.seed} went wrong:`,
    ...wrong.map((line) => `  ${line}`),
    `plan: ${JSON.stringify(plan)}`,
    'time-line:',
    ...timeLine,
    `again: npm run simulate -- --seed ${plan.seed}`,
  ].join('\n')
}
