import type { PhoneMessage, Push, ShippingOrder } from '../engine/after-payment-records.ts'
import { toRfc3339 } from '../engine/beijing-time.ts'
import { shippingStateOf } from '../engine/shipping-order.ts'
import type { World } from '../world.ts'
import type { Control, ControlAnswer } from './control.ts'

/** GET /_sim/messages `?appid=&user=`: what the user's phone shows under service notifications, oldest first. */
export function listMessages({ world, call }: Control): ControlAnswer {
  const appid = call.query.get('appid')
  const user = call.query.get('user')
  const messages = [...world.books.messages.values()].filter(
    (message) =>
      (appid === null || message.appid === appid) &&
      (user === null || world.books.accounts.find(message.openid)?.user === user),
  )
  return { body: { messages: messages.map((message) => describeMessage(world, message)) } }
}

/** A message as the books and the phone show it. */
export const describeMessage = ({ books }: World, message: PhoneMessage): object => ({
  msg_id: message.id,
  appid: message.appid,
  user: books.accounts.find(message.openid)?.user,
  openid: message.openid,
  at: toRfc3339(message.atMs),
  kind: message.kind,
  title: message.title,
  data: message.data,
  page: message.page,
  template_id: message.templateId,
  miniprogram_state: message.miniprogramState,
  lang: message.lang,
})

/** A shipping order as the books show it. */
export const describeShippingOrder = (world: World, order: ShippingOrder): object => ({
  mchid: order.mchid,
  appid: order.appid,
  out_trade_no: order.outTradeNo,
  transaction_id: order.transactionId,
  openid: order.openid,
  order_state: shippingStateOf(world, order),
  in_complaint: order.inComplaint,
  special: order.special,
  known_at: toRfc3339(order.knownAtMs),
  ship_by: toRfc3339(order.shipByMs),
  logistics_type: order.shipping?.logisticsType,
  delivery_mode: order.shipping?.deliveryMode,
  finish_shipping_count: order.finishCount,
  shipping_list: (order.shipping?.parcels ?? []).map((parcel) => ({
    tracking_no: parcel.trackingNo,
    express_company: parcel.expressCompany,
    item_desc: parcel.itemDesc,
  })),
  shipped_at: timeOrNothing(order.shipping?.finishedAtMs),
  confirmed_at: timeOrNothing(order.confirmed?.atMs),
  confirm_method: order.confirmed?.method,
  settled_at: timeOrNothing(order.settledAtMs),
})

/** A message push and its tries as the books show it. */
export const describePush = (push: Push): object => ({
  appid: push.appid,
  event: push.event,
  from_user: push.fromUser,
  create_time: push.createTime,
  fields: push.fields,
  due_at: timeOrNothing(push.dueAtMs),
  deliveries: push.deliveries.map(({ atMs, outcome, status, detail, faults }) => ({
    at: toRfc3339(atMs),
    outcome,
    status,
    detail,
    faults,
  })),
})

const timeOrNothing = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : toRfc3339(ms))
