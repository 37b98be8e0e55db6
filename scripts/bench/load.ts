import { setTimeout as delay } from 'node:timers/promises'

/** Begins one piece of work after the other at this rate, whether the earlier ones have ended or not, and waits for all. */
export async function atRate<Item>(
  items: readonly Item[],
  perSecond: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const startedMs = performance.now()
  const begun: Promise<unknown>[] = []
  for (const [index, item] of items.entries()) {
    await delay(Math.max(0, startedMs + (index * 1000) / perSecond - performance.now()))
    begun.push(work(item))
  }
  await Promise.all(begun)
}

/** Does the work for each item, so many at once. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  parallel: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return results
}

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
