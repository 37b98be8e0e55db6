/** The pushed events that matter to payments, in WeChat's spelling. See after-payment, sections 1.13 and 2.3. */
import { withoutUndefined } from '../wire/without-undefined.ts'
import type { PushMessage } from './message-push.ts'
import { PushReader } from './push-fields.ts'

/** Names the order of a `trade_manage_…` event. Times are in seconds since the epoch. */
export interface PushedOrder {
  transaction_id: string
  merchant_id: string
  sub_merchant_id?: string
  merchant_trade_no: string
  pay_time?: number
}

/** Shipping management must be joined; comes daily until something was shipped. */
export interface RemindAccessEvent {
  event: 'trade_manage_remind_access_api'
  msg?: string
}

/** An order was not shipped for 48 hours. */
export interface RemindShippingEvent extends PushedOrder {
  event: 'trade_manage_remind_shipping'
  msg?: string
}

/** Comes when an order is shipped completely, with `estimated_settlement_time`, and again with `settlement_time`. */
export interface OrderSettlementEvent extends PushedOrder {
  event: 'trade_manage_order_settlement'
  shipped_time?: number
  estimated_settlement_time?: number
  /** By the documents 1 automatic, 2 by the user; reported the other way round too: decide nothing by it. */
  confirm_receive_method?: number
  confirm_receive_time?: number
  settlement_time?: number
}

/** Payment is restricted until the Mini Program joins shipping management. */
export interface TradeControlledEvent {
  event: 'wxa_trade_controlled'
  msg?: string
}

/** A user answered wx.requestSubscribeMessage. `SubscribeStatusString` is `accept` or `reject`. */
export interface SubscribePopupEvent {
  event: 'subscribe_msg_popup_event'
  list: Array<{ TemplateId: string; SubscribeStatusString: string; PopupScene?: string }>
}

/** A user changed a subscription later; WeChat tells of `reject` only. */
export interface SubscribeChangeEvent {
  event: 'subscribe_msg_change_event'
  list: Array<{ TemplateId: string; SubscribeStatusString: string }>
}

/** What became of sent messages; failures only of WeChat's own system. */
export interface SubscribeSentEvent {
  event: 'subscribe_msg_sent_event'
  list: Array<{ TemplateId: string; MsgID?: string; ErrorCode?: string; ErrorStatus?: string }>
}

/** A user took back an authorisation: data got by it must be deleted. */
export interface AuthorizationRevokeEvent {
  event: 'user_authorization_revoke'
  OpenID: string
  UnionID?: string
  AppID?: string
  /** What was taken back: 6 nickname and avatar, 8 telephone number, …; see miniprogram-login, section 10. */
  RevokeInfo: string
  PluginID?: string
  OpenPID?: string
}

export type PushEvent =
  | RemindAccessEvent
  | RemindShippingEvent
  | OrderSettlementEvent
  | TradeControlledEvent
  | SubscribePopupEvent
  | SubscribeChangeEvent
  | SubscribeSentEvent
  | AuthorizationRevokeEvent

const readers: Readonly<Record<PushEvent['event'], (fields: PushReader) => PushEvent>> = {
  trade_manage_remind_access_api: (fields) => ({ event: 'trade_manage_remind_access_api', ...msg(fields) }),
  trade_manage_remind_shipping: (fields) => ({
    event: 'trade_manage_remind_shipping',
    ...pushedOrder(fields),
    ...msg(fields),
  }),
  trade_manage_order_settlement: (fields) =>
    withoutUndefined<OrderSettlementEvent>({
      event: 'trade_manage_order_settlement',
      sub_merchant_id: undefined,
      pay_time: undefined,
      ...pushedOrder(fields),
      shipped_time: fields.optionalSeconds('shipped_time'),
      estimated_settlement_time: fields.optionalSeconds('estimated_settlement_time'),
      confirm_receive_method: fields.optionalInteger('confirm_receive_method'),
      confirm_receive_time: fields.optionalSeconds('confirm_receive_time'),
      settlement_time: fields.optionalSeconds('settlement_time'),
    }),
  wxa_trade_controlled: (fields) => ({ event: 'wxa_trade_controlled', ...msg(fields) }),
  subscribe_msg_popup_event: (fields) => ({
    event: 'subscribe_msg_popup_event',
    list: listIn(fields, 'SubscribeMsgPopupEvent').map((item) =>
      withoutUndefined<SubscribePopupEvent['list'][number]>({
        TemplateId: item.text('TemplateId'),
        SubscribeStatusString: item.text('SubscribeStatusString'),
        PopupScene: item.optionalText('PopupScene'),
      }),
    ),
  }),
  subscribe_msg_change_event: (fields) => ({
    event: 'subscribe_msg_change_event',
    list: listIn(fields, 'SubscribeMsgChangeEvent').map((item) => ({
      TemplateId: item.text('TemplateId'),
      SubscribeStatusString: item.text('SubscribeStatusString'),
    })),
  }),
  subscribe_msg_sent_event: (fields) => ({
    event: 'subscribe_msg_sent_event',
    list: listIn(fields, 'SubscribeMsgSentEvent').map((item) =>
      withoutUndefined<SubscribeSentEvent['list'][number]>({
        TemplateId: item.text('TemplateId'),
        MsgID: item.optionalText('MsgID'),
        ErrorCode: item.optionalText('ErrorCode'),
        ErrorStatus: item.optionalText('ErrorStatus'),
      }),
    ),
  }),
  user_authorization_revoke: (fields) =>
    withoutUndefined<AuthorizationRevokeEvent>({
      event: 'user_authorization_revoke',
      OpenID: fields.text('OpenID'),
      UnionID: fields.optionalText('UnionID'),
      AppID: fields.optionalText('AppID'),
      RevokeInfo: fields.text('RevokeInfo'),
      PluginID: fields.optionalText('PluginID'),
      OpenPID: fields.optionalText('OpenPID'),
    }),
}

/**
 * Reads a push's event with its documented fields; undefined for all other pushes, which are acknowledged all the same.
 * @throws WechatMalformedError for a known event without what it must have
 */
export function readPushEvent(message: PushMessage): PushEvent | undefined {
  const { event, fields } = message
  return event !== undefined && isKnown(event) ? readers[event](new PushReader(fields)) : undefined
}

function isKnown(event: string): event is PushEvent['event'] {
  return Object.hasOwn(readers, event)
}

function pushedOrder(fields: PushReader): PushedOrder {
  return withoutUndefined<PushedOrder>({
    transaction_id: fields.text('transaction_id'),
    merchant_id: fields.text('merchant_id'),
    sub_merchant_id: fields.optionalText('sub_merchant_id'),
    merchant_trade_no: fields.text('merchant_trade_no'),
    pay_time: fields.optionalSeconds('pay_time'),
  })
}

function msg(fields: PushReader): { msg?: string } {
  return withoutUndefined<{ msg?: string }>({ msg: fields.optionalText('msg') })
}

/** XML wraps the list in an element named after the event, JSON does not. */
function listIn(fields: PushReader, wrapper: string): PushReader[] {
  return (fields.optionalObject(wrapper) ?? fields).objects('List')
}
