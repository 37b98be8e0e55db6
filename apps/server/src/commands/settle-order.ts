import type { PendingReason } from '@fenpay/contract'
import { type Attempt, liveStatuses, mayBeClosed } from '../domain/attempt.ts'
import { isFinal, mustClose, type Order } from '../domain/order.ts'
import type { CloseOutcome, PaymentGateway, QueryOutcome, Store, UnknownOutcome, World, Writes } from '../ports.ts'
import { announce } from './announce.ts'
import { applyPaidAnswer } from './find-external-refunds.ts'

type Ports = { store: Store; payment: PaymentGateway; world: World }

/** Why the order is still open after WeChat was asked; undefined when it is settled. */
export type Settled = { pendingReason: PendingReason | undefined }

/**
 * Asks WeChat about an open order and applies what it says. An order that is being closed or is past its expiry is
 * closed the safe way: query, close at WeChat, see CLOSED, only then release the stock. Each step may be repeated;
 * whoever calls it next goes on where this call stopped.
 */
export async function settleOrder(ports: Ports, order: Order): Promise<Settled> {
  if (isFinal(order.status)) return { pendingReason: undefined }
  const attempt = await ports.store.reads.liveAttempt(order.merchantId, order.orderNumber)
  return attempt === undefined ? settleWithoutAttempt(ports, order) : settleAttempt(ports, order, attempt)
}

/**
 * An order was paid by one of its numbers while another one could still be paid (F24): that one is closed like those of
 * an order that is given up. What was paid by it meanwhile goes back.
 */
export async function settleSecondNumber(ports: Ports, order: Order): Promise<void> {
  const attempt = await ports.store.reads.liveAttempt(order.merchantId, order.orderNumber)
  if (attempt !== undefined) await settleAttempt(ports, order, attempt)
}

async function settleAttempt(ports: Ports, order: Order, attempt: Attempt): Promise<Settled> {
  const answer = await ports.payment.query(attempt)
  if (answer.outcome === 'not_paid' || answer.outcome === 'no_such_order') {
    const now = ports.world.now()
    // Who is typing the password at this moment is not interrupted; the next look closes it (F17).
    const isPaying = answer.outcome === 'not_paid' && answer.isPaying === true
    const isWanted = !isFinal(order.status) && !mustClose(order, now)
    if (isPaying || isWanted || !mayBeClosed(attempt, now)) return { pendingReason: 'not_paid' }
    return closeAtWeChat(ports, order, attempt)
  }
  return applyAnswer(ports, order, attempt, answer)
}

/** An order that nobody can pay through WeChat is ours alone to close. */
async function settleWithoutAttempt(ports: { store: Store; world: World }, order: Order): Promise<Settled> {
  if (!mustClose(order, ports.world.now())) {
    const isSuspended = await ports.store.reads.hasSuspendedPayment(order.merchantId, order.orderNumber)
    return { pendingReason: isSuspended ? 'money_in_suspense' : 'no_payment_started' }
  }
  const closed = await ports.store.transaction(async (tx) => {
    const locked = await tx.lockOrder(order.merchantId, order.orderNumber)
    if (locked === undefined || isFinal(locked.status)) return true
    // A payment may have begun in the meantime; then it has to be asked about.
    if ((await tx.liveAttempt(order.merchantId, order.orderNumber)) !== undefined) return false
    await closeOrder(tx, ports.world, locked)
    return true
  })
  return { pendingReason: closed ? undefined : 'not_paid' }
}

/** Closes at WeChat, then looks again: only a CLOSED that was seen releases the stock (F21). */
async function closeAtWeChat(ports: Ports, order: Order, attempt: Attempt): Promise<Settled> {
  const close = await ports.payment.close(attempt)
  if (close.outcome === 'unknown') return { pendingReason: unknownReason(close.why) }
  // A number that WeChat does not know, and that nobody is sending it at this moment (mayBeClosed), takes no money.
  if (close.outcome === 'no_such_order') return applyAnswer(ports, order, attempt, { outcome: 'closed' })
  const answer = await ports.payment.query(attempt)
  if (answer.outcome === 'no_such_order' && isDenied(close, attempt))
    return applyAnswer(ports, order, attempt, { outcome: 'closed' })
  if (close.outcome === 'refused' && answer.outcome === 'not_paid') return { pendingReason: 'wechat_refused' }
  return applyAnswer(ports, order, attempt, answer)
}

/**
 * Whether a number that WeChat's query does not know is over, since its close has another word for that: it was closed, or
 * nobody ever had a prepay_id to pay with.
 */
function isDenied(close: CloseOutcome, attempt: Attempt): boolean {
  return close.outcome === 'closed' || (close.outcome === 'refused' && attempt.prepayId === undefined)
}

async function applyAnswer(ports: Ports, order: Order, attempt: Attempt, answer: QueryOutcome): Promise<Settled> {
  switch (answer.outcome) {
    case 'paid': {
      const { applied } = await applyPaidAnswer(ports, attempt, answer)
      return { pendingReason: applied === 'suspended' ? 'money_in_suspense' : undefined }
    }
    case 'closed':
      return { pendingReason: await closeLocally(ports, order, attempt) }
    case 'not_paid':
    case 'no_such_order':
      return { pendingReason: 'not_paid' }
    case 'refused':
      return { pendingReason: 'wechat_refused' }
    case 'unknown':
      return { pendingReason: unknownReason(answer.why) }
  }
}

/** WeChat has closed the attempt. The order closes with it when it was to be closed; else it can be paid by a new attempt. */
function closeLocally(
  ports: { store: Store; world: World },
  order: Order,
  attempt: Attempt,
): Promise<PendingReason | undefined> {
  return ports.store.transaction(async (tx) => {
    const locked = await tx.lockOrder(order.merchantId, order.orderNumber)
    if (locked === undefined) return undefined
    // WeChat was asked before another call for the prepay_id began: the answer may be older than the order at WeChat.
    const current = await tx.findAttempt(attempt.merchantId, attempt.outTradeNo)
    if (current?.calls !== attempt.calls) return 'not_paid'
    const moved = await tx.moveAttempt(attempt, liveStatuses, 'closed')
    if (moved) {
      await tx.addEvent(locked, {
        kind: 'attempt_closed',
        to: locked.status,
        cause: 'query',
        actor: 'wechat',
        at: ports.world.now(),
        detail: { out_trade_no: attempt.outTradeNo },
      })
    }
    if (isFinal(locked.status)) return undefined
    // The answer may be about an attempt of before: while another one lives, money can still come.
    if ((await tx.liveAttempt(order.merchantId, order.orderNumber)) !== undefined) return 'not_paid'
    if (!mustClose(locked, ports.world.now())) return 'no_payment_started'
    await closeOrder(tx, ports.world, locked)
    return undefined
  })
}

async function closeOrder(tx: Writes, world: World, order: Order): Promise<void> {
  const at = world.now()
  const cause = order.status === 'closing' ? 'cancel' : 'expiry'
  await tx.moveOrder(order, { kind: 'closed', to: 'closed', cause, actor: 'fenpay', at }, { closedAt: at })
  await announce(tx, world, order.merchantId, { type: 'order.closed', order })
  // Last: everybody who buys the same product waits for its row, from here to the commit.
  await tx.settleStock(order.merchantId, order.orderNumber, 'released')
}

/** Without keys WeChat cannot be reached either; what the operator has to do is in the log. */
function unknownReason(why: UnknownOutcome['why']): PendingReason {
  return why === 'unverified' ? 'wechat_unverified' : 'wechat_unreachable'
}
