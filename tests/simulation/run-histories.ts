import { type Changes, type Outcome, runHistory } from './run-history.ts'
import type { Stage } from './stage.ts'

/** Histories share nothing but the machine: while one waits for its database another one goes on. */
const parallel = 3

/** Plays the seeds from `first` on; stops at the first one of which `onOutcome` says so. */
export async function runHistories(
  stage: Stage,
  { first, count, ...changes }: { first: number; count: number } & Changes,
  onOutcome: (outcome: Outcome) => 'go on' | 'stop',
): Promise<void> {
  const seeds = Array.from({ length: count }, (_, index) => first + index)
  const player = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      if (onOutcome(await runHistory(stage, seed, changes)) === 'stop') seeds.length = 0
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, player))
}
