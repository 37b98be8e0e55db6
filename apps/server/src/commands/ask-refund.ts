import { type AskRefundRequest, fen, type Order as OrderAnswer } from '@fenpay/contract'
import { numberFromBytes } from '../domain/number.ts'
import { leftFen, type Refund } from '../domain/refund.ts'
import type { RefundRequest } from '../domain/refund-request.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Session } from '../domain/session.ts'
import type { PaymentGateway, Store, World } from '../ports.ts'
import { intendRefund } from './intend-refund.ts'
import { showMyOrder } from './read-orders.ts'
import { amountOf, linesOf, lockPaidOrder } from './refund-order.ts'

/**
 * A user asks to have pieces of a paid order, or all that is left of it, back. Nothing is given back by that: the
 * merchant's staff answer it.
 * @throws Refusal order_not_found, order_not_paid, refund_item_unavailable, refund_exceeds_payment, refund_request_open
 */
export async function askRefund(
  ports: { store: Store; world: World },
  session: Session,
  request: AskRefundRequest,
): Promise<OrderAnswer> {
  const { merchantId, userId } = session
  const { order_number: orderNumber, reason, items } = request
  if (!reason.isWellFormed()) throw new Refusal('invalid_request', 'The reason is no Unicode text.')
  await ports.store.transaction(async (tx) => {
    const { order, payment } = await lockPaidOrder(tx, merchantId, orderNumber, userId)
    if ((await tx.refundRequest(merchantId, orderNumber))?.status === 'open')
      throw new Refusal('refund_request_open', 'The merchant has not answered it yet.')
    const ask = { reason, ...(items === undefined ? {} : { items }) }
    const amountFen = amountOf(ask, await linesOf(tx, order, items), payment)
    if (amountFen < 1 || amountFen > leftFen(payment))
      throw new Refusal('refund_exceeds_payment', `${leftFen(payment)} fen are left of this order.`)
    await tx.insertRefundRequest({
      merchantId,
      requestId: numberFromBytes(ports.world.randomBytes(16)),
      orderNumber,
      userId,
      status: 'open',
      amountFen: fen(amountFen),
      reason,
      items: items ?? [],
      createdAt: ports.world.now(),
      answer: undefined,
      answeredBy: undefined,
      answeredAt: undefined,
      outRefundNo: undefined,
    })
    await tx.addEvent(order, {
      kind: 'refund_asked',
      to: order.status,
      cause: 'user',
      actor: `user:${userId}`,
      at: ports.world.now(),
      detail: { amount_fen: amountFen, reason },
    })
  })
  return showMyOrder(ports.store, session, orderNumber)
}

/** What the staff say to a request. */
export interface RefundAnswer {
  accept: boolean
  /** What the user reads; may be empty when it is accepted. */
  text: string
  /** Who answers. */
  staff: string
}

/**
 * The staff accept or decline what a user asked for. What is accepted becomes a refund in the same transaction.
 * @throws Refusal order_not_found, order_not_paid, refund_request_not_found, refund_not_configured, and those of a refund
 */
export async function answerRefundRequest(
  ports: { store: Store; payment: Pick<PaymentGateway, 'canRefund'>; world: World },
  merchantId: string,
  orderNumber: string,
  answer: RefundAnswer,
): Promise<{ request: RefundRequest; refund: Refund | undefined }> {
  const paid = await ports.store.reads.paymentOfOrder(merchantId, orderNumber)
  const canRefund = paid === undefined || (await ports.payment.canRefund(merchantId, paid.payApi))
  if (answer.accept && !canRefund) throw new Refusal('refund_not_configured', 'The payment came by Pay v2.')
  return ports.store.transaction(async (tx) => {
    const { order, payment } = await lockPaidOrder(tx, merchantId, orderNumber)
    const open = await tx.refundRequest(merchantId, orderNumber)
    if (open?.status !== 'open') throw new Refusal('refund_request_not_found', 'Nothing is waiting for an answer.')
    const at = ports.world.now()
    const actor = `staff:${answer.staff}`
    const refund = answer.accept
      ? await intendRefund(tx, ports.world, payment, order, {
          amountFen: open.amountFen,
          lines: await linesOf(tx, order, open.items.length === 0 ? undefined : open.items),
          reason: open.reason,
          source: 'user',
          by: actor,
        })
      : undefined
    const request: RefundRequest = {
      ...open,
      status: answer.accept ? 'accepted' : 'declined',
      answer: answer.text,
      answeredBy: answer.staff,
      answeredAt: at,
      outRefundNo: refund?.outRefundNo,
    }
    await tx.answerRefundRequest(request)
    await tx.addEvent(order, {
      kind: answer.accept ? 'refund_request_accepted' : 'refund_request_declined',
      to: order.status,
      cause: 'staff',
      actor,
      at,
      detail: { answer: answer.text },
    })
    return { request, refund }
  })
}
