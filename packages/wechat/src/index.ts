export type { HeaderSource } from './auth/signed-headers.ts'
export * from './errors.ts'
export type { ClientCertificate } from './http/client-certificate.ts'
export type { HttpOptions } from './http/http-options.ts'
export {
  MiniProgramClient,
  type MiniProgramOptions,
  type MiniProgramSession,
  type PhoneNumber,
} from './mini-program/mini-program-client.ts'
export { decryptOpenData, type OpenData, verifyRawData } from './mini-program/open-data.ts'
export { SessionKey } from './mini-program/session-key.ts'
export { fitItemDesc, type ShippingEntry, type ShippingInfo } from './mini-program/shipping.ts'
export type { ShippedEntry, ShippingOrder, ShippingOrderKey } from './mini-program/shipping-order.ts'
export type { SubscribeMessage } from './mini-program/subscribe-message.ts'
export { fitSubscribeValue } from './mini-program/subscribe-value.ts'
export { PayV2Client, type PayV2Options, type V2OrderKey, type V2RefundKey } from './pay-v2/pay-v2-client.ts'
export { v2NotifyAnswer } from './pay-v2/v2-notify-answer.ts'
export type { V2SignType } from './pay-v2/v2-sign.ts'
export {
  type DownloadedCertificate,
  PayV3Client,
  type PayV3Options,
  type PlatformKeyInfo,
  type PlatformKeysOptions,
} from './pay-v3/pay-v3-client.ts'
export { MessagePush, type MessagePushOptions, type PushMessage, type PushQuery } from './push/message-push.ts'
export {
  type AuthorizationRevokeEvent,
  type OrderSettlementEvent,
  type PushEvent,
  type PushedOrder,
  type RemindAccessEvent,
  type RemindShippingEvent,
  readPushEvent,
  type SubscribeChangeEvent,
  type SubscribePopupEvent,
  type SubscribeSentEvent,
  type TradeControlledEvent,
} from './push/push-event.ts'
export type { PushFields, PushValue } from './push/push-fields.ts'
export type { PaymentParams } from './wire/payment-params.ts'
export type {
  V2Order,
  V2PaymentNotify,
  V2TradeState,
  V2UnifiedOrderFields,
  V2UnifiedOrderResult,
} from './wire/v2-pay.ts'
export type { V2Refund, V2RefundFields, V2RefundResult, V2RefundStatus } from './wire/v2-refund.ts'
export type { V2RefundNotify } from './wire/v2-refund-notify.ts'
export type { V3JsapiRequest, V3Promotion, V3TradeState, V3Transaction } from './wire/v3-jsapi.ts'
export type { V3Notify, V3OtherNotify, V3PaymentNotify, V3RefundNotify, V3RefundResult } from './wire/v3-notify.ts'
export type {
  V3AbnormalRefundRequest,
  V3Refund,
  V3RefundBankType,
  V3RefundGoods,
  V3RefundPromotion,
  V3RefundRequest,
  V3RefundStatus,
} from './wire/v3-refund.ts'
