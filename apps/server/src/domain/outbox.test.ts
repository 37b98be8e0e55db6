import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mustNotRepeat, nextOutboxStep, type OutboxKind } from './outbox.ts'

const now = new Date('2026-05-01T00:00:00Z')
const kinds: OutboxKind[] = ['upload_shipping', 'paid_message', 'shipping_deadline', 'webhook']
const later = { outcome: 'later', error: 'not now' } as const

test('F65: whatever fails for ever is given up after a bounded number of tries, ever further apart', () => {
  for (const kind of kinds) {
    let gapMs = 0
    for (let attempts = 1; ; attempts++) {
      assert.ok(attempts < 20, `${kind} goes on for ever`)
      const step = nextOutboxStep({ kind, attempts, wasInFlight: false }, later, now)
      if (step.status === 'dead') break
      assert.ok(step.status === 'pending' && step.nextAt.getTime() - now.getTime() >= gapMs, kind)
      gapMs = step.nextAt.getTime() - now.getTime()
    }
  }
})

test('shipping that WeChat does not know yet is repeated for more than the minute that its own side may need', () => {
  let waitedMs = 0
  for (let attempts = 1; attempts <= 5; attempts++) {
    const step = nextOutboxStep({ kind: 'upload_shipping', attempts, wasInFlight: false }, later, now)
    if (step.status === 'pending') waitedMs += step.nextAt.getTime() - now.getTime()
  }
  assert.ok(waitedMs > 90_000)
})

test('a message that may have arrived is not sent twice; shipping and webhooks, which know a repeat, are', () => {
  const unknown = { outcome: 'unknown', error: 'no answer' } as const
  assert.deepEqual(nextOutboxStep({ kind: 'paid_message', attempts: 1, wasInFlight: false }, unknown, now), {
    status: 'done',
    note: 'no answer',
  })
  const shipping = nextOutboxStep({ kind: 'upload_shipping', attempts: 1, wasInFlight: false }, unknown, now)
  assert.ok(shipping.status === 'pending' && shipping.mayHaveArrived)
  assert.deepEqual(
    kinds.filter((kind) => mustNotRepeat(kind, true)),
    ['paid_message'],
  )
  assert.equal(mustNotRepeat('paid_message', false), false)
})

test('that an earlier try may have arrived is remembered through the tries that certainly did not', () => {
  const step = nextOutboxStep({ kind: 'upload_shipping', attempts: 2, wasInFlight: true }, later, now)
  assert.ok(step.status === 'pending' && step.mayHaveArrived)
})

test('a refusal is final at once', () => {
  const step = nextOutboxStep(
    { kind: 'webhook', attempts: 1, wasInFlight: false },
    { outcome: 'refused', error: 'no' },
    now,
  )
  assert.deepEqual(step, { status: 'dead', error: 'no' })
})

test('what is too early is no failed try: it waits as often as it has to', () => {
  const until = new Date('2026-05-01T01:00:00Z')
  const early = { outcome: 'not_yet', until, error: 'too early' } as const
  assert.deepEqual(nextOutboxStep({ kind: 'shipping_deadline', attempts: 100, wasInFlight: false }, early, now), {
    status: 'pending',
    nextAt: until,
    error: 'too early',
    mayHaveArrived: false,
  })
})
