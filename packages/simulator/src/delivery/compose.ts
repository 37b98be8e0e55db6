import { newTransactionId } from '../engine/orders.ts'
import { alphabets, randomText } from '../engine/random.ts'
import type { Merchant, Notification, Order, Payment, Refund } from '../engine/records.ts'
import { newRefundId } from '../engine/refunds.ts'
import { v2PaymentNotify } from '../protocol/v2/payment-notify.ts'
import { v2RefundNotify } from '../protocol/v2/refund-notify.ts'
import { type NotifyContent, v3NotifyBody } from '../protocol/v3/notify-envelope.ts'
import { v3PaymentNotify } from '../protocol/v3/payment-notify.ts'
import { v3RefundNotify } from '../protocol/v3/refund-notify.ts'
import { notifyKeyFor, v3SignatureHeaders } from '../protocol/v3/v3-signature.ts'
import type { World } from '../world.ts'
import type { DeliveryFaults } from './delivery-faults.ts'

/** A message ready to be sent. */
export interface Message {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A notification with what it tells of. */
export interface Subject {
  readonly notification: Notification
  readonly order: Order
  readonly payment: Payment
  /** As it was when the notification was made. */
  readonly refund?: Refund
}

/** Finds what a notification is about; `undefined` when the books do not have it. */
export function subjectOfNotification({ books }: World, notification: Notification): Subject | undefined {
  const { mchid, outTradeNo, refund: about, createdAtMs } = notification
  const order = books.orders.get(mchid, outTradeNo)
  if (!order?.payment) return undefined
  if (!about) return { notification, order, payment: order.payment }
  const refund = books.refunds.get(mchid, about.outRefundNo)
  if (!refund) return undefined
  const { successAtMs: _, ...rest } = refund
  const then = { ...rest, status: about.status, ...(about.status === 'SUCCESS' ? { successAtMs: createdAtMs } : {}) }
  return { notification, order, payment: order.payment, refund: then }
}

/** Which protocol a notification speaks: that of the order, or of the refund. */
export const formOf = ({ notification, order }: Subject): 'v2' | 'v3' =>
  notification.refund?.form ?? (order.signType === 'RSA' ? 'v3' : 'v2')

/** Writes, encrypts and signs a notification afresh, with whatever is to be wrong with it. */
export async function composeMessage(world: World, genuine: Subject, faults: DeliveryFaults): Promise<Message> {
  const { merchant, ...subject } = shapeContent(world, genuine, faults)
  if (formOf(genuine) === 'v2') {
    const key = faults.has('notify.forged') ? randomText(world.random, alphabets.alphanumeric, 32) : merchant.apiV2Key
    const headers = { 'Content-Type': 'text/xml; charset=utf-8', 'User-Agent': userAgent }
    return { headers, body: v2Body(world, subject, key) }
  }
  const { order, payment, refund, notification } = subject
  const content: NotifyContent = refund ? v3RefundNotify(refund) : v3PaymentNotify(order, payment)
  const body = v3NotifyBody(world.random, notification, content, merchant.apiV3Key)
  const asked = refund ? refund.wechatpaySerial : order.wechatpaySerial
  const signature = await v3SignatureHeaders(world, notifyKeyFor(world, merchant, asked), body, {
    probe: faults.has('notify.sign-probe'),
    wrongKey: faults.has('notify.forged'),
    ageSeconds: Number(faults.option('notify.stale', 'seconds') ?? 0),
  })
  return {
    headers: { 'Content-Type': 'application/json', Accept: '*/*', 'User-Agent': userAgent, ...signature },
    body: faults.has('notify.rewritten') ? JSON.stringify(JSON.parse(body), null, 2) : body,
  }
}

const userAgent = 'Mozilla/4.0'

function v2Body({ random }: World, { order, payment, refund }: Subject, key: string): string {
  if (refund) return v2RefundNotify(random, order, refund, key)
  return v2PaymentNotify(random, order, payment, order.signType === 'HMAC-SHA256' ? 'HMAC-SHA256' : 'MD5', key)
}

/** What the message says, and with whose keys: the genuine subject unless a fault wants another one. */
function shapeContent(
  world: World,
  genuine: Subject,
  faults: DeliveryFaults,
): Subject & { readonly merchant: Merchant } {
  const own = world.books.merchants.get(genuine.order.mchid)
  if (!own) throw new Error(`merchant ${genuine.order.mchid} of an order is missing`)
  const signedBy = faults.option('notify.wrong-merchant', 'signed_by')
  const other = [...world.books.merchants.values()].find((merchant) => merchant !== own)
  if (signedBy === 'own') return { merchant: own, ...ofMerchant(genuine, other?.mchid ?? '1900009999') }
  if (signedBy === 'other' && other) {
    const { order, ...rest } = ofMerchant(genuine, other.mchid)
    return { merchant: other, ...rest, order: { ...order, appid: other.appids[0] ?? order.appid } }
  }
  if (faults.has('notify.unknown-order')) return { merchant: own, ...unknownSubject(world, genuine) }
  const wrongFen = faults.option('notify.amount', 'total')
  return { merchant: own, ...(wrongFen === undefined ? genuine : ofAmount(genuine, Number(wrongFen))) }
}

const ofMerchant = (subject: Subject, mchid: string): Subject => ({
  ...subject,
  order: { ...subject.order, mchid },
  ...(subject.refund ? { refund: { ...subject.refund, mchid } } : {}),
})

const ofAmount = (subject: Subject, fen: number): Subject =>
  subject.refund
    ? { ...subject, refund: { ...subject.refund, refundFen: fen } }
    : { ...subject, payment: { ...subject.payment, totalFen: fen } }

function unknownSubject(world: World, subject: Subject): Subject {
  const { random, clock } = world
  const nowMs = clock.nowMs()
  const outTradeNo = randomText(random, alphabets.digits, 28)
  const transactionId = newTransactionId(world, nowMs)
  const numbers = { outTradeNo, transactionId }
  return {
    ...subject,
    order: { ...subject.order, outTradeNo },
    payment: { ...subject.payment, transactionId },
    ...(subject.refund
      ? {
          refund: {
            ...subject.refund,
            ...numbers,
            outRefundNo: randomText(random, alphabets.digits, 28),
            refundId: newRefundId(world, nowMs),
          },
        }
      : {}),
  }
}
