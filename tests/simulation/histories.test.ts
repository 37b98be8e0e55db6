/** The gate: the same 200 seeds each time. Other seeds: npm run simulate -- --seed N --histories H */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { report } from './report.ts'
import { runHistories } from './run-histories.ts'
import { runHistory } from './run-history.ts'
import { openStage } from './stage.ts'
import { Tally } from './tally.ts'

/** What a simulation must do all the time, or it finds nothing. */
const commonTimes = 10
const common = [
  ...['history over v3', 'history over v2-md5', 'history over v2-hmac-sha256', 'history with the sweep only'],
  ...['crash', 'clock jump', 'outage of WeChat', 'transaction lost', 'transaction refused'],
  ...[
    'answer never sent',
    'answer lost',
    'answer timed out',
    'answer done, then lost',
    'answer timed out, and comes late',
  ],
  ...['call.bad-body', 'call.system-error', 'query.lag', 'query.not-exist', 'query.userpaying', 'pay.after-close'],
  ...['notification lost', 'notification answer lost', 'notification duplicated', 'notification replayed'],
  ...['notification of a payment, late', 'notification of a refund, late'],
  ...['notification applied', 'notification repeated', 'notification refused'],
  ...['event paid by notify', 'event paid by query', 'event closed by cancel', 'event closed by expiry'],
  ...['staff decide a refund, whole', 'staff decide a refund, partial', 'staff decide a refund, by item'],
  ...['refund by staff', 'refund by user', 'refund by external', 'refund succeeded', 'refund refused'],
  ...['event refund_processing by answer', 'event refund_unknown by answer', 'event refund_succeeded by notify'],
  ...['request accepted', 'flag external_refund', 'shipment uploaded', 'outbox paid_message done'],
  ...['webhook HTTP 500', 'webhook not reached', 'webhook taken, answer lost'],
  ...['refund.refused-but-made', 'correction asked'],
]
/** What comes now and then. */
const rare = [
  ...['refund by policy', 'payment late_payment', 'refund abnormal', 'refund closed', 'refund.not-enough'],
  ...['event refund_waiting_funds by answer', 'notification of a refund before that of its payment'],
  ...['close.success-but-notpay', 'close.paid-before', 'call.frequency-limited', 'another system closes a number'],
  ...['notify.amount', 'notify.forged', 'notify.sign-probe', 'notify.stale', 'notify.unknown-order'],
  ...['request declined', 'shipment refused', 'flag outbox_dead', 'flag refund_failed'],
  ...['event refund_corrected by staff', 'flag refund_contradiction', 'correction withdrawn'],
]

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

test('200 histories in which everything goes wrong converge: books, stock, ledger, flags and what was told (I1–I20)', async () => {
  const failures: string[] = []
  let played = 0
  const tally = new Tally()
  await runHistories(stage, { first: 1, count: 200 }, (outcome) => {
    played++
    tally.add(outcome)
    if (outcome.wrong.length > 0) failures.push(report(outcome))
    return failures.length < 3 ? 'go on' : 'stop'
  })
  assert.deepEqual(failures, [], failures.join('\n\n'))
  assert.equal(played, 200)
  assert.deepEqual(
    common.filter((kind) => tally.times(kind) < commonTimes).map((kind) => `${kind}: ${tally.times(kind)}`),
    [],
  )
  assert.deepEqual(
    rare.filter((kind) => tally.times(kind) === 0),
    [],
  )
})
