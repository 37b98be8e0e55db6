/** A simulation that finds nothing proves nothing: each of these breaks the product, and must be seen soon. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { mutants } from './mutants.ts'
import { runHistories } from './run-histories.ts'
import { openStage } from './stage.ts'

const stage = await openStage()
after(() => stage.close())

const seeds = 30

for (const { name, mutant, seen, faults = {} } of mutants) {
  test(`a simulation finds within ${seeds} seeds that ${name}`, async () => {
    const wrong: string[] = []
    await runHistories(stage, { first: 1, count: seeds, mutant, faults }, (outcome) => {
      wrong.push(...outcome.wrong)
      return wrong.some((line) => seen.test(line)) ? 'stop' : 'go on'
    })
    assert.match(wrong.join('\n'), seen)
  })
}
