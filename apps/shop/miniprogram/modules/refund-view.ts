import type { Order, Refund, RefundRequest, RefundStatus } from '../fenpay-client.js'

/** A refund, or the wish for one, as the order's page shows it. */
export interface RefundView {
  key: string
  title: string
  statusText: string
  tone: 'todo' | 'good' | 'bad' | 'over'
  amountFen: number
  /** Where the money is, or what to do; empty when the state says it all. */
  note: string
  /** What the merchant's staff said. */
  answer: string
  rows: { label: string; value: string }[]
}

type TimeOf = (instant: string) => string
type StateTexts = Pick<RefundView, 'tone' | 'note'> & { text: string }

const refundTexts: Readonly<Record<RefundStatus, StateTexts>> = {
  pending: { text: '等待微信受理', tone: 'todo', note: '商家已发起退款，微信受理后开始退回。' },
  processing: { text: '退款中', tone: 'todo', note: '正在原路退回：零钱很快到账，银行卡一般 1–3 个工作日。' },
  succeeded: { text: '已退款', tone: 'good', note: '已原路退回付款账户。' },
  abnormal: { text: '退款异常', tone: 'bad', note: '微信没能退回原来的账户，请联系商家。' },
  failed: { text: '退款未成功', tone: 'over', note: '这次没有退回款项，可以再次申请或联系商家。' },
}

const requestTexts: Readonly<Record<RefundRequest['status'], StateTexts>> = {
  open: { text: '待商家处理', tone: 'todo', note: '商家同意后，款项原路退回。' },
  accepted: { text: '商家已同意', tone: 'good', note: '' },
  declined: { text: '商家未同意', tone: 'over', note: '' },
}

/** The user's latest request, unless there is none, and then the refunds, the latest first. */
export function refundViews(order: Order, timeOf: TimeOf): RefundView[] {
  const { refund_request: request, refunds } = order
  const views = [...refunds].reverse().map((refund) => refundView(refund, order, timeOf))
  return request === undefined ? views : [requestView(request, order, timeOf), ...views]
}

function requestView(request: RefundRequest, order: Order, timeOf: TimeOf): RefundView {
  const { text, tone, note } = requestTexts[request.status]
  return {
    key: 'request',
    title: '退款申请',
    statusText: text,
    tone,
    amountFen: request.amount_fen,
    note,
    answer: request.answer ?? '',
    rows: rows({
      // Accepted, it is a refund below that says the same.
      ...(request.status === 'accepted'
        ? {}
        : { 退款菜品: itemsText(request.items, order, '全部可退的菜品'), 退款原因: request.reason }),
      申请时间: timeOf(request.created_at),
      处理时间: request.answered_at && timeOf(request.answered_at),
    }),
  }
}

function refundView(refund: Refund, order: Order, timeOf: TimeOf): RefundView {
  const { text, tone, note } = refundTexts[refund.status]
  return {
    key: refund.refund_number,
    title: '退款',
    statusText: text,
    tone,
    amountFen: refund.amount_fen,
    note: isPaidElsewhere(refund)
      ? '商家已用其他方式把钱退给您。'
      : mayBeAtMerchant(refund, order)
        ? doubtfulNote
        : note,
    answer: '',
    rows: rows({
      退款菜品: itemsText(refund.items, order, ''),
      退款原因: refund.reason,
      发起时间: timeOf(refund.created_at),
      到账时间: refund.succeeded_at && timeOf(refund.succeeded_at),
      退款编号: refund.refund_number,
    }),
  }
}

/** What WeChat gave back has WeChat's time; without it the merchant paid in another way. */
function isPaidElsewhere({ status, succeeded_at }: Refund): boolean {
  return status === 'succeeded' && succeeded_at === undefined
}

/** What could not be delivered at first may have gone to the merchant's own card: WeChat calls that a success too. */
function mayBeAtMerchant({ status }: Refund, { events }: Order): boolean {
  return status === 'succeeded' && events.some(({ kind }) => kind === 'refund_abnormal')
}

const doubtfulNote = '微信已退出这笔款项；如果您没有收到，请联系商家。'

/** What is not known is no row. */
function rows(values: Record<string, string | undefined>): RefundView['rows'] {
  return Object.entries(values)
    .map(([label, value = '']) => ({ label, value }))
    .filter(({ value }) => value !== '')
}

/** `红烧牛肉面 × 1、茶叶蛋 × 2`; `none` where no pieces are named. */
function itemsText(items: Refund['items'], order: Order, none: string): string {
  const nameOf = (sku: string) => order.items.find((line) => line.sku === sku)?.name ?? sku
  return items.length === 0 ? none : items.map(({ sku, quantity }) => `${nameOf(sku)} × ${quantity}`).join('、')
}
