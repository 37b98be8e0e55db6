import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type TransportReason,
  WechatDecryptError,
  type WechatError,
  WechatMalformedError,
  WechatRefusedError,
  WechatSignatureError,
  WechatTransportError,
} from '../errors.ts'
import { decideRetry, type RetryQuestion } from './decide-retry.ts'

function ask(error: WechatError, facts: Partial<RetryQuestion> = {}): string {
  const decision = decideRetry({
    attempt: 1,
    error,
    idempotent: true,
    elapsedMs: 0,
    timeoutMs: 5000,
    random: 0,
    ...facts,
  })
  return decision.retry ? decision.host : 'no'
}

const transport = (reason: TransportReason, outcomeUnknown: boolean, status?: number) =>
  new WechatTransportError(reason, 'x', { outcomeUnknown, ...(status === undefined ? {} : { status }) })

const refused = (outcomeUnknown: boolean, canonicalCode = 'X') =>
  new WechatRefusedError({
    status: 200,
    apiCode: canonicalCode,
    canonicalCode,
    apiMessage: '',
    advice: '',
    verified: false,
    outcomeUnknown,
  })

/** What follows the first failure, for a call that may be repeated and for one that may not. */
const table: Array<[error: WechatError, idempotent: string, other: string]> = [
  [transport('dns', false), 'next', 'next'],
  [transport('connect', false), 'next', 'next'],
  [transport('tls', false), 'next', 'next'],
  [transport('reset', true), 'next', 'no'],
  [transport('timeout', true), 'next', 'no'],
  [transport('malformed_body', true), 'next', 'no'],
  [transport('status', true, 502), 'next', 'no'],
  [transport('status', true, 202), 'next', 'no'],
  [transport('status', true, 404), 'no', 'no'],
  [transport('status', true), 'no', 'no'],
  [transport('redirect', true, 302), 'no', 'no'],
  [transport('too_large', true), 'no', 'no'],
  [refused(true), 'same', 'no'],
  [refused(false), 'no', 'no'],
  [refused(true, 'FREQUENCY_LIMITED'), 'no', 'no'],
  [refused(true, 'FAIL'), 'no', 'no'],
  [new WechatSignatureError('bad_signature', 'x', { probe: true }), 'same', 'no'],
  [new WechatSignatureError('bad_signature', 'x'), 'no', 'no'],
  [new WechatSignatureError('missing_header', 'x'), 'no', 'no'],
  [new WechatSignatureError('clock_skew', 'x'), 'no', 'no'],
  [new WechatSignatureError('unknown_serial', 'x'), 'no', 'no'],
  [new WechatDecryptError('undecryptable', 'x'), 'no', 'no'],
  [new WechatMalformedError('missing_field', 'x'), 'no', 'no'],
  [new WechatMalformedError('identity_mismatch', 'x'), 'no', 'no'],
]

function nameOf(error: WechatError): string {
  const status = 'status' in error ? ` ${error.status}` : ''
  if (error.code === 'wechat_refused') return `${error.code} ${error.apiCode}`
  return `${error.code}${'reason' in error ? ` ${error.reason}` : ''}${status}`
}

for (const [error, idempotent, other] of table) {
  test(`F42: after ${nameOf(error)}, unknown ${error.outcomeUnknown}: ${idempotent}, not idempotent: ${other}`, () => {
    assert.equal(ask(error), idempotent)
    assert.equal(ask(error, { idempotent: false }), other)
    assert.equal(ask(error, { attempt: 3 }), 'no', 'three tries at most')
    assert.equal(ask(error, { elapsedMs: 4950 }), 'no', 'no time left')
  })
}

test('A probe is met with one repeat only', () => {
  const probe = new WechatSignatureError('bad_signature', 'x', { probe: true })
  assert.equal(ask(probe, { attempt: 2 }), 'no')
})

test('Delays grow, are half random, and a probe waits for nothing', () => {
  const delay = (attempt: number, random: number, error: WechatError = transport('reset', true)) => {
    const decision = decideRetry({ attempt, error, idempotent: true, elapsedMs: 0, timeoutMs: 5000, random })
    assert(decision.retry)
    return decision.delayMs
  }
  assert.deepEqual([delay(1, 0), delay(1, 0.999), delay(2, 0), delay(2, 0.999)], [50, 100, 150, 300])
  assert.equal(delay(1, 0.5, new WechatSignatureError('bad_signature', 'x', { probe: true })), 0)
})

test('A retry is made only if its delay and a useful try fit into the limit', () => {
  const error = transport('reset', true)
  assert.equal(ask(error, { elapsedMs: 4850 }), 'next')
  assert.equal(ask(error, { elapsedMs: 4851 }), 'no')
})
