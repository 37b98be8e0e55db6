import { newTransactionId } from '../engine/orders.ts'
import { alphabets, randomText } from '../engine/random.ts'
import type { Merchant, Notification, Order, Payment } from '../engine/records.ts'
import { v2PaymentNotify } from '../protocol/v2/payment-notify.ts'
import { v3PaymentNotify } from '../protocol/v3/payment-notify.ts'
import { notifyKeyFor, v3SignatureHeaders } from '../protocol/v3/v3-signature.ts'
import type { World } from '../world.ts'
import type { DeliveryFaults } from './delivery-faults.ts'

/** A message ready to be sent. */
export interface Message {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Writes, encrypts and signs a notification afresh, with whatever is to be wrong with it. */
export async function composeMessage(
  world: World,
  notification: Notification,
  order: Order,
  payment: Payment,
  faults: DeliveryFaults,
): Promise<Message> {
  const { merchant, ...content } = contentOf(world, order, payment, faults)
  const forged = faults.has('notify.forged')
  if (order.signType !== 'RSA') {
    const key = forged ? randomText(world.random, alphabets.alphanumeric, 32) : merchant.apiV2Key
    const body = v2PaymentNotify(world.random, content.order, content.payment, order.signType, key)
    return { headers: { 'Content-Type': 'text/xml; charset=utf-8', 'User-Agent': userAgent }, body }
  }
  const body = v3PaymentNotify(world.random, notification, content.order, content.payment, merchant.apiV3Key)
  const key = notifyKeyFor(world, merchant, order.wechatpaySerial)
  const signature = await v3SignatureHeaders(world, key, body, {
    probe: faults.has('notify.sign-probe'),
    wrongKey: forged,
    ageSeconds: Number(faults.option('notify.stale', 'seconds') ?? 0),
  })
  return { headers: { 'Content-Type': 'application/json', Accept: '*/*', 'User-Agent': userAgent, ...signature }, body }
}

const userAgent = 'Mozilla/4.0'

function contentOf(
  world: World,
  order: Order,
  payment: Payment,
  faults: DeliveryFaults,
): { merchant: Merchant; order: Order; payment: Payment } {
  const own = world.books.merchants.get(order.mchid)
  if (!own) throw new Error(`merchant ${order.mchid} of an order is missing`)
  const signedBy = faults.option('notify.wrong-merchant', 'signed_by')
  const other = [...world.books.merchants.values()].find((merchant) => merchant !== own)
  if (signedBy === 'own') return { merchant: own, order: { ...order, mchid: other?.mchid ?? '1900009999' }, payment }
  if (signedBy === 'other' && other) {
    return { merchant: other, order: { ...order, mchid: other.mchid, appid: other.appids[0] ?? order.appid }, payment }
  }
  if (faults.has('notify.unknown-order')) {
    const outTradeNo = randomText(world.random, alphabets.digits, 28)
    const transactionId = newTransactionId(world, world.clock.nowMs())
    return { merchant: own, order: { ...order, outTradeNo }, payment: { ...payment, transactionId } }
  }
  const totalFen = Number(faults.option('notify.amount', 'total') ?? payment.totalFen)
  return { merchant: own, order, payment: { ...payment, totalFen } }
}
