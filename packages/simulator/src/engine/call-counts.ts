/** How often each operation was called for one out_trade_no since the process started. */
export interface CallCount {
  readonly mchid: string
  readonly outTradeNo: string
  readonly counts: Map<string, number>
}

/** Counts calls by order, so that a test can tell one call from two. */
export class CallCounts {
  readonly #rows = new Map<string, CallCount>()

  add(operation: string, mchid: string, outTradeNo: string): void {
    const key = `${mchid}/${outTradeNo}`
    const row = this.#rows.get(key) ?? { mchid, outTradeNo, counts: new Map<string, number>() }
    row.counts.set(operation, (row.counts.get(operation) ?? 0) + 1)
    this.#rows.set(key, row)
  }

  values(): IterableIterator<CallCount> {
    return this.#rows.values()
  }
}
