import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCircuit } from './circuit.ts'

function setUp() {
  const time = { nowMs: 1_000_000 }
  const changes: string[] = []
  const circuit = createCircuit(
    () => time.nowMs,
    (state) => changes.push(state),
  )
  const refuse = (times: number) => {
    for (let call = 0; call < times; call++) circuit.report('refused')
  }
  return { time, changes, circuit, refuse }
}

test('F36: the third refusal of the key in a row opens the circuit, once; an accepted call between keeps it closed', () => {
  const { circuit, changes, refuse } = setUp()
  refuse(2)
  circuit.report('accepted')
  refuse(2)
  assert.equal(circuit.mayCall(), true)
  refuse(5)
  assert.deepEqual([circuit.mayCall(), changes], [false, ['closed', 'open']])
})

test('F36: the first accepted call is told, for whatever was before this process; the next ones are no news', () => {
  const { circuit, changes } = setUp()
  circuit.report('unknown')
  assert.deepEqual(changes, [])
  for (let call = 0; call < 3; call++) circuit.report('accepted')
  assert.deepEqual(changes, ['closed'])
})

test('F36: an hour of a revoked key costs about a call a minute, and the alarm is raised once', () => {
  const { circuit, changes, time, refuse } = setUp()
  refuse(3)
  let calls = 0
  for (let tick = 0; tick < 36_000; tick++) {
    time.nowMs += 100
    if (!circuit.mayCall()) continue
    calls++
    circuit.report('refused')
  }
  assert.ok(calls >= 60 && calls <= 65, `${calls} calls`)
  assert.deepEqual(changes, ['open'])
})

test('F36: one probe at a time; the one that is accepted closes the circuit', () => {
  const { circuit, changes, time, refuse } = setUp()
  refuse(3)
  time.nowMs += 5_000
  assert.deepEqual([circuit.mayCall(), circuit.mayCall()], [true, false])
  circuit.report('unknown')
  assert.equal(circuit.mayCall(), false, 'a probe without an answer says nothing')
  time.nowMs += 5_000
  assert.equal(circuit.mayCall(), true)
  circuit.report('accepted')
  assert.deepEqual([circuit.mayCall(), circuit.mayCall(), changes], [true, true, ['open', 'closed']])
})

test('F36, F71: when the clock is put back, the next call may try whether the key works', () => {
  const { circuit, time, refuse } = setUp()
  refuse(3)
  assert.equal(circuit.mayCall(), false)
  time.nowMs -= 3_600_000
  assert.deepEqual([circuit.mayCall(), circuit.mayCall()], [true, false])
})
