/** So long a claimed row is nobody else's; a worker that dies gives it back by this. */
const leaseSeconds = 60
/** Rows that one sweep takes of each merchant, so that a busy one does not keep the others waiting. */
const perMerchant = 20
/** Calls to WeChat under way at once. */
const parallel = 8

export interface SweepWork<Claimed> {
  now: Date
  claim(now: Date, leaseUntil: Date, perMerchant: number): Promise<Claimed[]>
  lookAt(claimed: Claimed): Promise<void>
  /** Told of a row that could not be looked at; the others go on, and this one is tried again (F65). */
  onFailure(claimed: Claimed, error: unknown): void
}

/**
 * Takes what is due and looks at it. Any number of processes may sweep; each row is claimed by one of them, and it does
 * no harm when two look at it all the same (I25). When `signal` is aborted no further row is begun.
 * @returns whether more may be due at once
 */
export async function sweep<Claimed>(work: SweepWork<Claimed>, signal: AbortSignal): Promise<boolean> {
  const claimed = await work.claim(work.now, new Date(work.now.getTime() + leaseSeconds * 1000), perMerchant)
  const queue = [...claimed]
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
      const row = next
      await work.lookAt(row).catch((error: unknown) => work.onFailure(row, error))
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, claimed.length) }, worker))
  return claimed.length >= perMerchant
}
