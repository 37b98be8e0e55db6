import { createHash } from 'node:crypto'
import { fen, sumFen, timesFen } from '@fenpay/contract'
import type { Order } from '../domain/order.ts'
import { leftFen, type PaymentBalance, type Refund, type RefundLine, type RefundSource } from '../domain/refund.ts'
import { Refusal } from '../domain/refusal.ts'
import type { IdempotencyKey, PaymentGateway, Store, World, Writes } from '../ports.ts'
import { intendRefund } from './intend-refund.ts'

type Ports = { store: Store; payment: Pick<PaymentGateway, 'canRefund'>; world: World }

/** What is to be given back: an amount, or pieces, or everything that is left. */
export interface RefundAsk {
  amountFen?: number
  items?: { sku: string; quantity: number }[]
  /** What the user reads, 1 to 80 characters. */
  reason: string
}

/** Who decides a refund. */
export interface RefundDecider {
  source: RefundSource
  actor: string
  /** The same key again gives the refund that was made under it, and no second one (F77). */
  key?: string
}

/**
 * Gives money of a paid order back: whole, in part, or by piece. What is committed here is sent to WeChat by the sweep,
 * within seconds, and repeated with the same number until WeChat has decided.
 * @throws Refusal order_not_found, order_not_paid, refund_not_configured, refund_item_unavailable,
 * idempotency_key_reused, and those of intendRefund
 */
export async function refundOrder(
  ports: Ports,
  merchantId: string,
  orderNumber: string,
  ask: RefundAsk,
  by: RefundDecider,
): Promise<Refund> {
  await requireRefundKeys(ports, await ports.store.reads.paymentOfOrder(merchantId, orderNumber))
  return ports.store.transaction(async (tx) => {
    const { order, payment } = await lockPaidOrder(tx, merchantId, orderNumber)
    const key = by.key === undefined ? undefined : keyOf(merchantId, 'refund-order', orderNumber, ask, by.key)
    return onceUnder(tx, key, async () => {
      const lines = await linesOf(tx, order, ask.items)
      return intendRefund(tx, ports.world, payment, order, {
        amountFen: amountOf(ask, lines, payment),
        lines,
        reason: ask.reason,
        source: by.source,
        by: by.actor,
      })
    })
  })
}

function keyOf(
  merchantId: string,
  route: 'refund-order' | 'refund-payment',
  number: string,
  ask: RefundAsk,
  key: string,
): IdempotencyKey {
  const asked = JSON.stringify([number, ask.amountFen ?? null, ask.items ?? null, ask.reason])
  const requestHash = createHash('sha256').update(asked).digest()
  return { merchantId, userId: 'staff', route, key, requestHash }
}

async function onceUnder(tx: Writes, key: IdempotencyKey | undefined, intend: () => Promise<Refund>): Promise<Refund> {
  const earlier = key && (await refundUnder(tx, key))
  if (earlier !== undefined) return earlier
  const refund = await intend()
  if (key !== undefined) await tx.keepIdempotentAnswer(key, { refund_number: refund.outRefundNo })
  return refund
}

async function refundUnder(tx: Writes, key: IdempotencyKey): Promise<Refund | undefined> {
  const kept = await tx.claimIdempotencyKey(key)
  if (kept === undefined) return undefined
  if (!Buffer.from(kept.requestHash).equals(key.requestHash))
    throw new Refusal('idempotency_key_reused', 'This key belongs to another refund.')
  return tx.findRefund(key.merchantId, (kept.answer as { refund_number: string }).refund_number)
}

/**
 * Gives money back that is on no order, a part of a payment in suspense or all that is left of it. Its flag stays until
 * all of it is back with the user, or a person settles it.
 * @throws Refusal order_not_paid when there is no such payment, refund_not_configured, idempotency_key_reused, and those
 * of intendRefund
 */
export async function refundPayment(
  ports: Ports,
  merchantId: string,
  transactionId: string,
  ask: Omit<RefundAsk, 'items'>,
  by: Omit<RefundDecider, 'source'>,
): Promise<Refund> {
  const found = await ports.store.reads.payment(merchantId, transactionId)
  await requireRefundKeys(ports, found)
  return ports.store.transaction(async (tx) => {
    const order = found?.orderNumber === undefined ? undefined : await tx.lockOrder(merchantId, found.orderNumber)
    const payment = await tx.lockPayment(merchantId, transactionId)
    if (payment === undefined) throw new Refusal('order_not_paid', `No payment ${transactionId} is known.`)
    const key = by.key === undefined ? undefined : keyOf(merchantId, 'refund-payment', transactionId, ask, by.key)
    return onceUnder(tx, key, () =>
      intendRefund(tx, ports.world, payment, order, {
        amountFen: amountOf(ask, [], payment),
        lines: [],
        reason: ask.reason,
        source: 'staff',
        by: by.actor,
      }),
    )
  })
}

/** Locks a paid order and its payment. @throws Refusal order_not_found, order_not_paid */
export async function lockPaidOrder(
  tx: Writes,
  merchantId: string,
  orderNumber: string,
  userId?: string,
): Promise<{ order: Order; payment: PaymentBalance }> {
  const order = await tx.lockOrder(merchantId, orderNumber, userId)
  if (order === undefined) throw new Refusal('order_not_found', 'There is no such order of yours.')
  const paid = await tx.paymentOfOrder(merchantId, orderNumber)
  const payment = paid && (await tx.lockPayment(merchantId, paid.transactionId))
  if (payment === undefined) throw new Refusal('order_not_paid', `The order is ${order.status}.`)
  return { order, payment }
}

/** The pieces as lines, at the price of the order. @throws Refusal refund_item_unavailable */
export async function linesOf(tx: Writes, order: Order, items: RefundAsk['items']): Promise<RefundLine[]> {
  if (items === undefined) return []
  const pieces = await tx.refundablePieces(order.merchantId, order.orderNumber)
  const skus = new Set(items.map(({ sku }) => sku))
  return [...skus].map((sku) => {
    const quantity = items.filter((item) => item.sku === sku).reduce((sum, item) => sum + item.quantity, 0)
    const piece = pieces.find((candidate) => candidate.sku === sku)
    if (piece === undefined || quantity > piece.quantity) {
      const left =
        piece === undefined ? 'not in this order' : `${piece.quantity} ${piece.quantity === 1 ? 'is' : 'are'} left`
      throw new Refusal('refund_item_unavailable', `${sku} × ${quantity}: ${left}.`)
    }
    return { sku, quantity, amountFen: timesFen(piece.priceFen, quantity) }
  })
}

/** The amount of what is asked: named, or of the pieces, or all that is left. */
export function amountOf(ask: RefundAsk, lines: RefundLine[], payment: PaymentBalance): number {
  if (ask.amountFen !== undefined) return fen(ask.amountFen)
  return ask.items === undefined ? leftFen(payment) : sumFen(lines.map((line) => line.amountFen))
}

async function requireRefundKeys({ payment: gateway }: Ports, payment: PaymentBalance | undefined): Promise<void> {
  if (payment !== undefined && !(await gateway.canRefund(payment.merchantId, payment.payApi))) {
    throw new Refusal('refund_not_configured', 'The payment came by Pay v2.')
  }
}
