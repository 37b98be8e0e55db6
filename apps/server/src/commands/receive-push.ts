import { numberFromBytes } from '../domain/number.ts'
import type { Shipment } from '../domain/shipment.ts'
import type { PushFact, PushGateway, PushInboxMessage, Store, World, Writes } from '../ports.ts'
import { raiseFlag } from './raise-flag.ts'

type Ports = { store: Store; push: PushGateway; world: World }

/** What WeChat is told. Not acknowledged means it sends the message again. */
export type PushAnswer = { acknowledged: true } | { acknowledged: false; reason: string }

/**
 * A message of WeChat's push. It is verified and kept as it came, and its effect committed together with the verdict,
 * once however often the same message comes. Of what is not WeChat's only a trace is kept (A56).
 */
export async function receivePush(
  { store, push, world }: Ports,
  came: Omit<PushInboxMessage, 'inboxId' | 'receivedAt'>,
): Promise<PushAnswer> {
  const message = { ...came, inboxId: numberFromBytes(world.randomBytes(16)), receivedAt: world.now() }
  const { merchantId, appid, inboxId } = message
  const reading = await push.read(message)
  if (reading.outcome === 'refused') {
    const { reason } = reading
    await store.keepRefusedPush(message, { reason, at: world.now() })
    return { acknowledged: false, reason }
  }
  await store.keepPush(message)
  const { event, dedupeKey, fact } = reading
  await store.transaction(async (tx) => {
    const isRepeat = await tx.wasPushed(merchantId, appid, dedupeKey)
    const isApplied = !isRepeat && fact !== undefined && (await applyFact(tx, world, merchantId, appid, fact))
    const verdict = isRepeat ? 'repeated' : isApplied ? 'applied' : 'ignored'
    await tx.decidePush(merchantId, inboxId, { verdict, event, dedupeKey, at: world.now() })
  })
  return { acknowledged: true }
}

/** Whether it changed anything. */
async function applyFact(
  tx: Writes,
  world: World,
  merchantId: string,
  appid: string,
  fact: PushFact,
): Promise<boolean> {
  switch (fact.fact) {
    case 'settlement':
      return applySettlement(tx, world, merchantId, fact)
    case 'shipping_wanted': {
      const orderNumber = await orderPaidBy(tx, merchantId, fact.transactionId)
      if (orderNumber === undefined) return false
      await raiseFlag(tx, world, merchantId, {
        kind: 'shipping_due',
        subjectType: 'order',
        subjectId: orderNumber,
        orderNumber,
        evidence: { transaction_id: fact.transactionId, source: 'wechat' },
      })
      return true
    }
    case 'management_wanted':
      await raiseFlag(tx, world, merchantId, {
        kind: 'shipping_management_wanted',
        subjectType: 'merchant',
        subjectId: appid,
        orderNumber: undefined,
        evidence: { text: fact.text.slice(0, 500) },
      })
      return true
  }
}

/** WeChat tells of an order when it is shipped, and again when its money is settled. */
async function applySettlement(
  tx: Writes,
  world: World,
  merchantId: string,
  fact: Extract<PushFact, { fact: 'settlement' }>,
): Promise<boolean> {
  const orderNumber = await orderPaidBy(tx, merchantId, fact.transactionId)
  const order = orderNumber === undefined ? undefined : await tx.lockOrder(merchantId, orderNumber)
  if (order?.status !== 'paid') return false
  const at = world.now()
  const before = await tx.findShipment(merchantId, order.orderNumber)
  const known = before ?? enteredElsewhere(merchantId, order.orderNumber, at)
  const after: Shipment = {
    ...known,
    status: 'uploaded',
    refusal: undefined,
    uploadedAt: known.uploadedAt ?? fact.shippedAt ?? at,
    confirmedAt: known.confirmedAt ?? fact.confirmedAt,
    settledAt: known.settledAt ?? fact.settledAt,
  }
  await tx.saveShipment(after)
  const event = { to: order.status, cause: 'push', actor: 'wechat', at }
  if (before?.status !== 'uploaded') await tx.addEvent(order, { ...event, kind: 'shipping_uploaded' })
  if (known.confirmedAt === undefined && after.confirmedAt !== undefined)
    await tx.addEvent(order, { ...event, kind: 'receipt_confirmed' })
  if (known.settledAt === undefined && after.settledAt !== undefined)
    await tx.addEvent(order, { ...event, kind: 'money_settled' })
  await tx.resolveFlag(merchantId, 'shipping_due', order.orderNumber, 'fenpay', 'shipped', at)
  await tx.resolveDeadShipping(merchantId, order.orderNumber, 'WeChat knows it', at)
  return true
}

/** Undefined also for money in suspense: nothing is shipped for that. */
async function orderPaidBy(tx: Writes, merchantId: string, transactionId: string): Promise<string | undefined> {
  const payment = await tx.payment(merchantId, transactionId)
  return payment?.disposition === 'order' ? payment.orderNumber : undefined
}

function enteredElsewhere(merchantId: string, orderNumber: string, recordedAt: Date): Shipment {
  return {
    merchantId,
    orderNumber,
    revision: 1,
    how: 'elsewhere',
    company: undefined,
    trackingNo: undefined,
    contact: undefined,
    status: 'recorded',
    refusal: undefined,
    recordedAt,
    uploadedAt: undefined,
    confirmedAt: undefined,
    settledAt: undefined,
  }
}
