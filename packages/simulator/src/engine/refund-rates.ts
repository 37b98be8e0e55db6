const windowMs = 1000
const acceptedMax = 150
const refusedMax = 6

/** Refund calls of the last second of the wall clock by merchant: WeChat allows 150, and 6 that it refuses (pay-v2.md 7). */
export class RefundRates {
  readonly #seen = new Map<string, { readonly atMs: number; readonly accepted: boolean }[]>()

  add(mchid: string, atMs: number, accepted: boolean): void {
    this.#seen.set(mchid, [...this.#recent(mchid, atMs), { atMs, accepted }])
  }

  /** Which limit a further call would break. */
  exceeded(mchid: string, atMs: number): 'accepted' | 'refused' | undefined {
    const recent = this.#recent(mchid, atMs)
    const accepted = recent.filter((call) => call.accepted).length
    if (accepted >= acceptedMax) return 'accepted'
    return recent.length - accepted >= refusedMax ? 'refused' : undefined
  }

  #recent(mchid: string, atMs: number): { readonly atMs: number; readonly accepted: boolean }[] {
    return (this.#seen.get(mchid) ?? []).filter((call) => Math.abs(atMs - call.atMs) < windowMs)
  }
}
