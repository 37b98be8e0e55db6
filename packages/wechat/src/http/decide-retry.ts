import type { WechatError } from '../errors.ts'

/** All that the decision depends on. `attempt` counts from 1; `random` is in [0, 1). */
export interface RetryQuestion {
  attempt: number
  error: WechatError
  /** Whether repeating the identical request changes nothing that the first one did not. */
  idempotent: boolean
  elapsedMs: number
  timeoutMs: number
  random: number
}

export type RetryDecision = { retry: false } | { retry: true; delayMs: number; host: 'same' | 'next' }

export const maxAttempts = 3
const baseDelayMs = 100
const minAttemptMs = 100
const no: RetryDecision = { retry: false }
/** Refusals that may leave the outcome unknown, but that a repeat at once cannot change. */
const notAtOnce = new Set(['FREQUENCY_LIMITED', 'FAIL'])

/**
 * Decides what follows a failed try. At most three tries, all within the call's limit.
 *
 * - Never sent (dns, connect, tls): again on the next host, whatever the call.
 * - Result unknown (reset, timeout, 5xx without a usable body, half a body): again on the next host, if idempotent.
 * - WeChat's own "system error": again on the same host, if idempotent.
 * - Signature probe: once more at once, if idempotent; WeChat does not probe repeats.
 * - All else, also a rate limit: no. Calling again at once makes a rate limit worse; the caller's queue waits longer.
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  const host = whereAgain(question)
  if (host === undefined || question.attempt >= maxAttempts) return no
  const isProbe = question.error.code === 'wechat_signature'
  // Half fixed, half random: callers that failed together do not come back together.
  const delayMs = isProbe ? 0 : Math.round(baseDelayMs * 3 ** (question.attempt - 1) * (0.5 + question.random / 2))
  return question.elapsedMs + delayMs + minAttemptMs > question.timeoutMs ? no : { retry: true, delayMs, host }
}

function whereAgain({ error, idempotent, attempt }: RetryQuestion): 'same' | 'next' | undefined {
  if (error.code === 'wechat_transport') {
    if (!error.outcomeUnknown) return 'next'
    if (error.reason === 'redirect' || error.reason === 'too_large') return undefined
    if (error.reason === 'status' && isFinalStatus(error.status)) return undefined
    return idempotent ? 'next' : undefined
  }
  if (!idempotent) return undefined
  if (error.code === 'wechat_refused') {
    return error.outcomeUnknown && !notAtOnce.has(error.canonicalCode) ? 'same' : undefined
  }
  if (error.code === 'wechat_signature') return error.probe && attempt === 1 ? 'same' : undefined
  return undefined
}

/** 202 asks for a repeat and 5xx is a host's trouble; every other status comes again. */
function isFinalStatus(status: number | undefined): boolean {
  return status !== 202 && (status === undefined || status < 500)
}
