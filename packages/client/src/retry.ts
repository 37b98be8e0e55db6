import { type FenpayError, isFenpayError, statusOf } from './errors.ts'

/** Repeats a call while its failure is a passing one: at most three times, after growing gaps. */
export type Retry = <Answer>(call: () => Promise<Answer>) => Promise<Answer>

const gapsMs = [500, 1000, 2000]

/** A server that wants to be left alone for longer than this gets no repeat; the user decides. */
const retryAfterSecondsMax = 10

/**
 * Every call of the API may be repeated: reads; check and cancel, which settle what is so; prepay, which goes on where
 * it stopped; submit with its Idempotency-Key; a wish for a refund, of which one can be open; a login, which makes one
 * more session.
 * Each gap is drawn from its upper half, so that a thousand phones do not come back in the same moment.
 */
export function createRetry(sleep: (ms: number) => Promise<void>, random: () => number): Retry {
  return async function retry(call) {
    for (const gapMs of gapsMs) {
      try {
        return await call()
      } catch (error) {
        if (!isFenpayError(error) || !isPassing(error)) throw error
        const askedSeconds = 'retryAfterSeconds' in error ? error.retryAfterSeconds : 0
        if (askedSeconds > retryAfterSecondsMax) throw error
        await sleep(Math.max(askedSeconds * 1000, gapMs * (0.5 + random() / 2)))
      }
    }
    return call()
  }
}

/** errno of wx.request that no repeat mends: domain not in the list, argument, invalid URL, data not serialisable. */
const lastingErrnos = [600002, 600005, 600009, 600010]

function isPassing(error: FenpayError): boolean {
  if (error.code === 'network') return error.errno === undefined || !lastingErrnos.includes(error.errno)
  // These also come from what stands between the phone and the server. wechat_refused is a 502 that the operator mends.
  const isServerBusy = [429, 502, 503, 504].includes(statusOf(error)) && error.code !== 'wechat_refused'
  return isServerBusy || error.code === 'login_failed'
}
