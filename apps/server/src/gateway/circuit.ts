/** Refusals of the merchant's key in a row that open the circuit. */
const refusalsToOpen = 3
/** How long it stays open before one call may try; doubled each time that call is refused as well. */
const firstPauseMs = 5_000
const longestPauseMs = 60_000

export type KeyVerdict = 'accepted' | 'refused' | 'unknown'

/** Whether WeChat is to be called at all in the name of a merchant. */
export interface Circuit {
  /** False while the circuit is open. */
  mayCall(): boolean
  /** What a call said of the merchant's key; `unknown` when there was no usable answer. */
  report(verdict: KeyVerdict): void
}

/**
 * Opens when WeChat refuses the merchant's key on one call after the other (F36): to go on calling would change nothing
 * but WeChat's opinion of us. While it is open one call now and then, the probe, finds out whether the key works again.
 * @param onChange told when it opens, and when it closes again; also of the first call that is accepted, since an
 * earlier process may have left it open
 */
export function createCircuit(now: () => number, onChange: (state: 'open' | 'closed') => void): Circuit {
  let refusals = 0
  let pauseMs = 0
  let probeAtMs = 0
  let isProbing = false
  let wasAccepted = false
  const isOpen = () => pauseMs > 0

  return {
    mayCall() {
      if (!isOpen()) return true
      const waitMs = probeAtMs - now()
      // A longer wait was set by a clock that has been put back since (F71).
      if (waitMs > 0 && waitMs <= pauseMs) return false
      // This call is the probe; if it never comes back, the next one may be after the same pause.
      probeAtMs = now() + pauseMs
      isProbing = true
      return true
    },
    report(verdict) {
      if (verdict === 'unknown') return
      if (verdict === 'accepted') {
        const isNews = isOpen() || !wasAccepted
        wasAccepted = true
        refusals = 0
        pauseMs = 0
        if (isNews) onChange('closed')
        return
      }
      refusals += 1
      if (refusals < refusalsToOpen) return
      const wasOpen = isOpen()
      // Calls that were under way when it opened bring their refusals later, and say nothing new.
      if (wasOpen && !isProbing) return
      isProbing = false
      pauseMs = wasOpen ? Math.min(pauseMs * 2, longestPauseMs) : firstPauseMs
      probeAtMs = now() + pauseMs
      if (!wasOpen) onChange('open')
    },
  }
}
