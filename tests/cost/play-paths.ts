import { randomUUID } from 'node:crypto'
import { until } from '../../scripts/until.ts'
import { appidOf, type Shop, Shopper } from '../support/shop.ts'
import type { BehindTheServer } from './behind-the-server.ts'

/** Does a piece of work that is called by this name, and measures it. */
export type Measured = <Result>(path: string, work: () => Promise<Result>) => Promise<Result>

export interface Stage {
  shop: Shop
  behind: BehindTheServer
  /** Lets time pass for the shop, which has no clock but this. */
  pass(seconds: number): void
}

/** Plays every path that is taken often, once, with nothing else going on. */
export async function playPaths(stage: Stage, measured: Measured): Promise<void> {
  const shopper = await playRequests(stage, measured)
  await playMoneyWithoutRequest(stage, shopper, measured)
  const paid = await playNotification(stage, shopper, measured)
  await playRefund(stage, paid, measured)
}

async function playRequests({ shop }: Stage, measured: Measured): Promise<Shopper> {
  const { code } = await shop.wechat.login(appidOf(shop.config), 'who is measured')
  await measured('login', () => shop.api.login({ code }))
  const shopper = await Shopper.arrive(shop)
  const { api, token } = shopper
  const line = (sku: string) => ({ sku, quantity: 1 })
  await measured('submit an order of one line', () => shopper.order())
  await measured('submit an order of two lines', () =>
    api.submitOrder(token, { items: [line('beef-noodles'), line('wonton-soup')] }),
  )
  const key = randomUUID()
  const keyed = () => api.submitOrder(token, { items: [line('wonton-soup')] }, key)
  await measured('submit with an Idempotency-Key', keyed)
  await measured('submit with that key again', keyed)
  const orderNumber = await shopper.order()
  await measured('prepay', () => shopper.prepay(orderNumber))
  const pay = await measured('prepay again', () => shopper.prepay(orderNumber))
  await measured('check, not paid yet', () => shopper.check(orderNumber))
  await payUntold(shop, () => shopper.pay(pay), orderNumber)
  await measured('check, paid', () => shopper.check(orderNumber))
  await measured('check, settled before', () => shopper.check(orderNumber))
  await measured('show an order', () => shopper.show(orderNumber))
  await measured('list orders', () => api.myOrders(token))
  await deliver(shop, orderNumber)
  return shopper
}

/** What the sweeps do for a payment that nobody tells of. */
async function playMoneyWithoutRequest(stage: Stage, shopper: Shopper, measured: Measured): Promise<void> {
  const { shop, behind, pass } = stage
  await measured('one round of the three sweeps, nothing due', async () => {
    await behind.sweepOrders()
    await behind.sweepRefunds()
    await behind.sweepOutbox()
  })
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  pass(5)
  await measured('sweep of one open order, not paid yet', behind.sweepOrders)
  await payUntold(shop, () => shopper.pay(pay), orderNumber)
  pass(5)
  await measured('sweep of one open order, paid', behind.sweepOrders)
  await deliver(shop, orderNumber)
}

async function playNotification({ shop }: Stage, shopper: Shopper, measured: Measured): Promise<string> {
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  await payUntold(shop, () => shopper.pay(pay), orderNumber)
  await measured('notification of a payment', () => deliver(shop, orderNumber))
  await measured('the same notification again', () => deliver(shop, orderNumber))
  return orderNumber
}

async function playRefund({ shop, behind }: Stage, orderNumber: string, measured: Measured): Promise<void> {
  await measured('refund, decided', () => behind.refundAll(orderNumber))
  await measured('refund, sent', behind.sweepRefunds)
  const [refund] = await shop.sql<{ out_refund_no: string }[]>`
    select out_refund_no from refunds where order_number = ${orderNumber}`
  // The money arrives by WeChat's clock; what it tells of that at once is dropped.
  await shop.wechat.fault('notify.drop', { match: { about: 'refund' } })
  await shop.wechat.advance(5)
  await measured('notification of a refund', () => deliver(shop, orderNumber, refund?.out_refund_no))
  await measured('that notification again', () => deliver(shop, orderNumber, refund?.out_refund_no))
}

/** WeChat has the money; its first notification is dropped, and it is known to have been. */
async function payUntold(shop: Shop, pay: () => Promise<unknown>, orderNumber: string): Promise<void> {
  await shop.wechat.fault('notify.drop')
  await pay()
  const path = `/_sim/books?out_trade_no=${await outTradeNoOf(shop, orderNumber)}`
  await until('the first notification is dropped', async () => {
    const { notifications } = await shop.wechat.control<{ notifications: { deliveries: unknown[] }[] }>(path)
    return notifications.some(({ deliveries }) => deliveries.length > 0)
  })
}

/** WeChat tells of a payment, or of a refund, now. */
async function deliver(shop: Shop, orderNumber: string, outRefundNo?: string): Promise<void> {
  const { outcome } = await shop.wechat.control<{ outcome: string }>('/_sim/notify/resend', {
    out_trade_no: await outTradeNoOf(shop, orderNumber),
    ...(outRefundNo === undefined ? {} : { out_refund_no: outRefundNo }),
  })
  if (outcome !== 'acknowledged') throw new Error(`the notification was ${outcome}`)
}

async function outTradeNoOf({ sql }: Shop, orderNumber: string): Promise<string> {
  const [attempt] = await sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  return attempt?.out_trade_no ?? ''
}
