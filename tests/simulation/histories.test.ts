/** The gate: the same 200 seeds each time. Other seeds: npm run simulate -- --seed N --histories H */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { report } from './report.ts'
import { runHistories } from './run-histories.ts'
import { runHistory } from './run-history.ts'
import { openStage } from './stage.ts'

const stage = await openStage()
after(() => stage.close())

test('a seed replays exactly: two runs tell the same story, line by line, with the same state at the end', async () => {
  for (const seed of [3, 4, 5, 6]) {
    const [one, two] = [await runHistory(stage, seed), await runHistory(stage, seed)]
    assert(one.timeLine.length > 100)
    assert.deepEqual(two.timeLine, one.timeLine)
  }
  assert.notDeepEqual((await runHistory(stage, 7)).timeLine, (await runHistory(stage, 8)).timeLine)
})

test('200 histories with faults of every kind converge: books equal, nothing unknown, no stock held (I1–I20)', async () => {
  const failures: string[] = []
  let played = 0
  await runHistories(stage, { first: 1, count: 200 }, (outcome) => {
    played++
    if (outcome.wrong.length > 0) failures.push(report(outcome))
    return failures.length < 3 ? 'go on' : 'stop'
  })
  assert.deepEqual(failures, [], failures.join('\n\n'))
  assert.equal(played, 200)
})
