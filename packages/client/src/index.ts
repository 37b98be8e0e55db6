export type {
  ErrorCode,
  MyOrdersAnswer,
  MyOrdersQuery,
  Order,
  OrderEvent,
  OrderLine,
  OrderStatus,
  OrderSummary,
  PendingReason,
  Problem,
  Product,
  ProductsAnswer,
  Profile,
  Refund,
  RefundRequest,
  RefundStatus,
  SubmitOrderAnswer,
  SubmitOrderRequest,
  WxLoginAnswer,
} from '@fenpay/contract'
export type { RefundWish } from './ask-refund.ts'
export {
  type ApiFailure,
  type FenpayError,
  isFenpayError,
  type LoginFailure,
  type MisuseFailure,
  type NetworkFailure,
} from './errors.ts'
export { createFenpay, type Fenpay, type FenpayOptions } from './fenpay.ts'
export type { PayAnswer, PendingWhy } from './pay-order.ts'
export type { UserInfoDetail } from './session.ts'
export type { WxAnswer, WxFailure, WxLike } from './wx-like.ts'
