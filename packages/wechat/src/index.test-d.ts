/** What the compiler must accept and refuse of the public surface; nothing here runs. */
import type {
  OpenData,
  PaymentParams,
  PayV2Client,
  PayV3Client,
  PushEvent,
  SessionKey,
  ShippingInfo,
  V2Order,
  V2Refund,
  V2RefundResult,
  V3Notify,
  V3Refund,
  V3RefundStatus,
  V3TradeState,
  V3Transaction,
  WechatError,
} from './index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export function assertAfterPayment(event: PushEvent): void {
  if (event.event === 'trade_manage_order_settlement') event.settlement_time satisfies number | undefined
  if (event.event === 'subscribe_msg_popup_event') event.list satisfies Array<{ TemplateId: string }>
  // @ts-expect-error only some events are about an order
  event.transaction_id
  // @ts-expect-error WeChat refuses the text, though its documents show it
  'UNIFIED_DELIVERY' satisfies ShippingInfo['delivery_mode']
  // @ts-expect-error these are the names of get_order
  ;({ order_number_type: 1, merchant_id: '1', merchant_trade_no: '1' }) satisfies ShippingInfo['order_key']
}

export function assertTypes(payV2: PayV2Client, payV3: PayV3Client, notify: V3Notify, error: WechatError): void {
  true satisfies Equal<ReturnType<PayV3Client['prepayJsapi']>, Promise<{ prepay_id: string }>>
  true satisfies Equal<ReturnType<PayV3Client['paymentParams']>, Promise<PaymentParams>>
  true satisfies Equal<ReturnType<PayV2Client['paymentParams']>, PaymentParams>
  true satisfies Equal<V2Order['total_fee'], number | undefined>

  true satisfies Equal<ReturnType<PayV2Client['refund']>, Promise<V2RefundResult>>
  true satisfies Equal<ReturnType<PayV2Client['queryRefund']>, Promise<V2Refund>>
  true satisfies Equal<ReturnType<PayV2Client['queryRefunds']>, Promise<V2Refund[]>>
  true satisfies Equal<ReturnType<PayV3Client['refund']>, Promise<V3Refund>>
  true satisfies Equal<ReturnType<PayV3Client['applyAbnormalRefund']>, Promise<V3Refund>>

  if (notify.kind === 'payment') notify.resource satisfies V3Transaction
  if (notify.kind === 'other') notify.resource satisfies string
  if (error.code === 'wechat_refused') error.apiCode satisfies string
  if (error.code === 'wechat_signature') error.probe satisfies boolean
  // Enums are open: a state that WeChat adds is still a state.
  'A_FUTURE_STATE' satisfies V3TradeState
  'A_FUTURE_STATE' satisfies V3RefundStatus

  // @ts-expect-error only refusals have an apiCode
  error.apiCode
  // @ts-expect-error one number is needed
  void payV2.queryOrder({ appid: 'wx1' })
  // @ts-expect-error the order is named by one number, not two
  void payV3.refund({ out_trade_no: '1', transaction_id: '2', out_refund_no: 'r', amount: { refund: 1, total: 1 } })
  // @ts-expect-error a card needs its bank, number and holder
  void payV3.applyAbnormalRefund('50', { out_refund_no: 'r', type: 'USER_BANK_CARD' })
  // @ts-expect-error amounts are numbers of fen
  void payV3.prepayJsapi({ amount: { total: '1' } })
  // @ts-expect-error a session key is not a text, so that it cannot be sent or logged by mistake
  'tiihtNczf5v6AKRyjwEUhQ==' satisfies SessionKey
  // @ts-expect-error open data has only the documented fields
  ;({}) as OpenData['session_key']
}
