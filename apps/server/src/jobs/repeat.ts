import { setTimeout as delay } from 'node:timers/promises'

/** A loop that can be ended. */
export interface Repeated {
  /** Lets no other round begin, and waits for the one under way, which sees its signal aborted. */
  stop(): Promise<void>
}

/** A database that went away can leave a query without any answer; the loop must not wait for that one for ever. */
const roundMsMax = 2 * 60_000

/**
 * Does one round after another for as long as the process lives, with a pause between them unless a round answers that
 * there is more to do. A round that fails is told and does not end the loop: the next one tries again.
 */
export function repeat(
  round: (signal: AbortSignal) => Promise<boolean>,
  pauseMs: number,
  onError: (error: unknown) => void,
): Repeated {
  const ending = new AbortController()
  const { signal } = ending
  const failed = (error: unknown) => {
    onError(error)
    return false
  }
  const loop = async () => {
    while (!signal.aborted) {
      const hasMore = await ends(round(signal)).catch(failed)
      if (!hasMore) await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)
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

async function ends(round: Promise<boolean>): Promise<boolean> {
  const ended = new AbortController()
  const tooLong = delay(roundMsMax, undefined, { signal: ended.signal, ref: false }).then(() => {
    throw new Error(`a round did not end within ${roundMsMax / 1000} s`)
  })
  tooLong.catch(() => undefined)
  try {
    return await Promise.race([round, tooLong])
  } finally {
    ended.abort()
  }
}
