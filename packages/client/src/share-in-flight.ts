/** Calls with the same key share one run, until it has ended. */
export interface Shared<Answer> {
  run(key: string, begin: () => Promise<Answer>): Promise<Answer>
  isRunning(key: string): boolean
}

/** What makes two taps one order and one payment. */
export function shareInFlight<Answer>(): Shared<Answer> {
  const running = new Map<string, Promise<Answer>>()
  return {
    run(key, begin) {
      const promise = running.get(key) ?? begin().finally(() => running.delete(key))
      running.set(key, promise)
      return promise
    },
    isRunning: (key) => running.has(key),
  }
}
