/**
 * What commands need from outside. Order: one purchase. Attempt: one `out_trade_no` at WeChat. Payment: money that
 * WeChat took. Event: one change of an order, ours. Notify: a message of WeChat. Evidence: WeChat's verified word.
 *
 * Three outcomes everywhere: done, definitely not done, unknown. A timeout is unknown, never a failure.
 */
import type { Fen, OrderEvent, OrderStatus, PaymentParameters, Product } from '@fenpay/contract'
import type { Attempt, AttemptStatus, PayApi } from './domain/attempt.ts'
import type { FlagKind, NewFlag } from './domain/flag.ts'
import type { Posting } from './domain/ledger.ts'
import type { Merchant, PaidMessage } from './domain/merchant.ts'
import type { Order, OrderLine } from './domain/order.ts'
import type { DeliveryOutcome, OutboxKind, OutboxStep } from './domain/outbox.ts'
import type { PaymentEvidence, SuspenseReason } from './domain/payment.ts'
import type { AvatarType } from './domain/profile.ts'
import type {
  CorrectionRefusal,
  PaymentBalance,
  Refund,
  RefundEvidence,
  RefundLine,
  RefundStatus,
} from './domain/refund.ts'
import type { RefundRequest } from './domain/refund-request.ts'
import type { Session } from './domain/session.ts'
import type { Shipment, ShippingWay } from './domain/shipment.ts'
import type { WebhookEndpoint, WebhookEvent } from './domain/webhook.ts'

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
  why: 'unreachable' | 'unverified' | 'not_configured'
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
  /** `refunded`: WeChat has given some of it back already, at whoever's word. */
  | { outcome: 'paid'; evidence: PaymentEvidence; refunded: boolean }
  /** `isPaying`: the user is at it at this moment. */
  | { outcome: 'not_paid'; isPaying?: true }
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

export type RefundOutcome =
  /** WeChat has it; whether the money is back is in the evidence. */
  | { outcome: 'known'; evidence: RefundEvidence }
  | { outcome: 'no_funds'; refusal: WeChatRefusal }
  | { outcome: 'refused'; refusal: WeChatRefusal }
  /** The protocol needs a client certificate that the merchant has not configured. */
  | { outcome: 'not_configured' }
  | UnknownOutcome

export type RefundQueryOutcome =
  | { outcome: 'known'; evidence: RefundEvidence }
  | { outcome: 'no_such_refund' }
  | { outcome: 'refused'; refusal: WeChatRefusal }
  | UnknownOutcome

export type RefundListOutcome =
  | { outcome: 'listed'; refunds: RefundEvidence[] }
  /** The protocol has no such list: only notifications and bills tell. */
  | { outcome: 'not_listed' }
  | UnknownOutcome

/** What finds a refund at WeChat. */
export type RefundKey = Pick<Refund, 'merchantId' | 'payApi' | 'appid' | 'outRefundNo'>

/** Reading a notification: the payment it proves, a message of no concern here, or why it is not believed. */
export type NotifyReading =
  | { outcome: 'payment'; evidence: PaymentEvidence }
  /** A refund moved. `signed` is a proof; v2 has none, its message is a reason to ask (A63). */
  | { outcome: 'refund'; mchid: string; signed: boolean; evidence: RefundEvidence }
  | { outcome: 'other'; eventType: string }
  | { outcome: 'refused'; reason: string; outTradeNo?: string; suspected?: 'body_altered' }

/** WeChat Pay as one merchant uses it. Each call may take seconds: never inside a transaction. */
export interface PaymentGateway {
  /** Asks for the attempt's prepay_id; the same attempt always sends the same request. */
  prepay(attempt: Attempt): Promise<PrepayOutcome>
  query(attempt: Attempt): Promise<QueryOutcome>
  close(attempt: Attempt): Promise<CloseOutcome>
  /** Whether the merchant's keys allow refunds over this protocol. */
  canRefund(merchantId: string, payApi: PayApi): Promise<boolean>
  /** Asks WeChat to give money back; the same refund always sends the same request. */
  refund(refund: Refund): Promise<RefundOutcome>
  queryRefund(key: RefundKey): Promise<RefundQueryOutcome>
  /** Every refund of what this attempt was paid with, whoever made it. */
  listRefunds(attempt: Attempt): Promise<RefundListOutcome>
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
  /** The payment that paid this order, with what refunds hold of it. */
  paymentOfOrder(merchantId: string, orderNumber: string): Promise<PaymentBalance | undefined>
  payment(merchantId: string, transactionId: string): Promise<PaymentBalance | undefined>
  /** Oldest first; those of money in suspense, which paid no order, are not the order's. */
  refundsOfOrder(merchantId: string, orderNumber: string): Promise<{ refund: Refund; lines: RefundLine[] }[]>
  findRefund(merchantId: string, outRefundNo: string): Promise<Refund | undefined>
  /** The newest one of the order. */
  refundRequest(merchantId: string, orderNumber: string): Promise<RefundRequest | undefined>
  /** Pieces of each line that no refund holds. */
  refundablePieces(merchantId: string, orderNumber: string): Promise<{ sku: string; priceFen: Fen; quantity: number }[]>
}

/** Writes; only inside a transaction. Lock order: order, then payment, then attempt, refund, stock. */
export interface Writes extends Reads, OutboxWrites {
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

  /** Locks what one payment took and what refunds hold of it. */
  lockPayment(merchantId: string, transactionId: string): Promise<PaymentBalance | undefined>
  /** The database books what it holds, and refuses what is more than was paid (I10). */
  insertRefund(refund: Refund, lines: RefundLine[], nextCheckAt: Date | undefined): Promise<void>
  lockRefund(merchantId: string, outRefundNo: string): Promise<Refund | undefined>
  /** The other refunds of the same payment. */
  otherRefunds(refund: Refund): Promise<Refund[]>
  /** Notes that WeChat is about to be asked for it. */
  countRefundCall(refund: Refund, at: Date): Promise<void>
  /** Keeps what WeChat said when it refused a call that may not have been the only one. */
  noteRefusal(refund: Refund, refusal: WeChatRefusal): Promise<void>
  /** Keeps why there was no usable answer once more. */
  noteProblem(refund: Refund, problem: string): Promise<void>
  /** Keeps who wants a failed refund put right, and has it looked at; nothing when somebody does already. */
  wishCorrection(refund: Refund, by: string, at: Date): Promise<void>
  /** Ends that wish without a change. */
  refuseCorrection(refund: Refund, refusal: { code: CorrectionRefusal; message: string }): Promise<void>
  /** Moves the refund; its looks start anew. `nextCheckAt` is undefined when it is final. */
  moveRefund(refund: Refund, move: RefundMove): Promise<void>
  /** Writes a posting; false when this fact is posted already (I9). */
  post(merchantId: string, posting: Posting, at: Date): Promise<boolean>
  /** Raises a flag; false when the same fact has an open one. */
  insertFlag(merchantId: string, flagId: string, flag: NewFlag, at: Date): Promise<boolean>
  /** Settles the open flag of this fact, if there is one; `note` says how it ended. */
  resolveFlag(
    merchantId: string,
    kind: FlagKind,
    subjectId: string,
    by: string,
    note: string,
    at: Date,
  ): Promise<boolean>
  /** Settles the open flags about shippings of this order that were given up. */
  resolveDeadShipping(merchantId: string, orderNumber: string, note: string, at: Date): Promise<void>
  insertRefundRequest(request: RefundRequest): Promise<void>
  /** Answers the open request of the order. */
  answerRefundRequest(request: RefundRequest): Promise<void>

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

/** Why a message is not believed, and what number it spoke of, where that could be read. */
export interface Refused {
  reason: string
  outTradeNo?: string | undefined
  at: Date
}

/** An open order that this process has claimed, after `checkCount` earlier looks since its payment began. */
export interface ClaimedOrder {
  order: Order
  checkCount: number
  /** Until when it is this process's. */
  leaseUntil: Date
}

/** Where a refund goes, and what became known with it. */
export interface RefundMove {
  to: RefundStatus
  at: Date
  nextCheckAt: Date | undefined
  evidence?: RefundEvidence
  refusal?: WeChatRefusal
  /** Why there was no usable answer. */
  problem?: string
}

/** A refund without a result that this process has claimed, after `checkCount` looks in its status. */
export interface ClaimedRefund {
  refund: Refund
  checkCount: number
  leaseUntil: Date
}

/** A refund made outside that is flagged and not recorded here; without its number where WeChat told of the payment alone. */
export interface UntoldRefund {
  merchantId: string
  payApi: PayApi
  appid: string
  transactionId: string
  outTradeNo: string
  outRefundNo: string | undefined
}

export interface OverdueFact {
  merchantId: string
  flag: NewFlag
}

/** An invariant of the database that does not hold, with the rows that show it. */
export interface BrokenInvariant {
  /** Its id, `I1` and so on. */
  id: string
  /** The sentence that is not true. */
  what: string
  rows: unknown[]
}

export interface Store extends OutboxStore {
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
  /** The same for refunds. */
  claimDueRefunds(now: Date, leaseUntil: Date, perMerchant: number): Promise<ClaimedRefund[]>
  scheduleRefundCheck(claimed: ClaimedRefund, at: Date): Promise<void>
  /** Refunds made outside whose flag is open and which are not recorded, the newest, a few at a time (F19, F76). */
  untoldRefunds(): Promise<UntoldRefund[]>
  /** What is overdue at `now` and has no open flag yet (P5, P6, I21). */
  findOverdue(now: Date): Promise<OverdueFact[]>
  /** Settles the flags of what was overdue and has been decided since. */
  settleDecidedFlags(now: Date): Promise<void>
  /** Brings every later look and try nearer by `byMs`, at most to now: the clock was put back by so much. */
  shiftSchedules(now: Date, byMs: number): Promise<void>
  /** Brings to now the looks that a clock of before, which was ahead, put farther away than any schedule does. */
  recallStrays(now: Date): Promise<void>
  /** Deletes what is past its time: refused messages, kept answers, ended sessions. @returns whether more is left */
  forgetOld(now: Date): Promise<boolean>
  /** Runs every invariant on one snapshot; nothing when all is well. */
  brokenInvariants(): Promise<BrokenInvariant[]>
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
  /** Keeps a trace of a message that is not believed, and so many of them a minute that nobody fills the disk (A56). */
  keepRefused(message: InboxMessage, refusal: Refused): Promise<void>
  transaction<Result>(work: (tx: Writes) => Promise<Result>): Promise<Result>
}

/** WeChat's certificate, which verifies what it signs. */
export interface PlatformCertificate {
  serialNo: string
  certificate: string
}

/** The platform certificates that were last downloaded and verified, so that a start does not need WeChat for them (F35). */
export interface PlatformCertificates {
  find(merchantId: string): Promise<PlatformCertificate[]>
  /** Keeps these in place of the earlier ones. */
  replace(merchantId: string, certificates: readonly PlatformCertificate[]): Promise<void>
}

/** Something about a merchant's keys that a person must know, or that it is over. */
export interface KeyAlarm {
  kind: 'merchant_key_refused' | 'platform_key_expiring'
  /** The protocol of the key: each has its own. */
  key: PayApi
  isOn: boolean
  evidence: Record<string, string | number>
}

/** Merchants, their apps and their keys. */
export interface MerchantDirectory {
  find(merchantId: string): Promise<Merchant | undefined>
  /** The merchant of an app. */
  ofApp(appid: string): Promise<Merchant | undefined>
}

// --- the outbox -----------------------------------------------------------------------------------------------------

/** Something to tell after the commit. `onceKey` is what makes it the same one: a second of it is not written (I15). */
export interface OutboxItem {
  merchantId: string
  outboxId: string
  kind: OutboxKind
  onceKey: string
  orderNumber: string | undefined
  payload: OutboxPayload
  createdAt: Date
  /** When it is first tried. */
  nextAt: Date
}

/** Plain JSON, decided when the item is written; a webhook's is the body that the receiver reads. */
export type OutboxPayload = { [name: string]: JsonValue }
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

/** An item that this process works on, on its try number `attempts`. */
export interface ClaimedOutbox extends OutboxItem {
  attempts: number
  /** A try before this one ended without a result: it may have arrived. */
  wasInFlight: boolean
  leaseUntil: Date
}

/** Who wants to hear of an event of a merchant, and of an order made in `appid`. */
export interface Audience {
  endpointIds: string[]
  /** Whether WeChat has to be told of shipping. */
  shippingManagement: boolean
  paidMessage: PaidMessage | undefined
}

export interface OutboxWrites {
  /** Writes it, and wakes a worker after the commit; false when it was written before. */
  addOutbox(item: OutboxItem): Promise<boolean>
  /** Ends the try. False when the item is somebody else's by now: then nothing of this try may be written (F64). */
  endOutboxTry(claimed: ClaimedOutbox, step: OutboxStep, at: Date): Promise<boolean>
  /** An item that was given up, or a webhook that arrived, is tried anew; false when there is none. */
  restartOutbox(merchantId: string, outboxId: string, at: Date): Promise<boolean>
  audience(merchantId: string, appid: string | undefined, event: WebhookEvent): Promise<Audience>

  findShipment(merchantId: string, orderNumber: string): Promise<Shipment | undefined>
  /** Records it; one that WeChat refused is recorded anew. */
  saveShipment(shipment: Shipment): Promise<void>
  /** Whether refunds have given back, or hold, everything that was paid for the order. */
  isFullyRefunded(merchantId: string, orderNumber: string): Promise<boolean>

  /** Whether a message with this key had its effect before. */
  wasPushed(merchantId: string, appid: string, dedupeKey: string): Promise<boolean>
  decidePush(merchantId: string, inboxId: string, decision: PushDecision): Promise<void>

  /** Adds it, or changes nothing where another one has its address; gives whichever has the address now. */
  insertEndpoint(endpoint: SealedEndpoint): Promise<SealedEndpoint>
  lockEndpoint(merchantId: string, endpointId: string): Promise<SealedEndpoint | undefined>
  saveEndpoint(endpoint: SealedEndpoint): Promise<void>
  logDelivery(delivery: WebhookDelivery): Promise<void>
}

export interface OutboxStore {
  /**
   * Keeps what is due from others until then: what a user waits for first and the newest of it, then the longest overdue;
   * so many of each merchant (F66). Each is claimed as its turn comes.
   */
  holdDueOutbox(now: Date, until: Date, perMerchant: number): Promise<OutboxItem[]>
  /** Begins a try of this one if it is due by then. */
  claimOutbox(merchantId: string, outboxId: string, dueBy: Date, leaseUntil: Date): Promise<ClaimedOutbox | undefined>
  keepPush(message: PushInboxMessage): Promise<void>
  /** As {@link NotifyStore.keepRefused}. */
  keepRefusedPush(message: PushInboxMessage, refusal: Refused): Promise<void>
  /** Oldest first, without those that were removed. */
  endpoints(merchantId: string): Promise<WebhookEndpoint[]>
  endpoint(merchantId: string, endpointId: string): Promise<SealedEndpoint | undefined>
  /** Newest first; `failed`: only those that did not arrive. */
  deliveries(
    merchantId: string,
    filter: { endpointId?: string; failed: boolean; limit: number },
  ): Promise<WebhookDelivery[]>
  /** What the metrics tell, as of `now`. */
  readings(now: Date): Promise<Readings>
}

export interface PushInboxMessage {
  merchantId: string
  appid: string
  inboxId: string
  receivedAt: Date
  query: Record<string, string>
  contentType: string
  body: Uint8Array
}

export interface PushDecision {
  verdict: 'applied' | 'repeated' | 'ignored'
  event: string
  dedupeKey: string
  at: Date
}

/** An endpoint with its secrets, the JSON of `WebhookSecret[]`, sealed. */
export interface SealedEndpoint extends WebhookEndpoint {
  sealedSecrets: Uint8Array
}

/** One try to tell an endpoint. */
export interface WebhookDelivery {
  merchantId: string
  outboxId: string
  endpointId: string
  event?: string
  at: Date
  /** The HTTP status, when there was an answer. */
  status: number | undefined
  durationMs: number
  error: string | undefined
}

export interface Readings {
  oldestUndecidedSeconds: number
  unknownOperations: number
  openFlags: { kind: string; count: number }[]
  outbox: { kind: string; pending: number; dead: number; oldestDueSeconds: number }[]
  /** In the last hour. */
  refusedNotifies: { reason: string; count: number }[]
  /** In the last hour: how many by each source, and how long after WeChat's success_time they were known here. */
  payments: { source: string; count: number; secondsMedian: number; secondsMax: number }[]
}

/** An order's shipping, as it is told to WeChat. */
export interface ShippingNotice {
  merchantId: string
  appid: string
  openid: string
  transactionId: string
  how: ShippingWay
  company: string | undefined
  trackingNo: string | undefined
  contact: string | undefined
  itemDescription: string
  /** The moment the goods were handed over. */
  at: Date
}

export interface ShippingGateway {
  /**
   * Tells WeChat. With `mayHaveArrived` it first looks whether WeChat has it: to tell it twice uses up the order's only
   * change of shipping.
   */
  upload(notice: ShippingNotice, mayHaveArrived: boolean): Promise<DeliveryOutcome>
}

export interface MessageGateway {
  /** Sends a subscribe message. A second call sends a second message. */
  send(message: {
    merchantId: string
    appid: string
    openid: string
    templateId: string
    /** The text of each key, not yet fitted to the key's rule. */
    values: Record<string, string>
  }): Promise<DeliveryOutcome>
}

/** What a message push tells that concerns us. */
export type PushFact =
  | { fact: 'shipping_wanted'; transactionId: string }
  | {
      fact: 'settlement'
      transactionId: string
      shippedAt: Date | undefined
      confirmedAt: Date | undefined
      settledAt: Date | undefined
    }
  /** The mini program has to join shipping management, or is restricted until it does. */
  | { fact: 'management_wanted'; text: string }

export type PushReading =
  | { outcome: 'message'; event: string; dedupeKey: string; fact: PushFact | undefined }
  | { outcome: 'refused'; reason: string }

export interface PushGateway {
  /** The text to answer to WeChat's check of the address; undefined when it is not WeChat who asks. */
  verifyUrl(merchantId: string, appid: string, query: Record<string, string>): Promise<string | undefined>
  read(message: PushInboxMessage): Promise<PushReading>
}

/** Posts to the merchant's own systems. */
export interface WebhookPoster {
  post(
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<{ status: number; durationMs: number } | { error: string; durationMs: number }>
}
