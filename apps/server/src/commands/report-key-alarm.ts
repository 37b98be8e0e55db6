import type { KeyAlarm, Store, World } from '../ports.ts'
import { raiseFlag } from './raise-flag.ts'

/** What the gateway saw about a merchant's keys, as a flag: raised when it begins, settled by itself when it is over. */
export function reportKeyAlarm(
  ports: { store: Store; world: World },
  merchantId: string,
  alarm: KeyAlarm,
): Promise<void> {
  return ports.store.transaction(async (tx) => {
    if (!alarm.isOn) {
      await tx.resolveFlag(merchantId, alarm.kind, merchantId, 'fenpay', 'It is over.', ports.world.now())
      return
    }
    await raiseFlag(tx, ports.world, merchantId, {
      kind: alarm.kind,
      subjectType: 'merchant',
      subjectId: merchantId,
      orderNumber: undefined,
      evidence: alarm.evidence,
    })
  })
}
