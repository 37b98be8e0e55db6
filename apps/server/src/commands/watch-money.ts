import type { Store, World } from '../ports.ts'
import { raiseFlag } from './raise-flag.ts'

/** Flags what WeChat has not decided in time (P5, P6, I21), and settles the flags of what it has decided since. */
export async function watchOverdue({ store, world }: { store: Store; world: World }): Promise<void> {
  const now = world.now()
  await store.settleDecidedFlags(now)
  for (const { merchantId, flag } of await store.findOverdue(now)) {
    await store.transaction((tx) => raiseFlag(tx, world, merchantId, flag))
  }
}

/**
 * Asks whether everything holds that must always be true of the database, and flags what does not, one flag for each
 * invariant, under the merchant of this server.
 * @returns how many do not hold
 */
export async function watchInvariants(
  { store, world }: { store: Store; world: World },
  merchantId: string,
): Promise<number> {
  const broken = await store.brokenInvariants()
  for (const { id, what, rows } of broken) {
    await store.transaction((tx) =>
      raiseFlag(tx, world, merchantId, {
        kind: 'invariant_broken',
        subjectType: 'invariant',
        subjectId: id,
        orderNumber: undefined,
        evidence: { what, rows: rows.length, first: JSON.stringify(rows[0]).slice(0, 300) },
      }),
    )
  }
  return broken.length
}
