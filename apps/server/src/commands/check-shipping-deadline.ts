import type { ClaimedOutbox } from '../ports.ts'
import type { Delivery, OutboxPorts } from './deliver-outbox.ts'
import { raiseFlag } from './raise-flag.ts'

/** How long nobody looks while all the money of an order is on its way back. */
const refundPauseMs = 60 * 60 * 1000

/** A paid order that nobody has shipped by now is a person's to look at: WeChat gives 48 hours. */
export async function checkShippingDeadline({ store, world }: OutboxPorts, claimed: ClaimedOutbox): Promise<Delivery> {
  const { merchantId, orderNumber = '' } = claimed
  const payment = await store.reads.paymentOfOrder(merchantId, orderNumber)
  const isHeld = payment !== undefined && payment.reservedFen >= payment.paidFen
  // A refund may come to nothing, and then the goods are owed after all.
  if (isHeld && payment.refundedFen < payment.paidFen) {
    const until = new Date(world.now().getTime() + refundPauseMs)
    return { ended: { outcome: 'not_yet', until, error: 'all of its money is on its way back' } }
  }
  return {
    ended: { outcome: 'delivered' },
    async record(tx) {
      const order = await tx.lockOrder(merchantId, orderNumber)
      const shipment = await tx.findShipment(merchantId, orderNumber)
      if (order?.paidAt === undefined || (shipment !== undefined && shipment.status !== 'refused')) return
      // What is decided from now on settles the flag when the user has the money.
      if (order.refundedFen === order.totalFen) return
      // The merchant may have left WeChat's shipping management since the payment.
      if (!(await tx.audience(merchantId, order.appid, 'order.shipped')).shippingManagement) return
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
