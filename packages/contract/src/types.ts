/** The types of our HTTP API, derived from the schemas; nothing of them is left at run time. */
import type { Static } from 'typebox'
import type * as schemas from './schemas.ts'

export type WxLoginRequest = Static<typeof schemas.wxLoginRequestSchema>
export type WxLoginAnswer = Static<typeof schemas.wxLoginAnswerSchema>
export type Product = Static<typeof schemas.productSchema>
export type ProductsAnswer = Static<typeof schemas.productsAnswerSchema>
export type SubmitOrderRequest = Static<typeof schemas.submitOrderRequestSchema>
export type SubmitOrderAnswer = Static<typeof schemas.submitOrderAnswerSchema>
export type OrderNumberRequest = Static<typeof schemas.orderNumberRequestSchema>
export type PaymentParameters = Static<typeof schemas.paymentParametersSchema>
export type PrepayAnswer = Static<typeof schemas.prepayAnswerSchema>
export type OrderStatus = Static<typeof schemas.orderStatusSchema>
export type PendingReason = Static<typeof schemas.pendingReasonSchema>
export type OrderLine = Static<typeof schemas.orderLineSchema>
export type OrderEvent = Static<typeof schemas.orderEventSchema>
export type RefundStatus = Static<typeof schemas.refundStatusSchema>
export type Refund = Static<typeof schemas.refundSchema>
export type RefundRequest = Static<typeof schemas.refundRequestSchema>
export type AskRefundRequest = Static<typeof schemas.askRefundRequestSchema>
export type OrderSummary = Static<typeof schemas.orderSummarySchema>
export type Order = Static<typeof schemas.orderSchema>
export type MyOrdersQuery = Static<typeof schemas.myOrdersQuerySchema>
export type MyOrdersAnswer = Static<typeof schemas.myOrdersAnswerSchema>
export type Profile = Static<typeof schemas.profileSchema>
export type ChangeProfileRequest = Static<typeof schemas.changeProfileRequestSchema>
export type BindPhoneRequest = Static<typeof schemas.bindPhoneRequestSchema>
export type Problem = Static<typeof schemas.problemSchema>
