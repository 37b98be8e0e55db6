import { setTimeout as delay } from 'node:timers/promises'

/** Waits until something is true, for at most ten seconds; what it waited for is in the error. */
export async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`did not happen within 10 s: ${what}`)
    await delay(20)
  }
}
