import { setTimeout as delay } from 'node:timers/promises'

/** A loop that can be ended. */
export interface Repeated {
  /** Waits for the round under way, and lets no other begin. */
  stop(): Promise<void>
}

/**
 * Does one round after another with a pause between them, for as long as the process lives. A round that fails is
 * told and does not end the loop: the next one tries again.
 */
export function repeat(round: () => Promise<unknown>, pauseMs: number, onError: (error: unknown) => void): Repeated {
  const ending = new AbortController()
  const loop = async () => {
    while (!ending.signal.aborted) {
      await round().catch(onError)
      await delay(pauseMs, undefined, { signal: ending.signal, ref: false }).catch(() => undefined)
    }
  }
  const ended = loop()
  return {
    async stop() {
      ending.abort()
      await ended
    },
  }
}
