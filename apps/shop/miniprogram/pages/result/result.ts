import type { Order, PayAnswer } from '../../fenpay-client.js'
import { tell } from '../../modules/error-texts'
import { formatCountdown, formatTime } from '../../modules/format'
import type { PaymentState, PaymentView } from '../../modules/payment-view'
import { paymentView } from '../../modules/payment-view'
import { fenpay } from '../../services/fenpay'
import { typeScale } from '../../services/type-scale'

const icons: Readonly<Record<PaymentState, string>> = {
  paying: '',
  confirming: 'clock',
  paid: 'check',
  unpaid: 'alert',
  closing: 'clock',
  closed: 'close',
  failed: 'alert',
}

/** How long the client asks at most; the bar is full then. */
const askForSeconds = 30

const waiting: PaymentView = { state: 'paying', title: '等待支付结果', text: '正在向微信确认，请不要离开', detail: '' }

/** Opens WeChat's sheet (`pay=yes`) or only asks how the order stands, and says what is known, no more. */
Page({
  data: {
    typeScale: typeScale(),
    view: waiting,
    icon: '',
    orderNumber: '',
    totalFen: 0,
    count: 0,
    paidAt: '',
    seconds: 0,
    progress: 0,
    countdown: '',
  },

  order: undefined as Order | undefined,
  startedAtMs: 0,
  timer: 0,

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ orderNumber: query['order_number'] ?? '' })
    this.timer = setInterval(() => this.tick(), 1000)
    void (query['pay'] === 'yes' ? this.pay() : this.check())
  },

  onUnload() {
    clearInterval(this.timer)
  },

  async pay() {
    if (!this.begin()) return
    try {
      const answer = await fenpay.pay(this.data.orderNumber)
      this.show(paymentView(answer), answer.order)
    } catch (error) {
      const { title, text, detail } = tell(error)
      this.show({ state: 'failed', title, text: `${text}支付没有开始，没有扣款。`, detail }, this.order)
    }
  },

  async check() {
    if (!this.begin()) return
    const { orderNumber } = this.data
    try {
      const order = await fenpay.checkOrder(orderNumber)
      this.show(paymentView(answerOf(order)), order)
    } catch (error) {
      const { title, text, detail } = tell(error)
      this.show({ state: 'confirming', title, text: `${text}支付结果还不知道，请不要重复付款。`, detail }, this.order)
    }
  },

  /** False while an answer is under way: a second tap asks nothing. */
  begin(): boolean {
    if (this.startedAtMs > 0) return false
    this.startedAtMs = Date.now()
    this.setData({ view: waiting, icon: '', seconds: 0, progress: 0 })
    return true
  },

  show(view: PaymentView, order: Order | undefined) {
    this.startedAtMs = 0
    this.order = order
    this.setData({
      view,
      icon: icons[view.state],
      ...(order === undefined
        ? {}
        : {
            totalFen: order.total_fen,
            count: order.items.reduce((sum, { quantity }) => sum + quantity, 0),
            paidAt: order.paid_at === undefined ? '' : formatTime(order.paid_at),
          }),
    })
    this.tick()
    if (view.state === 'paid') void wx.vibrateShort({ type: 'light' }).catch(() => {})
  },

  tick() {
    if (this.startedAtMs > 0) {
      const seconds = Math.floor((Date.now() - this.startedAtMs) / 1000)
      this.setData({ seconds, progress: Math.min(Math.round((seconds / askForSeconds) * 100), 96) })
    } else if (this.data.view.state === 'unpaid' && this.order !== undefined) {
      this.setData({ countdown: formatCountdown(this.order.expires_at, Date.now()) })
    }
  },

  async openOrder() {
    const pages = getCurrentPages()
    if (pages[pages.length - 2]?.route === 'pages/order/order') return wx.navigateBack()
    return wx.redirectTo({ url: `/pages/order/order?order_number=${this.data.orderNumber}` })
  },

  async backToMenu() {
    await wx.switchTab({ url: '/pages/menu/menu' })
  },
})

/** An order that was only asked for, as if a payment of unknown end stood behind it. */
function answerOf(order: Order): PayAnswer {
  const { status, order_number: orderNumber } = order
  const errMsg = undefined
  if (status === 'paid' || status === 'closed') return { outcome: status, orderNumber, order, why: undefined, errMsg }
  const why = status === 'closing' ? 'closing' : (order.pending_reason ?? 'not_paid')
  return { outcome: 'pending', orderNumber, order, why, errMsg }
}
