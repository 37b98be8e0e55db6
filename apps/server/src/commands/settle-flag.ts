import { type FlagKind, refundFlagStands } from '../domain/flag.ts'
import { isFinal } from '../domain/order.ts'
import { spoken } from '../domain/spoken.ts'
import type { Store, World, Writes } from '../ports.ts'

type Subject = { kind: FlagKind; subjectId: string }

export type SettleFlagOutcome =
  | { outcome: 'settled' }
  /** Nothing of this kind is open about this subject. */
  | { outcome: 'not_open' }
  /** What it tells is still so. It ends by itself when that is over, and would come back until then. */
  | { outcome: 'refused'; code: 'flag_stands'; detail: string }

/**
 * A person has looked and decided: the flag is over, unless what it tells can be seen to be so still.
 * `by` is `staff:…`, `note` what was found or done.
 */
export function settleFlag(
  { store, world }: { store: Store; world: World },
  merchantId: string,
  flag: Subject,
  { by, note }: { by: string; note: string },
): Promise<SettleFlagOutcome> {
  return store.transaction(async (tx) => {
    const standing = await whatStands(tx, merchantId, flag)
    if (standing !== undefined) return { outcome: 'refused', code: 'flag_stands', detail: standing }
    const wasOpen = await tx.resolveFlag(merchantId, flag.kind, flag.subjectId, by, note, world.now())
    return { outcome: wasOpen ? 'settled' : 'not_open' }
  })
}

/** What is still so, in words; undefined when it is over, or only a person can tell. */
async function whatStands(tx: Writes, merchantId: string, { kind, subjectId }: Subject): Promise<string | undefined> {
  const statuses = refundFlagStands[kind]
  if (statuses !== undefined) {
    const refund = await tx.lockRefund(merchantId, subjectId)
    if (refund === undefined || !statuses.includes(refund.status)) return undefined
    return `Refund ${subjectId} is still ${spoken(refund.status)}; the flag ends by itself when that is over.`
  }
  if (kind === 'order_undecided') {
    const order = await tx.lockOrder(merchantId, subjectId)
    if (order === undefined || isFinal(order.status)) return undefined
    return `Order ${subjectId} is still ${order.status}; the flag ends by itself when it is decided.`
  }
  if (kind !== 'attempt_not_closed' || (await tx.liveAttempt(merchantId, subjectId)) === undefined) return undefined
  return `Order ${subjectId} still has a number that is open at WeChat; the flag ends by itself when it is closed.`
}
