import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSessionValid, type Session, sessionAbsoluteSeconds, sessionIdleSeconds } from './session.ts'

const start = new Date('2026-05-01T00:00:00Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const session: Session = {
  merchantId: '1900000001',
  userId: 'u',
  appid: 'wx0000000000000001',
  openid: 'o',
  lastUsedAt: start,
  expiresAt: after(sessionAbsoluteSeconds),
  revokedAt: undefined,
}

test('A43: a session ends when unused for seven days, after thirty days in any case, and at once when revoked', () => {
  assert.equal(isSessionValid(session, after(sessionIdleSeconds - 1)), true)
  assert.equal(isSessionValid(session, after(sessionIdleSeconds)), false)
  const busy = { ...session, lastUsedAt: after(sessionAbsoluteSeconds - 10) }
  assert.equal(isSessionValid(busy, after(sessionAbsoluteSeconds - 1)), true)
  assert.equal(isSessionValid(busy, after(sessionAbsoluteSeconds)), false)
  assert.equal(isSessionValid({ ...session, revokedAt: after(1) }, after(2)), false)
})
