import type { NewFlag } from '../domain/flag.ts'
import { numberFromBytes } from '../domain/number.ts'
import type { World, Writes } from '../ports.ts'
import { announce } from './announce.ts'

/** Raises a flag with the change that is its reason; the same fact is flagged once until somebody settles it. */
export async function raiseFlag(tx: Writes, world: World, merchantId: string, flag: NewFlag): Promise<void> {
  const flagId = newFlagId(world)
  if (!(await tx.insertFlag(merchantId, flagId, flag, world.now()))) return
  await announce(tx, world, merchantId, {
    type: 'flag.opened',
    orderNumber: flag.orderNumber,
    flag: {
      flag_id: flagId,
      kind: flag.kind,
      subject_type: flag.subjectType,
      subject_id: flag.subjectId,
      evidence: flag.evidence,
    },
  })
}

export function newFlagId(world: World): string {
  return numberFromBytes(world.randomBytes(16))
}
