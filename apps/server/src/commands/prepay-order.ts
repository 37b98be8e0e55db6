import type { PaymentParameters } from '@fenpay/contract'
import {
  type Attempt,
  isPrepayFresh,
  liveStatuses,
  type PayApi,
  prepayTtlSeconds,
  reusablePrepayId,
} from '../domain/attempt.ts'
import { nextCheckAt } from '../domain/check-schedule.ts'
import { numberFromBytes } from '../domain/number.ts'
import { isExpired, type Order, orderTransitions } from '../domain/order.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Session } from '../domain/session.ts'
import type { PaymentGateway, Store, UnknownOutcome, WeChatRefusal, World, Writes } from '../ports.ts'
import { applyPaidAnswer } from './find-external-refunds.ts'

/** How attempts of a merchant are made: its protocol, and where WeChat sends its notifications. */
export interface PaymentSettings {
  payApi(merchantId: string): Promise<PayApi>
  notifyUrl(merchantId: string, payApi: PayApi): string
  description(merchantId: string): Promise<string>
}

type Ports = { store: Store; payment: PaymentGateway; world: World; settings: PaymentSettings }

/**
 * Step 3: the five parameters of wx.requestPayment. The attempt with its `out_trade_no` is committed before WeChat is
 * called; its prepay_id is kept and used again while it is valid, and the parameters are signed afresh each time.
 * @throws Refusal order_not_found, order_already_paid, order_closed, order_expired, wechat_refused,
 * wechat_unreachable, wechat_unverified, payment_not_configured. After the last three the same call goes on where this one
 * stopped.
 */
export async function prepayOrder(
  ports: Ports,
  session: Session,
  orderNumber: string,
  clientIp: string,
): Promise<PaymentParameters> {
  for (let numbers = 0; numbers < attemptsPerCall; numbers++) {
    const { attempt, prepayId } = await openAttempt(ports, session, orderNumber, clientIp)
    const pay =
      prepayId === undefined
        ? await askWeChat(ports, attempt)
        : await ports.payment.paymentParameters(attempt, prepayId)
    if (pay !== undefined) return pay
  }
  throw new Refusal('wechat_refused', 'WeChat closes each new payment at once.')
}

/** WeChat may have closed a number by itself; then one new number is tried, never a third. */
const attemptsPerCall = 2

/** The live attempt of the order, or a new one, committed; with its prepay_id where that can be used again. */
async function openAttempt(
  ports: Ports,
  session: Session,
  orderNumber: string,
  clientIp: string,
): Promise<{ attempt: Attempt; prepayId: string | undefined }> {
  const payApi = await ports.settings.payApi(session.merchantId)
  const description = await ports.settings.description(session.merchantId)
  return ports.store.transaction(async (tx) => {
    const now = ports.world.now()
    const order = await tx.lockOrder(session.merchantId, orderNumber, session.userId)
    if (order === undefined) throw new Refusal('order_not_found', 'There is no such order of yours.')
    refuseUnlessPayable(order, now)
    let attempt = await tx.liveAttempt(order.merchantId, orderNumber)
    if (attempt === undefined) {
      const seq = (await tx.attemptCount(order.merchantId, orderNumber)) + 1
      attempt = newAttempt(ports, order, { seq, payApi, description, clientIp })
      await tx.insertAttempt(attempt)
      await tx.restartChecks(order, nextCheckAt(order, attempt, 0, now))
      await addAttemptEvent(tx, ports.world, order, attempt, 'attempt_intended')
    }
    const prepayId = reusablePrepayId(attempt, now)
    if (prepayId !== undefined) return { attempt, prepayId }
    await tx.countCall(attempt, now)
    return { attempt: { ...attempt, calls: attempt.calls + 1, lastCallAt: now }, prepayId }
  })
}

function newAttempt(
  { world, settings }: Ports,
  order: Order,
  facts: Pick<Attempt, 'seq' | 'payApi' | 'description' | 'clientIp'>,
): Attempt {
  return {
    ...facts,
    merchantId: order.merchantId,
    outTradeNo: numberFromBytes(world.randomBytes(16)),
    orderNumber: order.orderNumber,
    status: 'intended',
    appid: order.appid,
    openid: order.openid,
    totalFen: order.totalFen,
    notifyUrl: settings.notifyUrl(order.merchantId, facts.payApi),
    timeExpire: order.expiresAt,
    prepayId: undefined,
    prepayExpiresAt: undefined,
    createdAt: world.now(),
    calls: 0,
    lastCallAt: undefined,
  }
}

function refuseUnlessPayable(order: Order, now: Date) {
  const next = orderTransitions[order.status].start_payment
  if (typeof next !== 'string') throw new Refusal(next.refused, `The order is ${order.status}.`)
  if (isExpired(order, now))
    throw new Refusal('order_expired', `The order could be paid until ${order.expiresAt.toISOString()}.`)
}

/** The parameters; undefined when the number turned out to be closed at WeChat and a new one is needed. */
async function askWeChat(ports: Ports, attempt: Attempt): Promise<PaymentParameters | undefined> {
  // Whoever slept since may find the number given up, and WeChat must not get it after that (F64).
  if (!isPrepayFresh(attempt, ports.world.now()))
    throw new Refusal('wechat_unreachable', 'The server was held up, and the call was not made.')
  const answer = await ports.payment.prepay(attempt)
  switch (answer.outcome) {
    case 'prepaid':
      await recordPrepaid(ports, attempt, answer.prepayId)
      return ports.payment.paymentParameters(attempt, answer.prepayId)
    case 'number_closed':
      await recordOutcome(ports, attempt, 'closed')
      return undefined
    case 'number_taken':
      return resolveTakenNumber(ports, attempt, answer.refusal)
    case 'refused':
      return refuse(ports, attempt, answer.refusal)
    case 'unknown':
      return giveUp(ports, attempt, answer)
  }
}

/** The number is paid, closed or not as we sent it. The query decides. */
async function resolveTakenNumber(ports: Ports, attempt: Attempt, refusal: WeChatRefusal): Promise<undefined> {
  const answer = await ports.payment.query(attempt)
  if (answer.outcome === 'unknown') return giveUp(ports, attempt, answer)
  if (answer.outcome === 'closed') return recordOutcome(ports, attempt, 'closed')
  if (answer.outcome !== 'paid') {
    // The query may lag behind a payment (F16): the number stays live, since a new one could be paid a second time.
    await recordOutcome(ports, attempt, 'unknown')
    throw new Refusal('wechat_refused', 'WeChat has this payment already and does not say in which state.', refusal)
  }
  const { applied } = await applyPaidAnswer(ports, attempt, answer)
  if (applied === 'suspended')
    throw new Refusal('wechat_refused', 'WeChat took money that does not fit the order.', refusal)
  throw new Refusal('order_already_paid', 'WeChat says this order is paid.')
}

/**
 * A refusal ends the number only when its one call was refused. Where it was asked for before, or is being asked for at
 * this moment, WeChat may have it all the same, and a second number could be paid beside it.
 */
async function refuse(ports: Ports, attempt: Attempt, refusal: WeChatRefusal): Promise<never> {
  await ports.store.transaction(async (tx) => {
    const order = await tx.lockOrder(attempt.merchantId, attempt.orderNumber)
    const isOver = await tx.refuseAttempt(attempt)
    const moved = isOver || (await tx.moveAttempt(attempt, ['intended'], 'unknown'))
    if (moved && order !== undefined) {
      await addAttemptEvent(tx, ports.world, order, attempt, isOver ? 'attempt_refused' : 'attempt_unknown')
    }
  })
  throw new Refusal('wechat_refused', 'WeChat refused to prepare the payment.', refusal)
}

/** Nothing is known, so nothing is undone: the same call later sends the same request again. */
async function giveUp(ports: Ports, attempt: Attempt, answer: UnknownOutcome): Promise<never> {
  await recordOutcome(ports, attempt, 'unknown')
  switch (answer.why) {
    case 'unverified':
      throw new Refusal('wechat_unverified', "The answer's signature could not be verified.")
    case 'not_configured':
      throw new Refusal('payment_not_configured', `WeChat was not asked: ${answer.detail}.`)
    case 'unreachable':
      throw new Refusal('wechat_unreachable', 'WeChat gave no usable answer.')
  }
}

/** Keeps the prepay_id. @throws Refusal order_closed, order_already_paid when the order has gone on in the meantime */
async function recordPrepaid(ports: Ports, attempt: Attempt, prepayId: string): Promise<void> {
  const now = ports.world.now()
  const expiresAt = new Date(now.getTime() + prepayTtlSeconds * 1000)
  const order = await ports.store.transaction(async (tx) => {
    const locked = await tx.lockOrder(attempt.merchantId, attempt.orderNumber)
    if (locked === undefined) throw new Error(`attempt ${attempt.outTradeNo} has no order`)
    const moved = await tx.moveAttempt(attempt, liveStatuses, 'prepaid', { prepayId, expiresAt })
    if (moved) await addAttemptEvent(tx, ports.world, locked, attempt, 'attempt_prepaid')
    return locked
  })
  refuseUnlessPayable(order, now)
}

async function recordOutcome(ports: Ports, attempt: Attempt, to: 'unknown' | 'closed'): Promise<undefined> {
  await ports.store.transaction(async (tx) => {
    const order = await tx.lockOrder(attempt.merchantId, attempt.orderNumber)
    // `prepaid` is not left for `unknown`: a later call that got lost does not undo the prepay_id of an earlier one.
    const moved = await tx.moveAttempt(attempt, to === 'unknown' ? ['intended'] : liveStatuses, to)
    if (moved && order !== undefined) await addAttemptEvent(tx, ports.world, order, attempt, `attempt_${to}`)
  })
}

async function addAttemptEvent(tx: Writes, world: World, order: Order, attempt: Attempt, kind: string): Promise<void> {
  await tx.addEvent(order, {
    kind,
    to: order.status,
    cause: 'prepay',
    actor: kind === 'attempt_intended' ? `user:${order.userId}` : 'wechat',
    at: world.now(),
    detail: { out_trade_no: attempt.outTradeNo, seq: attempt.seq },
  })
}
