import type { Fen, OrderStatus } from '@fenpay/contract'

/** An order as the back end keeps it. `merchantId` is WeChat's mchid. */
export interface Order {
  merchantId: string
  orderNumber: string
  userId: string
  appid: string
  openid: string
  status: OrderStatus
  totalFen: Fen
  remark: string | undefined
  createdAt: Date
  expiresAt: Date
  paidAt: Date | undefined
  closedAt: Date | undefined
  /** What the user has back of what paid it. */
  refundedFen: Fen
}

/** One line of an order, at the price of the moment it was submitted. */
export interface OrderLine {
  sku: string
  name: string
  priceFen: Fen
  quantity: number
  amountFen: Fen
}

/** What may happen to an order. */
export type OrderAction = 'start_payment' | 'cancel' | 'pay' | 'close'

/**
 * State × action → next state, or why not. This table is the order's whole life; the database repeats it as a trigger.
 * A payment counts until WeChat has confirmed the close, so `closing` can still become `paid`.
 */
export const orderTransitions = {
  pending: { start_payment: 'pending', cancel: 'closing', pay: 'paid', close: 'closed' },
  closing: { start_payment: refusal('order_closed'), cancel: 'closing', pay: 'paid', close: 'closed' },
  paid: {
    start_payment: refusal('order_already_paid'),
    cancel: refusal('order_already_paid'),
    pay: refusal('duplicate_payment'),
    close: refusal('order_already_paid'),
  },
  closed: { start_payment: refusal('order_closed'), cancel: 'closed', pay: refusal('late_payment'), close: 'closed' },
} as const satisfies Record<OrderStatus, Record<OrderAction, OrderStatus | { refused: string }>>

function refusal<Code extends string>(refused: Code) {
  return { refused } as const
}

/** An order past its expiry takes no new payment; one already begun is settled by asking WeChat. */
export function isExpired(order: Order, now: Date): boolean {
  return now.getTime() >= order.expiresAt.getTime()
}

/** An open order that is given up, or past its expiry, is to be closed as soon as that is safe. */
export function mustClose(order: Order, now: Date): boolean {
  return order.status === 'closing' || isExpired(order, now)
}

/** Paid and closed are final: nothing that happens later changes them (I5). */
export function isFinal(status: OrderStatus): boolean {
  return status === 'paid' || status === 'closed'
}
