import type { Order, OrderEvent, OrderStatus, OrderSummary, RefundStatus } from '../fenpay-client.js'

/** How a state is coloured: something to do, good, gone wrong, or over. */
export type Tone = 'todo' | 'good' | 'bad' | 'over'

const statusTexts: Readonly<Record<OrderStatus, { text: string; tone: Tone }>> = {
  pending: { text: '待支付', tone: 'todo' },
  closing: { text: '取消中', tone: 'todo' },
  paid: { text: '已完成', tone: 'good' },
  closed: { text: '已取消', tone: 'over' },
}

/** The state of an order in a word, as a list shows it. */
export function statusWord(order: OrderSummary): { text: string; tone: Tone } {
  if (order.refunded_fen === 0) return statusTexts[order.status]
  return order.refunded_fen < order.total_fen ? { text: '部分退款', tone: 'good' } : { text: '已退款', tone: 'over' }
}

export interface Headline {
  text: string
  sentence: string
  tone: Tone
}

/** The state of an order as its own page tells it: what waits or went wrong comes first. */
export function headline(order: Order): Headline {
  if (order.status === 'paid') return paidHeadline(order)
  return { ...statusWord(order), sentence: unpaidSentence(order) }
}

function paidHeadline(order: Order): Headline {
  const refundIs = (...statuses: RefundStatus[]) => order.refunds.some(({ status }) => statuses.includes(status))
  if (refundIs('abnormal')) return { text: '退款异常', tone: 'bad', sentence: '有一笔退款没有退到账，请联系商家。' }
  if (order.refund_request?.status === 'open') {
    return { text: '退款申请中', tone: 'todo', sentence: '已通知商家，处理后在这里告诉您结果。' }
  }
  if (refundIs('pending', 'processing'))
    return { text: '退款中', tone: 'todo', sentence: '退款会原路退回，请留意到账。' }
  const sentence = order.refunded_fen > 0 ? '退款明细见下方。' : '付款成功，厨房已开始制作。'
  return { ...statusWord(order), sentence }
}

function unpaidSentence(order: Order): string {
  if (order.status === 'pending') return '请在倒计时结束前付款，超时订单会自动关闭。'
  if (order.status === 'closing') return '正在向微信确认没有付款，确认后订单关闭；如果已经付款，订单会变为已支付。'
  return isExpired(order) ? '超过付款时间，订单已关闭，没有扣款。' : '订单已取消，没有扣款。'
}

function isExpired(order: Order): boolean {
  return order.events.some(({ kind, cause }) => kind === 'closed' && cause === 'expiry')
}

export interface TimelineEntry {
  key: number
  text: string
  at: string
  tone: Tone
}

const eventTexts: Readonly<Record<string, string>> = {
  submitted: '提交订单',
  attempt_intended: '发起支付',
  attempt_prepaid: '微信已受理，等待付款',
  attempt_unknown: '微信暂时没有回应',
  attempt_refused: '微信没有受理这次支付',
  attempt_closed: '微信已关闭这次支付',
  cancelled: '申请取消',
  payment_suspended: '收到一笔需要人工核对的付款，店家会联系您',
  refund_asked: '申请退款',
  refund_request_accepted: '商家同意退款',
  refund_request_declined: '商家未同意退款',
  refund_intended: '商家发起退款',
  refund_found: '商家在微信商户平台发起退款',
  refund_unknown: '微信暂时没有回应，退款会继续',
  refund_waiting_funds: '等待商家账户余额，退款会继续',
  refund_processing: '微信已受理退款',
  refund_succeeded: '退款成功，已原路退回',
  refund_abnormal: '退款异常，请联系商家',
  refund_corrected: '商家向微信核对了退款结果',
  refund_settled: '商家已用其他方式退款',
  refund_closed: '退款未成功',
  refund_refused: '退款未成功',
}

const eventTones: Readonly<Record<string, Tone>> = {
  paid: 'good',
  payment_suspended: 'todo',
  refund_asked: 'todo',
  refund_succeeded: 'good',
  refund_settled: 'good',
  refund_abnormal: 'bad',
}

/** Whether WeChat could not deliver a refund of the order at first. */
function wasAbnormal(events: readonly OrderEvent[]): boolean {
  return events.some(({ kind }) => kind === 'refund_abnormal')
}

const causeTexts: Readonly<Record<string, string>> = {
  notify: '（微信通知）',
  query: '（向微信查询确认）',
  bill: '（对账确认）',
}

/** What happened to an order, the latest first. A kind that a newer server adds is told as such. */
export function timeline(events: readonly OrderEvent[], timeOf: (instant: string) => string): TimelineEntry[] {
  return [...events].reverse().map((event) => ({
    key: event.seq,
    text: eventText(event, events),
    at: timeOf(event.at),
    tone: eventTones[event.kind] ?? 'over',
  }))
}

function eventText({ kind, cause }: OrderEvent, all: readonly OrderEvent[]): string {
  // What could not go back the way it came may have gone to the merchant, who then pays by other means.
  if (kind === 'refund_succeeded' && wasAbnormal(all)) return '退款成功，未收到请联系商家'
  if (kind === 'paid') return `付款成功${causeTexts[cause] ?? ''}`
  if (kind === 'closed') return cause === 'expiry' ? '超时未付，订单关闭' : '订单已取消'
  return eventTexts[kind] ?? '订单状态更新'
}
