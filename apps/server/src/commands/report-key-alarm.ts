import type { KeyAlarm, Store, World } from '../ports.ts'
import { raiseFlag } from './raise-flag.ts'

/**
 * What the gateway saw about a merchant's keys, as a flag: raised when it begins, settled by itself when it is over.
 * @returns whether that settled a flag
 */
export function reportKeyAlarm(
  ports: { store: Store; world: World },
  merchantId: string,
  alarm: KeyAlarm,
): Promise<boolean> {
  return ports.store.transaction(async (tx) => {
    if (!alarm.isOn)
      return tx.resolveFlag(
        merchantId,
        alarm.kind,
        subjectOf(merchantId, alarm),
        'fenpay',
        'It is over.',
        ports.world.now(),
      )
    await raiseFlag(tx, ports.world, merchantId, {
      kind: alarm.kind,
      subjectType: 'merchant',
      subjectId: subjectOf(merchantId, alarm),
      orderNumber: undefined,
      evidence: alarm.evidence,
    })
    return false
  })
}

/** A merchant has other keys in each protocol. */
function subjectOf(merchantId: string, alarm: KeyAlarm): string {
  return `${merchantId} ${alarm.key}`
}
