import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Attempt } from './attempt.ts'
import { nextCheckAt } from './check-schedule.ts'
import type { Order } from './order.ts'

const start = new Date('2026-05-01T00:00:00Z')
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const order = { status: 'pending', createdAt: start, expiresAt: at(1800) } as Order
const attempt = { createdAt: at(10) } as Attempt
const secondsUntil = (next: Date, now: Date) => (next.getTime() - now.getTime()) / 1000

test('an order nobody pays is looked at when its time is over', () => {
  assert.deepEqual(nextCheckAt(order, undefined, 0, at(1)), order.expiresAt)
})

test('P1: a payment under way is looked at after 5 s, then with growing gaps, never more than 30 s', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 50].map((count) => secondsUntil(nextCheckAt(order, attempt, count, at(60)), at(60))),
    [5, 5, 10, 15, 20, 30, 30],
  )
})

test('the expiry is never slept through', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1799 }), fc.nat(100), (now, count) => {
      assert.ok(nextCheckAt(order, attempt, count, at(now)) <= order.expiresAt)
    }),
  )
})

test('F23: what is to be closed is looked at the moment it may be closed', () => {
  const closing: Order = { ...order, status: 'closing' }
  assert.equal(secondsUntil(nextCheckAt(closing, attempt, 9, at(300)), at(300)), 10)
  assert.equal(secondsUntil(nextCheckAt(closing, attempt, 0, at(310)), at(310)), 5)
})

test('P1, P3: an order whose close does not come through can still be paid, and is looked at every half minute at least', () => {
  const closing: Order = { ...order, status: 'closing' }
  assert.equal(secondsUntil(nextCheckAt(closing, attempt, 99, at(310)), at(310)), 30)
  assert.equal(secondsUntil(nextCheckAt(order, attempt, 99, at(1900)), at(1900)), 30)
})
