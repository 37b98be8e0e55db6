import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from './pace.ts'

function setUp() {
  const time = { nowMs: 1_000_000 }
  const pace = createPace(() => time.nowMs)
  /** Calls that pass in so many seconds when one is tried every 10 ms; `limited` limits each of them. */
  const callsIn = (seconds: number, limited = false) => {
    let calls = 0
    for (const end = time.nowMs + seconds * 1000; time.nowMs < end; time.nowMs += 10) {
      if (!pace.take()) continue
      calls++
      if (limited) pace.slowDown()
    }
    return calls
  }
  return { time, pace, callsIn }
}

test('F15: without a limit every call passes, and one limit leaves ten at once and ten a second', () => {
  const { pace, callsIn } = setUp()
  assert.equal(callsIn(1), 100)
  pace.slowDown()
  assert.deepEqual(
    Array.from({ length: 11 }, () => pace.take()),
    [...Array.from({ length: 10 }, () => true), false],
  )
  assert.ok(callsIn(1) <= 10)
})

test('F15: while WeChat goes on limiting, the rate falls to one call in five seconds', () => {
  const { callsIn } = setUp()
  const first = callsIn(10, true)
  const later = callsIn(60, true)
  assert.ok(first <= 35, `${first} calls in the first ten seconds`)
  assert.ok(later <= 24, `${later} calls in the next minute`)
  assert.ok(later >= 10, 'it is never given up')
})

test('F15: the answers of one burst lower the rate once', () => {
  const { pace, time, callsIn } = setUp()
  for (let answer = 0; answer < 50; answer++) pace.slowDown()
  time.nowMs += 1000
  assert.ok(callsIn(1) >= 9)
})

test('F15: ten seconds without a limit double the rate, until there is none', () => {
  const { pace, time, callsIn } = setUp()
  pace.slowDown()
  time.nowMs += 10_000
  const doubled = callsIn(1)
  assert.ok(doubled > 20 && doubled <= 41, `${doubled} calls`)
  time.nowMs += 40_000
  assert.equal(callsIn(1), 100)
})

test('F15, F71: a limit from before the clock was put back ends as soon as any other', () => {
  const { pace, time, callsIn } = setUp()
  pace.slowDown()
  time.nowMs -= 3_600_000
  callsIn(1)
  time.nowMs += 50_000
  assert.equal(callsIn(1), 100)
})
