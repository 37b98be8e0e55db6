import type { NotifyStore, ProfileStore, Reads, Store, Writes } from '../ports.ts'
import {
  attemptCount,
  countCall,
  findAttempt,
  insertAttempt,
  liveAttempt,
  moveAttempt,
  refuseAttempt,
} from './attempts.ts'
import { type Sql, type Transaction, withRetry } from './connect.ts'
import { insertFlag, resolveDeadShipping, resolveFlag } from './flags.ts'
import { claimIdempotencyKey, keepIdempotentAnswer } from './idempotency-keys.ts'
import { checkInvariantsPatiently } from './invariants.ts'
import { post } from './ledger.ts'
import { decideInbox, keepMessage, keepRefused } from './notify-inbox.ts'
import {
  addEvent,
  claimDueOrders,
  findOrder,
  insertOrder,
  lockOrder,
  moveOrder,
  openOrderCount,
  orderEvents,
  orderLines,
  ordersOfUser,
  restartChecks,
  scheduleCheck,
} from './orders.ts'
import {
  addOutbox,
  audience,
  claimOutbox,
  endOutboxTry,
  holdDueOutbox,
  restartOutbox,
  type WakeWorker,
} from './outbox.ts'
import { findOverdue, settleDecidedFlags } from './overdue.ts'
import {
  findPayment,
  findPaymentAmount,
  hasSuspendedPayment,
  lockPayment,
  paymentOfOrder,
  recordPayment,
} from './payments.ts'
import { productsOf, reserveStock, settleStock } from './products.ts'
import { findAvatar, findProfile, setAvatar, setNickname, setPhone } from './profiles.ts'
import { decidePush, keepPush, keepRefusedPush, wasPushed } from './push-inbox.ts'
import { readings } from './readings.ts'
import { answerRefundRequest, findRefundRequest, insertRefundRequest } from './refund-requests.ts'
import {
  claimDueRefunds,
  countRefundCall,
  findRefund,
  insertRefund,
  lockRefund,
  moveRefund,
  noteProblem,
  noteRefusal,
  otherRefunds,
  refundablePieces,
  refundsOfOrder,
  refuseCorrection,
  scheduleRefundCheck,
  wishCorrection,
} from './refunds.ts'
import { forgetOld } from './retention.ts'
import { findSession, insertSession, revokeSession, touchSession, upsertUser } from './sessions.ts'
import { recallStrays, shiftSchedules } from './shift-schedules.ts'
import { findShipment, isFullyRefunded, saveShipment } from './shipments.ts'
import { untoldRefunds } from './untold-refunds.ts'
import {
  deliveriesOf,
  endpointsOf,
  findEndpoint,
  insertEndpoint,
  lockEndpoint,
  logDelivery,
  saveEndpoint,
} from './webhooks.ts'

/** What the query modules take: the pool, or a transaction of it. */
export type Queries = Sql | Transaction

export interface StoreOptions {
  /** A number in [0, 1): spreads the retries after a deadlock. */
  random: () => number
  /** Wakes a worker for a new outbox item. Default: nobody is woken, and the sweep finds it. */
  wake?: WakeWorker
}

/** The ports of storage on a pool of connections. */
export function createStore(sql: Sql, options: StoreOptions): Store {
  return {
    reads: readsOn(sql),
    transaction: (work) => transactionOn(sql, options, work),
    touchSession: (...rest) => touchSession(sql, ...rest),
    revokeSession: (...rest) => revokeSession(sql, ...rest),
    claimDueOrders: (...rest) => claimDueOrders(sql, ...rest),
    scheduleCheck: (...rest) => scheduleCheck(sql, ...rest),
    claimDueRefunds: (...rest) => claimDueRefunds(sql, ...rest),
    scheduleRefundCheck: (...rest) => scheduleRefundCheck(sql, ...rest),
    untoldRefunds: () => untoldRefunds(sql),
    findOverdue: (...rest) => findOverdue(sql, ...rest),
    settleDecidedFlags: (...rest) => settleDecidedFlags(sql, ...rest),
    shiftSchedules: (...rest) => shiftSchedules(sql, options, ...rest),
    recallStrays: (now) => recallStrays(sql, now),
    forgetOld: (...rest) => forgetOld(sql, ...rest),
    brokenInvariants: () => checkInvariantsPatiently(sql),
    holdDueOutbox: (...rest) => holdDueOutbox(sql, ...rest),
    claimOutbox: (...rest) => claimOutbox(sql, ...rest),
    keepPush: (message) => keepPush(sql, message),
    keepRefusedPush: (message, refusal) => keepRefusedPush(sql, message, refusal),
    endpoints: (merchantId) => endpointsOf(sql, merchantId),
    endpoint: (...rest) => findEndpoint(sql, ...rest),
    deliveries: (...rest) => deliveriesOf(sql, ...rest),
    readings: (now) => readings(sql, now),
  }
}

/** The notifications' own view, on a pool of its own (F54). */
export function createNotifyStore(sql: Sql, options: StoreOptions): NotifyStore {
  return {
    keepMessage: (message) => keepMessage(sql, message),
    keepRefused: (message, refusal) => keepRefused(sql, message, refusal),
    transaction: (work) => transactionOn(sql, options, work),
  }
}

export function createProfileStore(sql: Sql): ProfileStore {
  return {
    find: (...rest) => findProfile(sql, ...rest),
    setNickname: (...rest) => setNickname(sql, ...rest),
    setPhone: (...rest) => setPhone(sql, ...rest),
    setAvatar: (...rest) => setAvatar(sql, ...rest),
    findAvatar: (...rest) => findAvatar(sql, ...rest),
  }
}

function transactionOn<Result>(
  sql: Sql,
  options: StoreOptions,
  work: (tx: Writes) => Promise<Result>,
): Promise<Result> {
  return withRetry(async () => {
    // The driver's own type unwraps promises in arrays, which Result need not be; the box keeps it as it is.
    const { result } = await sql.begin(async (tx) => ({ result: await work(writesOn(tx, options.wake)) }))
    return result
  }, options)
}

function readsOn(sql: Queries): Reads {
  return {
    products: (...rest) => productsOf(sql, ...rest),
    session: (...rest) => findSession(sql, ...rest),
    order: (...rest) => findOrder(sql, ...rest),
    orderLines: (...rest) => orderLines(sql, ...rest),
    orderEvents: (...rest) => orderEvents(sql, ...rest),
    ordersOfUser: (...rest) => ordersOfUser(sql, ...rest),
    liveAttempt: (...rest) => liveAttempt(sql, ...rest),
    hasSuspendedPayment: (...rest) => hasSuspendedPayment(sql, ...rest),
    paymentOfOrder: (...rest) => paymentOfOrder(sql, ...rest),
    payment: (...rest) => findPayment(sql, ...rest),
    refundsOfOrder: (...rest) => refundsOfOrder(sql, ...rest),
    findRefund: (...rest) => findRefund(sql, ...rest),
    refundRequest: (...rest) => findRefundRequest(sql, ...rest),
    refundablePieces: (...rest) => refundablePieces(sql, ...rest),
  }
}

function writesOn(sql: Transaction, wake: WakeWorker | undefined): Writes {
  return {
    ...readsOn(sql),
    lockOrder: (merchantId, orderNumber, userId) => lockOrder(sql, merchantId, orderNumber, userId),
    openOrderCount: (...rest) => openOrderCount(sql, ...rest),
    insertOrder: (...rest) => insertOrder(sql, ...rest),
    moveOrder: (order, event, facts) => moveOrder(sql, order, event, facts),
    addEvent: (...rest) => addEvent(sql, ...rest),
    restartChecks: (...rest) => restartChecks(sql, ...rest),
    findAttempt: (...rest) => findAttempt(sql, ...rest),
    attemptCount: (...rest) => attemptCount(sql, ...rest),
    insertAttempt: (...rest) => insertAttempt(sql, ...rest),
    countCall: (...rest) => countCall(sql, ...rest),
    refuseAttempt: (...rest) => refuseAttempt(sql, ...rest),
    moveAttempt: (attempt, from, to, prepay) => moveAttempt(sql, attempt, from, to, prepay),
    recordPayment: (...rest) => recordPayment(sql, ...rest),
    findPaymentAmount: (...rest) => findPaymentAmount(sql, ...rest),
    lockPayment: (...rest) => lockPayment(sql, ...rest),
    insertRefund: (...rest) => insertRefund(sql, ...rest),
    lockRefund: (...rest) => lockRefund(sql, ...rest),
    otherRefunds: (...rest) => otherRefunds(sql, ...rest),
    countRefundCall: (...rest) => countRefundCall(sql, ...rest),
    noteProblem: (...rest) => noteProblem(sql, ...rest),
    noteRefusal: (...rest) => noteRefusal(sql, ...rest),
    wishCorrection: (...rest) => wishCorrection(sql, ...rest),
    refuseCorrection: (...rest) => refuseCorrection(sql, ...rest),
    moveRefund: (...rest) => moveRefund(sql, ...rest),
    post: (...rest) => post(sql, ...rest),
    insertFlag: (...rest) => insertFlag(sql, ...rest),
    resolveFlag: (...rest) => resolveFlag(sql, ...rest),
    resolveDeadShipping: (...rest) => resolveDeadShipping(sql, ...rest),
    insertRefundRequest: (...rest) => insertRefundRequest(sql, ...rest),
    answerRefundRequest: (...rest) => answerRefundRequest(sql, ...rest),
    addOutbox: (item) => addOutbox(sql, item, wake),
    endOutboxTry: (...rest) => endOutboxTry(sql, ...rest),
    restartOutbox: (merchantId, outboxId, at) => restartOutbox(sql, merchantId, outboxId, at, wake),
    audience: (...rest) => audience(sql, ...rest),
    findShipment: (...rest) => findShipment(sql, ...rest),
    saveShipment: (shipment) => saveShipment(sql, shipment),
    isFullyRefunded: (...rest) => isFullyRefunded(sql, ...rest),
    wasPushed: (...rest) => wasPushed(sql, ...rest),
    decidePush: (...rest) => decidePush(sql, ...rest),
    insertEndpoint: (endpoint) => insertEndpoint(sql, endpoint),
    lockEndpoint: (...rest) => lockEndpoint(sql, ...rest),
    saveEndpoint: (endpoint) => saveEndpoint(sql, endpoint),
    logDelivery: (delivery) => logDelivery(sql, delivery),
    reserveStock: (...rest) => reserveStock(sql, ...rest),
    settleStock: (...rest) => settleStock(sql, ...rest),
    upsertUser: (...rest) => upsertUser(sql, ...rest),
    insertSession: (...rest) => insertSession(sql, ...rest),
    claimIdempotencyKey: (...rest) => claimIdempotencyKey(sql, ...rest),
    keepIdempotentAnswer: (...rest) => keepIdempotentAnswer(sql, ...rest),
    decideInbox: (...rest) => decideInbox(sql, ...rest),
  }
}
