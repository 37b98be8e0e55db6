import { toRfc3339 } from '../engine/beijing-time.ts'
import { tradeStateOf } from '../engine/orders.ts'
import type { Delivery, Notification, Order } from '../engine/records.ts'
import type { Control, ControlAnswer } from './control.ts'
import { describeMessage, describePush, describeShippingOrder } from './messages.ts'
import { describeBalance, describeRefundRow } from './refunds.ts'

/** GET /_sim/books `?mchid=&out_trade_no=`: what WeChat knows. `calls` count since the process started. */
export function readBooks({ world, call }: Control): ControlAnswer {
  const mchid = call.query.get('mchid')
  const outTradeNo = call.query.get('out_trade_no')
  const wanted = (row: { mchid: string; outTradeNo: string }): boolean =>
    (mchid === null || row.mchid === mchid) && (outTradeNo === null || row.outTradeNo === outTradeNo)
  const orders = [...world.books.orders.values()].filter(wanted)
  const nowMs = world.clock.nowMs()
  return {
    body: {
      orders: orders.map((order) => describeOrder(order, nowMs)),
      payments: orders.flatMap(describePayment),
      notifications: [...world.books.notifications.values()].filter(wanted).map(describeNotification),
      shipping_orders: [...world.books.shippingOrders.values()]
        .filter(wanted)
        .map((order) => describeShippingOrder(world, order)),
      messages: [...world.books.messages.values()].map((message) => describeMessage(world, message)),
      pushes: [...world.books.pushes.values()].map(describePush),
      refunds: [...world.books.refunds.values()].filter(wanted).map((refund) => describeRefundRow(world, refund)),
      balances: [...world.books.merchants.values()]
        .map((merchant) => merchant.mchid)
        .filter((one) => mchid === null || one === mchid)
        .map((one) => describeBalance(world, one)),
      calls: [...world.callCounts.values()]
        .map((row) => ({ ...row, outTradeNo: row.number }))
        .filter(wanted)
        .map((row) => ({ mchid: row.mchid, out_trade_no: row.outTradeNo, counts: Object.fromEntries(row.counts) })),
      refund_calls: [...world.refundCallCounts.values()]
        .filter((row) => mchid === null || row.mchid === mchid)
        .map((row) => ({ mchid: row.mchid, out_refund_no: row.number, counts: Object.fromEntries(row.counts) })),
    },
  }
}

const describeOrder = (order: Order, nowMs: number): object => ({
  mchid: order.mchid,
  appid: order.appid,
  out_trade_no: order.outTradeNo,
  trade_state: tradeStateOf(order, nowMs),
  total: order.totalFen,
  openid: order.openid,
  description: order.description,
  attach: order.attach,
  sign_type: order.signType,
  notify_url: order.notifyUrl,
  prepay_id: order.prepayId,
  transaction_id: order.payment?.transactionId,
  created_at: toRfc3339(order.createdAtMs),
  expires_at: toRfc3339(order.expiresAtMs),
  closed_at: order.closedAtMs === undefined ? undefined : toRfc3339(order.closedAtMs),
})

const describePayment = ({ mchid, outTradeNo, payment }: Order): object[] =>
  payment === undefined
    ? []
    : [
        {
          mchid,
          out_trade_no: outTradeNo,
          transaction_id: payment.transactionId,
          total: payment.totalFen,
          openid: payment.openid,
          success_time: toRfc3339(payment.paidAtMs),
        },
      ]

const describeNotification = (notification: Notification): object => ({
  id: notification.id,
  mchid: notification.mchid,
  out_trade_no: notification.outTradeNo,
  about: notification.refund ? 'refund' : 'payment',
  out_refund_no: notification.refund?.outRefundNo,
  notify_url: notification.url,
  due_at: notification.dueAtMs === undefined ? undefined : toRfc3339(notification.dueAtMs),
  deliveries: notification.deliveries.map(describeDelivery),
})

const describeDelivery = ({ atMs, wallAtMs, outcome, status, detail, faults }: Delivery): object => ({
  at: toRfc3339(atMs),
  wall_at: toRfc3339(wallAtMs),
  outcome,
  status,
  detail,
  faults,
})
