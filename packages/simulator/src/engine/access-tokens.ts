import type { Engine } from './engine.ts'
import { alphabets, randomText } from './random.ts'
import type { AccessToken } from './records.ts'

/** Life of a token in seconds. */
export const tokenLifeSeconds = 7200
const overlapMs = 5 * 60_000
const forcedRefreshGapMs = 30_000

/** /cgi-bin/token: always a new token; the one before lives five more minutes. */
export function issuePlainToken(engine: Engine, appid: string): AccessToken {
  return engine.books.transact(() => {
    const nowMs = engine.clock.nowMs()
    for (const token of liveTokens(engine, appid, 'plain')) endBy(engine, token, nowMs + overlapMs)
    return issue(engine, appid, 'plain')
  })
}

/** /cgi-bin/stable_token: the same token until its last five minutes; a forced refresh ends the old one at once. */
export function issueStableToken(engine: Engine, appid: string, forceRefresh: boolean): AccessToken {
  const nowMs = engine.clock.nowMs()
  const live = liveTokens(engine, appid, 'stable')
  const newest = live.at(-1)
  // A second forced refresh within 30 seconds is no refresh.
  const forced = forceRefresh && newest !== undefined && nowMs - newest.issuedAtMs >= forcedRefreshGapMs
  if (newest && !forced && newest.expiresAtMs - nowMs > overlapMs) return newest
  return engine.books.transact(() => {
    if (forced) for (const token of live) endBy(engine, token, nowMs)
    return issue(engine, appid, 'stable')
  })
}

/** The app that a token speaks for, or why it does not. */
export function checkToken(engine: Engine, text: string): AccessToken | 'unknown' | 'expired' {
  const token = engine.books.tokens.get(text)
  if (!token) return 'unknown'
  return engine.clock.nowMs() < token.expiresAtMs ? token : 'expired'
}

function issue(engine: Engine, appid: string, family: AccessToken['family']): AccessToken {
  const issuedAtMs = engine.clock.nowMs()
  const token: AccessToken = {
    token: `${randomText(engine.random, alphabets.digits, 2)}_${randomText(engine.random, alphabets.base64Url, 133)}`,
    appid,
    family,
    issuedAtMs,
    expiresAtMs: issuedAtMs + tokenLifeSeconds * 1000,
  }
  engine.books.tokens.put(token)
  return token
}

const liveTokens = (engine: Engine, appid: string, family: AccessToken['family']): AccessToken[] =>
  [...engine.books.tokens.values()].filter(
    (token) => token.appid === appid && token.family === family && token.expiresAtMs > engine.clock.nowMs(),
  )

function endBy(engine: Engine, token: AccessToken, ms: number): void {
  if (token.expiresAtMs > ms) engine.books.tokens.put({ ...token, expiresAtMs: ms })
}
