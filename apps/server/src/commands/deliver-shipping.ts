import { itemDescription, type Shipment, type ShippingWay } from '../domain/shipment.ts'
import type { ClaimedOutbox, ShippingNotice, Writes } from '../ports.ts'
import type { Delivery, OutboxPorts } from './deliver-outbox.ts'

/** Tells WeChat how an order was shipped, so that it settles the money (发货信息管理). */
export async function deliverShipping(
  { store, shipping, world }: OutboxPorts,
  claimed: ClaimedOutbox,
): Promise<Delivery> {
  const { merchantId, orderNumber = '', payload } = claimed
  const revision = Number(payload['revision'])
  const notice = await store.transaction((tx) => noticeOf(tx, merchantId, orderNumber, revision))
  if (notice === undefined) return { ended: { outcome: 'delivered', note: 'nothing is to be told any more' } }
  const ended = await shipping.upload(notice, claimed.wasInFlight)
  return {
    ended,
    async record(tx, step) {
      if (step.status === 'pending') return
      const order = await tx.lockOrder(merchantId, orderNumber)
      const shipment = await tx.findShipment(merchantId, orderNumber)
      if (order === undefined || shipment === undefined || !isToBeTold(shipment, revision)) return
      const at = world.now()
      if (step.status === 'done') {
        await tx.saveShipment({ ...shipment, status: 'uploaded', refusal: undefined, uploadedAt: at })
        await tx.addEvent(order, { kind: 'shipping_uploaded', to: order.status, cause: 'answer', actor: 'wechat', at })
        await tx.resolveFlag(merchantId, 'shipping_due', orderNumber, 'fenpay', 'shipped', at)
      } else {
        const refusal = step.error.slice(0, 500)
        await tx.saveShipment({ ...shipment, status: 'refused', refusal })
        const event = { kind: 'shipping_refused', to: order.status, cause: 'answer', actor: 'wechat', at }
        await tx.addEvent(order, { ...event, detail: { refusal } })
      }
    },
  }
}

/** A refused one is told again when staff ask for that, until it is recorded anew. */
function isToBeTold(shipment: Shipment, revision: number): boolean {
  return shipment.status !== 'uploaded' && shipment.revision === revision
}

async function noticeOf(
  tx: Writes,
  merchantId: string,
  orderNumber: string,
  revision: number,
): Promise<ShippingNotice | undefined> {
  const order = await tx.lockOrder(merchantId, orderNumber)
  const shipment = await tx.findShipment(merchantId, orderNumber)
  const payment = await tx.paymentOfOrder(merchantId, orderNumber)
  if (order === undefined || payment === undefined || shipment === undefined) return undefined
  if (!isToBeTold(shipment, revision) || shipment.how === 'elsewhere') return undefined
  const how: ShippingWay = shipment.how
  return {
    merchantId,
    appid: order.appid,
    openid: order.openid,
    transactionId: payment.transactionId,
    how,
    company: shipment.company,
    trackingNo: shipment.trackingNo,
    contact: shipment.contact,
    itemDescription: itemDescription(await tx.orderLines(merchantId, orderNumber)),
    at: shipment.recordedAt,
  }
}
