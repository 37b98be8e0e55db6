import assert from 'node:assert/strict'

/**
 * Fails unless four times the text takes about four times as long: quadratic work takes sixteen times. Each is the best
 * of several runs, since the machine may be busy, and warm, since the first run compiles.
 *
 * @param work reads a text of about so many bytes
 */
export function assertLinearTime(what: string, work: (bytes: number) => void, bytes = 65_000): void {
  const quarterMs = bestMs(() => work(bytes / 4))
  const wholeMs = bestMs(() => work(bytes))
  assert(wholeMs < 10 * quarterMs + 2, `${what}: ${quarterMs} ms for a quarter, ${wholeMs} ms for the whole`)
}

function bestMs(work: () => void): number {
  const runs = Array.from({ length: 7 }, () => {
    const startedMs = performance.now()
    work()
    return performance.now() - startedMs
  })
  return Math.min(...runs)
}
