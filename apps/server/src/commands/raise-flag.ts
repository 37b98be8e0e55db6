import type { NewFlag } from '../domain/flag.ts'
import { numberFromBytes } from '../domain/number.ts'
import type { World, Writes } from '../ports.ts'

/** Raises a flag with the change that is its reason; the same fact is flagged once until somebody settles it. */
export async function raiseFlag(tx: Writes, world: World, merchantId: string, flag: NewFlag): Promise<void> {
  await tx.insertFlag(merchantId, newFlagId(world), flag, world.now())
}

export function newFlagId(world: World): string {
  return numberFromBytes(world.randomBytes(16))
}
