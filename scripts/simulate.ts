/**
 * Plays whole histories of shops, shoppers, a simulated WeChat and everything that goes wrong between them, each one made
 * of a seed, and judges what comes of it:
 *   npm run simulate -- --seed 7                the history of seed 7, again and again the same
 *   npm run simulate -- --seed 7 --verbose        with its whole time-line
 *   npm run simulate -- --seed 7 --histories 500  the seeds from 7 to 506, and how often what happened in them
 */
import { parseArgs } from 'node:util'
import { report } from '../tests/simulation/report.ts'
import { runHistories } from '../tests/simulation/run-histories.ts'
import { openStage } from '../tests/simulation/stage.ts'
import { Tally } from '../tests/simulation/tally.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
})
const [first, count] = [values.seed, values.histories].map(Number)
if (!Number.isSafeInteger(first) || first === undefined || !Number.isSafeInteger(count) || !count || count < 1) {
  console.error('--seed and --histories are whole numbers, --histories at least 1')
  process.exit(2)
}

const stage = await openStage()
const startedMs = performance.now()
let played = 0
const failed: number[] = []
const tally = new Tally()
await runHistories(stage, { first, count }, (outcome) => {
  played++
  tally.add(outcome)
  if (values.verbose) console.log(outcome.timeLine.join('\n'))
  if (outcome.wrong.length > 0) {
    failed.push(outcome.plan.seed)
    console.log(report(outcome))
  }
  return failed.length < 5 ? 'go on' : 'stop'
})
const perSecond = (played / (performance.now() - startedMs)) * 1000
await stage.close()
if (count > 1) console.log(tally.lines().join('\n'))
console.log(`${played} histories from seed ${first}, ${perSecond.toFixed(1)} a second`)
if (failed.length > 0) console.log(`wrong: ${failed.sort((a, b) => a - b).join(', ')}`)
process.exit(failed.length > 0 ? 1 : 0)
