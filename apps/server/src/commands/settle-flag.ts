import type { FlagKind } from '../domain/flag.ts'
import type { Store, World } from '../ports.ts'

/**
 * A person has looked and decided: the flag is over. `by` is `staff:…`, `note` what was found or done.
 * @returns whether it was still open
 */
export function settleFlag(
  { store, world }: { store: Store; world: World },
  merchantId: string,
  flag: { kind: FlagKind; subjectId: string },
  { by, note }: { by: string; note: string },
): Promise<boolean> {
  return store.transaction((tx) => tx.resolveFlag(merchantId, flag.kind, flag.subjectId, by, note, world.now()))
}
