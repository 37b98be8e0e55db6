import type { Fen } from '@fenpay/contract'

/** What a user asks to have back: pieces of the order, or everything that is left. */
export interface RefundRequest {
  merchantId: string
  requestId: string
  orderNumber: string
  userId: string
  status: 'open' | 'accepted' | 'declined'
  amountFen: Fen
  reason: string
  /** None: everything that was left when it was asked. */
  items: { sku: string; quantity: number }[]
  createdAt: Date
  answer: string | undefined
  answeredBy: string | undefined
  answeredAt: Date | undefined
  outRefundNo: string | undefined
}
