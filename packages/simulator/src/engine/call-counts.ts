/** How often each operation was called for one number (out_trade_no or out_refund_no) since the process started. */
export interface CallCount {
  readonly mchid: string
  readonly number: string
  readonly counts: Map<string, number>
}

/** Counts calls by number, so that a test can tell one call from two. */
export class CallCounts {
  readonly #rows = new Map<string, CallCount>()

  add(operation: string, mchid: string, number: string): void {
    const key = `${mchid}/${number}`
    const row = this.#rows.get(key) ?? { mchid, number, counts: new Map<string, number>() }
    row.counts.set(operation, (row.counts.get(operation) ?? 0) + 1)
    this.#rows.set(key, row)
  }

  countsOf(mchid: string, number: string): ReadonlyMap<string, number> {
    return this.#rows.get(`${mchid}/${number}`)?.counts ?? new Map<string, number>()
  }

  values(): IterableIterator<CallCount> {
    return this.#rows.values()
  }
}
