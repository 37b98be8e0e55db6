/**
 * What commands need from outside. Order: one purchase. Attempt: one `out_trade_no` at WeChat. Payment: money that
 * WeChat took. Event: one change of an order, ours. Notify: a message of WeChat. Evidence: WeChat's verified word.
 *
 * Three outcomes everywhere: done, definitely not done, unknown. A timeout is unknown, never a failure.
 */
import type { Fen, OrderEvent, OrderStatus, PaymentParameters, Product } from '@fenpay/contract'
import type { Attempt, AttemptStatus, PayApi } from './domain/attempt.ts'
import type { Merchant } from './domain/merchant.ts'
import type { Order, OrderLine } from './domain/order.ts'
import type { PaymentEvidence, SuspenseReason } from './domain/payment.ts'
import type { AvatarType } from './domain/profile.ts'
import type { Session } from './domain/session.ts'

/** Time and randomness. Everything that is not a function of its arguments comes through here, so that a run can be replayed. */
export interface World {
  now(): Date
  randomBytes(size: number): Uint8Array
}

// --- WeChat ---------------------------------------------------------------------------------------------------------

/** What WeChat said when it refused, in its own words. */
export interface WeChatRefusal {
  code: string
  message: string
}

/** No usable answer: nothing may be concluded, WeChat has to be asked again. */
export interface UnknownOutcome {
  outcome: 'unknown'
  why: 'unreachable' | 'unverified'
  detail: string
}

export type PrepayOutcome =
  | { outcome: 'prepaid'; prepayId: string }
  /** The number is paid, or known with other values: only a query can tell. */
  | { outcome: 'number_taken'; refusal: WeChatRefusal }
  | { outcome: 'number_closed' }
  | { outcome: 'refused'; refusal: WeChatRefusal }
  | UnknownOutcome

export type QueryOutcome =
  | { outcome: 'paid'; evidence: PaymentEvidence }
  | { outcome: 'not_paid' }
  | { outcome: 'closed' }
  | { outcome: 'no_such_order' }
  | { outcome: 'refused'; refusal: WeChatRefusal }
  | UnknownOutcome

export type CloseOutcome =
  | { outcome: 'closed' }
  | { outcome: 'already_paid' }
  | { outcome: 'no_such_order' }
  | { outcome: 'refused'; refusal: WeChatRefusal }
  | UnknownOutcome

/** Reading a notification: the payment it proves, a message of no concern here, or why it is not believed. */
export type NotifyReading =
  | { outcome: 'payment'; evidence: PaymentEvidence }
  | { outcome: 'other'; eventType: string }
  | { outcome: 'refused'; reason: string; outTradeNo?: string }

/** WeChat Pay as one merchant uses it. Each call may take seconds: never inside a transaction. */
export interface PaymentGateway {
  /** Asks for the attempt's prepay_id; the same attempt always sends the same request. */
  prepay(attempt: Attempt): Promise<PrepayOutcome>
  query(attempt: Attempt): Promise<QueryOutcome>
  close(attempt: Attempt): Promise<CloseOutcome>
  /** Signs the five parameters of wx.requestPayment afresh. */
  paymentParameters(attempt: Attempt, prepayId: string): Promise<PaymentParameters>
  readNotify(
    merchantId: string,
    payApi: PayApi,
    headers: Record<string, string>,
    body: Uint8Array,
  ): Promise<NotifyReading>
}

export interface WeChatUser {
  openid: string
  unionid?: string
  nickname?: string
  avatarUrl?: string
}

/** The fields of the old getUserInfo button, as WeChat gave them. */
export interface UserInfoFields {
  encryptedData: string
  rawData: string
  iv: string
  signature: string
}

export type LoginOutcome =
  | { outcome: 'user'; user: WeChatUser }
  | { outcome: 'code_invalid'; refusal: WeChatRefusal }
  | { outcome: 'user_info_invalid'; reason: string }
  | { outcome: 'user_blocked'; refusal: WeChatRefusal }
  | { outcome: 'refused'; refusal: WeChatRefusal }
  | UnknownOutcome

export type PhoneOutcome =
  | { outcome: 'phone'; phoneNumber: string }
  | { outcome: 'code_invalid'; refusal: WeChatRefusal }
  | { outcome: 'refused'; refusal: WeChatRefusal }
  | UnknownOutcome

/** WeChat's login. The session_key stays inside the gateway (A41). */
export interface LoginGateway {
  login(merchantId: string, appid: string, code: string, userInfo: UserInfoFields | undefined): Promise<LoginOutcome>
  /** Exchanges the code of the phone number button. */
  phoneNumber(merchantId: string, appid: string, code: string): Promise<PhoneOutcome>
}

// --- storage --------------------------------------------------------------------------------------------------------

/** What happened to an order, as it is written with the change itself. */
export interface NewEvent {
  kind: string
  to: OrderStatus
  cause: string
  actor: string
  at: Date
  detail?: Record<string, string | number>
}

export interface PaymentRecord {
  evidence: PaymentEvidence
  orderNumber: string | undefined
  disposition: 'order' | 'suspense'
  reason: SuspenseReason | undefined
}

export type InboxVerdict = 'applied' | 'repeated' | 'suspended' | 'ignored' | 'refused'

export interface InboxDecision {
  verdict: InboxVerdict
  reason?: string
  outTradeNo?: string
  transactionId?: string
  at: Date
}

export interface OrderPage {
  orders: { order: Order; lines: OrderLine[] }[]
  /** Where the next page begins; absent on the last one. */
  next: OrderPosition | undefined
}

export interface OrderPosition {
  createdAt: Date
  orderNumber: string
}

/** Reads that need no transaction of their own. Every read names the merchant, and the owner where there is one (I19). */
export interface Reads {
  products(merchantId: string): Promise<Product[]>
  session(merchantId: string, tokenHash: Uint8Array): Promise<Session | undefined>
  order(merchantId: string, userId: string, orderNumber: string): Promise<Order | undefined>
  orderLines(merchantId: string, orderNumber: string): Promise<OrderLine[]>
  orderEvents(merchantId: string, orderNumber: string): Promise<OrderEvent[]>
  ordersOfUser(
    merchantId: string,
    userId: string,
    filter: { status?: OrderStatus; after?: OrderPosition; limit: number },
  ): Promise<OrderPage>
  liveAttempt(merchantId: string, orderNumber: string): Promise<Attempt | undefined>
  /** Whether money for this order waits in suspense. */
  hasSuspendedPayment(merchantId: string, orderNumber: string): Promise<boolean>
}

/** Writes; only inside a transaction. Lock order: order, then attempt, then stock. */
export interface Writes extends Reads {
  /** Locks the order for this transaction. With a `userId` only the owner finds it. */
  lockOrder(merchantId: string, orderNumber: string, userId?: string): Promise<Order | undefined>
  openOrderCount(merchantId: string, userId: string): Promise<number>
  insertOrder(order: Order, lines: OrderLine[], event: NewEvent, nextCheckAt: Date): Promise<void>
  /** Moves the order and writes the event with it (I6). `facts` are set with the status they belong to. */
  moveOrder(order: Order, event: NewEvent, facts?: { payment: PaymentEvidence } | { closedAt: Date }): Promise<void>
  addEvent(order: Order, event: NewEvent): Promise<void>
  /** A payment was begun or given up: the order's looks start anew, the first one then. */
  restartChecks(order: Order, at: Date): Promise<void>

  findAttempt(merchantId: string, outTradeNo: string): Promise<Attempt | undefined>
  attemptCount(merchantId: string, orderNumber: string): Promise<number>
  insertAttempt(attempt: Attempt): Promise<void>
  /** Notes that WeChat is about to be asked for the prepay_id. */
  countCall(attempt: Attempt, at: Date): Promise<void>
  /** Moves the attempt if it is in one of `from`; tells whether it did. */
  moveAttempt(
    attempt: Attempt,
    from: readonly AttemptStatus[],
    to: AttemptStatus,
    prepay?: { prepayId: string; expiresAt: Date },
  ): Promise<boolean>
  /** Moves the attempt to `refused` if its only call was the one that was refused; tells whether it did. */
  refuseAttempt(attempt: Attempt): Promise<boolean>

  /** Keeps what WeChat says was paid; false when this transaction_id is already kept (I9). */
  recordPayment(merchantId: string, payment: PaymentRecord): Promise<boolean>

  /** What WeChat took under this transaction_id, in fen, if we know of it. */
  findPaymentAmount(merchantId: string, transactionId: string): Promise<number | undefined>

  /** Takes pieces out of the free stock; the product as it is sold now, or why not. */
  reserveStock(
    merchantId: string,
    sku: string,
    quantity: number,
  ): Promise<ReservedProduct | { refused: 'product_unknown' | 'out_of_stock' | 'virtual_goods_refused'; name?: string }>
  /** Sells or releases what the order holds. The database refuses a second time (I13). */
  settleStock(merchantId: string, orderNumber: string, outcome: 'sold' | 'released'): Promise<void>

  upsertUser(merchantId: string, appid: string, user: WeChatUser, newUserId: string, at: Date): Promise<string>
  insertSession(session: Session, tokenHash: Uint8Array, at: Date): Promise<void>

  /** The answer kept under this key, after waiting for whoever is at work under it; undefined when the key is free (I20). */
  claimIdempotencyKey(key: IdempotencyKey): Promise<{ requestHash: Uint8Array; answer: unknown } | undefined>
  keepIdempotentAnswer(key: IdempotencyKey, answer: unknown): Promise<void>

  decideInbox(merchantId: string, inboxId: string, decision: InboxDecision): Promise<void>
}

export interface ReservedProduct {
  sku: string
  name: string
  priceFen: Fen
}

export interface IdempotencyKey {
  merchantId: string
  userId: string
  route: string
  key: string
  requestHash: Uint8Array
}

export interface InboxMessage {
  merchantId: string
  inboxId: string
  payApi: PayApi
  receivedAt: Date
  headers: Record<string, string>
  body: Uint8Array
}

/** An open order that this process has claimed, after `checkCount` earlier looks since its payment began. */
export interface ClaimedOrder {
  order: Order
  checkCount: number
  /** Until when it is this process's. */
  leaseUntil: Date
}

export interface Store {
  reads: Reads
  /** Runs `work` in one transaction; on a deadlock or serialization failure the whole unit runs again (F49). */
  transaction<Result>(work: (tx: Writes) => Promise<Result>): Promise<Result>
  /** Notes that a session was used; at most once a minute per session, so that reads stay reads. */
  touchSession(merchantId: string, tokenHash: Uint8Array, at: Date): Promise<void>
  revokeSession(merchantId: string, tokenHash: Uint8Array, at: Date): Promise<void>
  /** Takes open orders whose next look is due, the longest overdue first, and leaves those that another process holds. */
  claimDueOrders(now: Date, leaseUntil: Date, perMerchant: number): Promise<ClaimedOrder[]>
  /** When a claimed order is to be looked at next; nothing when it is final by now, or somebody has set another time. */
  scheduleCheck(claimed: ClaimedOrder, at: Date): Promise<void>
}

export interface StoredProfile {
  nickname: string | undefined
  sealedPhone: Uint8Array | undefined
  avatarId: string | undefined
}

export interface Avatar {
  avatarId: string
  contentType: AvatarType
  content: Uint8Array
}

/** What users tell about themselves. */
export interface ProfileStore {
  find(merchantId: string, userId: string): Promise<StoredProfile | undefined>
  setNickname(merchantId: string, userId: string, nickname: string): Promise<void>
  setPhone(merchantId: string, userId: string, sealedPhone: Uint8Array): Promise<void>
  setAvatar(merchantId: string, userId: string, avatar: Avatar): Promise<void>
  findAvatar(merchantId: string, avatarId: string): Promise<Avatar | undefined>
}

/** Seals what is stored, under the master key. `context` says what it is and whose, and must be the same to open it. */
export interface Secrets {
  seal(context: string, secret: string): Uint8Array
  open(context: string, sealed: Uint8Array): string
}

/** Notifications have connections of their own, so that shoppers cannot keep WeChat waiting (F54). */
export interface NotifyStore {
  keepMessage(message: InboxMessage): Promise<void>
  transaction<Result>(work: (tx: Writes) => Promise<Result>): Promise<Result>
}

/** Merchants, their apps and their keys. */
export interface MerchantDirectory {
  find(merchantId: string): Promise<Merchant | undefined>
  /** The merchant of an app. */
  ofApp(appid: string): Promise<Merchant | undefined>
}
