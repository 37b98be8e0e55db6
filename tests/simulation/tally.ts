import type { Outcome } from './run-history.ts'

/** How often each kind of action, fault and end came in many histories, and in how many of them. */
export class Tally {
  readonly #rows = new Map<string, { times: number; histories: number }>()

  add({ counts }: Outcome): void {
    for (const [kind, count] of counts) {
      const { times, histories } = this.#rows.get(kind) ?? { times: 0, histories: 0 }
      this.#rows.set(kind, { times: times + count, histories: histories + 1 })
    }
  }

  times(kind: string): number {
    return this.#rows.get(kind)?.times ?? 0
  }

  lines(): string[] {
    return [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([kind, { times, histories }]) => `${String(times).padStart(7)} in ${String(histories).padStart(5)}  ${kind}`,
      )
  }
}
