/** Calls a second after the first limit, and the least that is ever tried. */
const firstRate = 10
const leastRate = 0.2
/** A rate that was kept so long without a new limit is doubled; above this it is no limit any more. */
const recoverMs = 10_000
const freeRate = 100

/** How fast one API of one merchant may be called. */
export interface Pace {
  /** Takes the right to one call; false when the call has to wait. */
  take(): boolean
  /** WeChat said that calls come too fast. */
  slowDown(): void
}

/**
 * A token bucket that is open until WeChat limits us (F15): FREQUENCY_LIMITED comes also on the first call of a day, so
 * no rate of our own would be right. Each limit halves the rate, at most once a second, since the answers of one burst
 * are one message; ten seconds without a limit double it. The first limit leaves the calls of one second, so that the few
 * users who are just paying are not held back.
 */
export function createPace(now: () => number): Pace {
  let rate = Number.POSITIVE_INFINITY
  let tokens = firstRate
  let countedAtMs = 0
  let changedAtMs = 0

  function recover(nowMs: number) {
    // The clock was put back: what it said before counts no more (F71).
    changedAtMs = Math.min(changedAtMs, nowMs)
    while (rate < freeRate && nowMs - changedAtMs >= recoverMs) {
      rate *= 2
      changedAtMs += recoverMs
    }
    if (rate >= freeRate) rate = Number.POSITIVE_INFINITY
  }

  return {
    take() {
      const nowMs = now()
      recover(nowMs)
      if (rate === Number.POSITIVE_INFINITY) return true
      tokens = Math.min(Math.max(1, rate), tokens + (Math.max(0, nowMs - countedAtMs) / 1000) * rate)
      countedAtMs = nowMs
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
    slowDown() {
      const nowMs = now()
      recover(nowMs)
      if (rate === Number.POSITIVE_INFINITY) {
        rate = firstRate
        tokens = firstRate
        countedAtMs = nowMs
      } else if (nowMs - changedAtMs >= 1_000) {
        rate = Math.max(leastRate, rate / 2)
      } else return
      changedAtMs = nowMs
    },
  }
}
