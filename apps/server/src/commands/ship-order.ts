import { beijingTime } from '../domain/beijing-time.ts'
import { numberFromBytes } from '../domain/number.ts'
import { type Shipment, type ShipmentFacts, shipmentProblem } from '../domain/shipment.ts'
import type { Store, World, Writes } from '../ports.ts'
import { announce } from './announce.ts'

export type ShipRefusal =
  | 'order_not_found'
  | 'order_not_paid'
  | 'order_refunded'
  | 'already_shipped'
  | 'invalid_shipment'

export type ShipOutcome =
  | { outcome: 'recorded'; shipment: Shipment }
  | { outcome: 'refused'; code: ShipRefusal; detail: string }

/**
 * Records how an order was shipped; WeChat is told through the outbox. One that WeChat refused can be recorded anew.
 * `by` is who says so.
 */
export async function shipOrder(
  { store, world }: { store: Store; world: World },
  merchantId: string,
  orderNumber: string,
  facts: ShipmentFacts,
  by = 'staff',
): Promise<ShipOutcome> {
  const problem = shipmentProblem(facts)
  if (problem !== undefined) return refuse('invalid_shipment', problem)
  return store.transaction(async (tx) => {
    const order = await tx.lockOrder(merchantId, orderNumber)
    if (order === undefined) return refuse('order_not_found', 'There is no order with this number.')
    if (order.status !== 'paid') return refuse('order_not_paid', `The order is ${order.status}; only a paid one ships.`)
    if (await tx.isFullyRefunded(merchantId, orderNumber))
      return refuse(
        'order_refunded',
        'Everything that was paid is given back, or held by refunds without a result yet.',
      )
    const earlier = await tx.findShipment(merchantId, orderNumber)
    if (earlier !== undefined && earlier.status !== 'refused')
      return refuse('already_shipped', `It was shipped at ${beijingTime(earlier.recordedAt)}.`)

    const shipment = shipmentOf(facts, merchantId, orderNumber, (earlier?.revision ?? 0) + 1, world.now())
    await tx.saveShipment(shipment)
    const { how, company, trackingNo, revision } = shipment
    const detail = {
      how,
      ...(company === undefined ? {} : { company }),
      ...(trackingNo === undefined ? {} : { tracking_no: trackingNo }),
    }
    await tx.addEvent(order, { kind: 'shipped', to: 'paid', cause: 'ship', actor: by, at: world.now(), detail })
    await tx.resolveFlag(merchantId, 'shipping_due', orderNumber, 'fenpay', 'shipped', world.now())
    if (earlier !== undefined) await tx.resolveDeadShipping(merchantId, orderNumber, 'shipped anew', world.now())
    await putInOutbox(tx, world, shipment, order.appid)
    await announce(tx, world, merchantId, { type: 'order.shipped', order, shipment: { revision, ...detail } })
    return { outcome: 'recorded', shipment }
  })
}

async function putInOutbox(tx: Writes, world: World, shipment: Shipment, appid: string): Promise<void> {
  const { merchantId, orderNumber, revision } = shipment
  if (!(await tx.audience(merchantId, appid, 'order.shipped')).shippingManagement) return
  const now = world.now()
  await tx.addOutbox({
    merchantId,
    outboxId: numberFromBytes(world.randomBytes(16)),
    kind: 'upload_shipping',
    onceKey: `${orderNumber} ${revision}`,
    orderNumber,
    payload: { revision },
    createdAt: now,
    nextAt: now,
  })
}

function shipmentOf(
  facts: ShipmentFacts,
  merchantId: string,
  orderNumber: string,
  revision: number,
  recordedAt: Date,
): Shipment {
  return {
    merchantId,
    orderNumber,
    revision,
    how: facts.how,
    company: facts.company,
    trackingNo: facts.trackingNo,
    contact: facts.contact,
    status: 'recorded',
    refusal: undefined,
    recordedAt,
    uploadedAt: undefined,
    confirmedAt: undefined,
    settledAt: undefined,
  }
}

function refuse(code: ShipRefusal, detail: string): ShipOutcome {
  return { outcome: 'refused', code, detail }
}
