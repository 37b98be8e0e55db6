import { setTimeout as delay } from 'node:timers/promises'

/** Waits until something is true; what it waited for is in the error. `limitMs` is for what is slow to start. */
export async function until(what: string, check: () => Promise<boolean> | boolean, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${what}`)
    await delay(20)
  }
}
