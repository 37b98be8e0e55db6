import { createHash, timingSafeEqual } from 'node:crypto'
import {
  fen,
  ORDER_TOTAL_FEN_MAX,
  type SubmitOrderAnswer,
  type SubmitOrderRequest,
  sumFen,
  timesFen,
} from '@fenpay/contract'
import { nextCheckAt } from '../domain/check-schedule.ts'
import { numberFromBytes } from '../domain/number.ts'
import type { Order, OrderLine } from '../domain/order.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Session } from '../domain/session.ts'
import type { Store, World, Writes } from '../ports.ts'

export interface SubmitOrderRules {
  /** How long an order can be paid, seconds. */
  orderTtlSeconds: number
  /** How many unpaid orders one user may have, so that nobody locks the stock away (A58). */
  openOrdersMax: number
}

/**
 * Step 2: an order at the catalogue's prices, its stock reserved. With an Idempotency-Key, the same request again
 * gives the same order (I20).
 * @throws Refusal product_unknown, out_of_stock, virtual_goods_refused, order_total_out_of_range,
 * too_many_open_orders, idempotency_key_reused; nothing stays behind
 */
export function submitOrder(
  ports: { store: Store; world: World; rules: SubmitOrderRules },
  session: Session,
  request: SubmitOrderRequest,
  idempotencyKey: string | undefined,
): Promise<SubmitOrderAnswer> {
  const { merchantId, userId } = session
  // The database would store U+FFFD for half a surrogate pair: a remark that nobody wrote.
  if (request.remark?.isWellFormed() === false) throw new Refusal('invalid_request', 'The remark is no Unicode text.')
  return ports.store.transaction(async (tx) => {
    const key =
      idempotencyKey === undefined
        ? undefined
        : { merchantId, userId, route: 'submit-order', key: idempotencyKey, requestHash: hashRequest(request) }
    const kept = key === undefined ? undefined : await tx.claimIdempotencyKey(key)
    if (kept !== undefined && key !== undefined) {
      if (timingSafeEqual(kept.requestHash, key.requestHash)) return kept.answer as SubmitOrderAnswer
      throw new Refusal('idempotency_key_reused', 'This Idempotency-Key belongs to an order with other contents.')
    }
    if ((await tx.openOrderCount(merchantId, userId)) >= ports.rules.openOrdersMax) {
      throw new Refusal('too_many_open_orders', `At most ${ports.rules.openOrdersMax} orders may wait for payment.`)
    }
    const order = await insertOrder(tx, ports, session, request)
    const answer = { order_number: order.orderNumber }
    if (key !== undefined) await tx.keepIdempotentAnswer(key, answer)
    return answer
  })
}

async function insertOrder(
  tx: Writes,
  { world, rules }: { world: World; rules: SubmitOrderRules },
  session: Session,
  request: SubmitOrderRequest,
): Promise<Order> {
  const lines = await reserveLines(tx, session.merchantId, request.items)
  const totalFen = sumFen(lines.map((line) => line.amountFen))
  if (totalFen < 1 || totalFen > ORDER_TOTAL_FEN_MAX) {
    throw new Refusal('order_total_out_of_range', `The total would be ${totalFen} fen.`)
  }
  const now = world.now()
  const order: Order = {
    merchantId: session.merchantId,
    orderNumber: numberFromBytes(world.randomBytes(16)),
    userId: session.userId,
    appid: session.appid,
    openid: session.openid,
    status: 'pending',
    totalFen,
    remark: request.remark,
    createdAt: now,
    expiresAt: new Date(now.getTime() + rules.orderTtlSeconds * 1000),
    paidAt: undefined,
    closedAt: undefined,
    refundedFen: fen(0),
  }
  await tx.insertOrder(
    order,
    lines,
    {
      kind: 'submitted',
      to: 'pending',
      cause: 'submit',
      actor: `user:${session.userId}`,
      at: now,
    },
    nextCheckAt(order, undefined, 0, now),
  )
  return order
}

/** Reserves the pieces sku by sku in one fixed order, so that two orders never wait for each other in a circle. */
async function reserveLines(tx: Writes, merchantId: string, items: SubmitOrderRequest['items']): Promise<OrderLine[]> {
  const lines: OrderLine[] = []
  for (const [sku, quantity] of [...quantityBySku(items)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const reserved = await tx.reserveStock(merchantId, sku, quantity)
    if ('refused' in reserved) throw new Refusal(reserved.refused, `${reserved.name ?? sku} × ${quantity}`)
    lines.push({ ...reserved, quantity, amountFen: timesFen(fen(reserved.priceFen), quantity) })
  }
  return lines
}

/** The same sku twice is one line. @throws Refusal when the sum is more than one line may hold */
function quantityBySku(items: SubmitOrderRequest['items']): Map<string, number> {
  const quantities = new Map<string, number>()
  for (const { sku, quantity } of items) {
    const sum = (quantities.get(sku) ?? 0) + quantity
    if (sum > 999) throw new Refusal('invalid_request', `At most 999 pieces of ${sku} in one order.`)
    quantities.set(sku, sum)
  }
  return quantities
}

/** The request as it is meant, so that the order of its fields makes no difference. */
function hashRequest(request: SubmitOrderRequest): Uint8Array {
  const meant = [request.items.map(({ sku, quantity }) => [sku, quantity]), request.remark ?? null]
  return createHash('sha256').update(JSON.stringify(meant)).digest()
}
