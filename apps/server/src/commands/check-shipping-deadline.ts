import type { ClaimedOutbox } from '../ports.ts'
import type { Delivery, OutboxPorts } from './deliver-outbox.ts'
import { raiseFlag } from './raise-flag.ts'

/** A paid order that nobody has shipped by now is a person's to look at: WeChat gives 48 hours. */
export async function checkShippingDeadline({ world }: OutboxPorts, claimed: ClaimedOutbox): Promise<Delivery> {
  const { merchantId, orderNumber = '' } = claimed
  return {
    ended: { outcome: 'delivered' },
    async record(tx) {
      const order = await tx.lockOrder(merchantId, orderNumber)
      const shipment = await tx.findShipment(merchantId, orderNumber)
      if (order?.paidAt === undefined || (shipment !== undefined && shipment.status !== 'refused')) return
      if (await tx.isFullyRefunded(merchantId, orderNumber)) return
      await raiseFlag(tx, world, merchantId, {
        kind: 'shipping_due',
        subjectType: 'order',
        subjectId: orderNumber,
        orderNumber,
        evidence: { paid_at: order.paidAt.toISOString() },
      })
    },
  }
}
