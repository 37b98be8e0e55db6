import type { Order } from '../../fenpay-client.js'
import { isFenpayError } from '../../fenpay-client.js'
import { withQuantity } from '../../modules/cart'
import type { Told } from '../../modules/error-texts'
import { tell } from '../../modules/error-texts'
import { foodImage } from '../../modules/food-image'
import { formatCountdown, formatTime } from '../../modules/format'
import { readRemark } from '../../modules/order-remark'
import type { TimelineEntry, Tone } from '../../modules/order-texts'
import { headline, timeline } from '../../modules/order-texts'
import type { RefundView } from '../../modules/refund-view'
import { refundViews } from '../../modules/refund-view'
import { readCart, writeCart } from '../../services/cart-storage'
import { fenpay } from '../../services/fenpay'
import { showFailure } from '../../services/show-failure'
import { typeScale } from '../../services/type-scale'

const askEverySeconds = 5

interface DetailLine {
  sku: string
  name: string
  image: string
  quantity: number
  amountFen: number
}

Page({
  data: {
    typeScale: typeScale(),
    /** Grey rows while nothing is known. */
    bones: [0, 1, 2],
    phase: 'loading' as 'loading' | 'ready' | 'failed',
    failure: {} as Partial<Told>,
    orderNumber: '',
    status: '',
    statusText: '',
    sentence: '',
    tone: 'over' as Tone,
    countdown: '',
    lines: [] as DetailLine[],
    count: 0,
    totalFen: 0,
    refundedFen: 0,
    refunds: [] as RefundView[],
    canAskRefund: false,
    way: '',
    words: '',
    createdAt: '',
    paidAt: '',
    closedAt: '',
    entries: [] as TimelineEntry[],
    isBusy: false,
  },

  order: undefined as Order | undefined,
  timer: 0,
  seconds: 0,

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ orderNumber: query['order_number'] ?? '' })
    this.timer = setInterval(() => this.tick(), 1000)
  },

  onShow() {
    void this.load()
  },

  onUnload() {
    clearInterval(this.timer)
  },

  async onPullDownRefresh() {
    await this.load()
    await wx.stopPullDownRefresh()
  },

  /** An open order is checked at WeChat, so that what stands here is true; the others are final. */
  async load() {
    const { orderNumber } = this.data
    try {
      const order = await fenpay.myOrder(orderNumber)
      this.show(order)
      if (order.status === 'pending' || order.status === 'closing') this.show(await fenpay.checkOrder(orderNumber))
    } catch (error) {
      const failure = tell(error)
      if (this.order === undefined) this.setData({ phase: 'failed', failure })
      else void wx.showToast({ title: failure.title, icon: 'none' })
    }
  },

  retry() {
    this.setData({ phase: 'loading' })
    void this.load()
  },

  show(order: Order) {
    this.order = order
    const { way, words } = readRemark(order.remark)
    const { text: statusText, sentence, tone } = headline(order)
    this.setData({
      phase: 'ready',
      status: order.status,
      statusText,
      sentence,
      tone,
      lines: order.items.map(({ sku, name, quantity, amount_fen: amountFen }) => {
        return { sku, name, image: foodImage(sku), quantity, amountFen }
      }),
      count: order.items.reduce((sum, { quantity }) => sum + quantity, 0),
      totalFen: order.total_fen,
      refundedFen: order.refunded_fen,
      refunds: refundViews(order, formatTime),
      canAskRefund: order.refundable_fen > 0 && order.refund_request?.status !== 'open',
      way,
      words,
      createdAt: formatTime(order.created_at),
      paidAt: order.paid_at === undefined ? '' : formatTime(order.paid_at),
      closedAt: order.closed_at === undefined ? '' : formatTime(order.closed_at),
      entries: timeline(order.events, formatTime),
    })
    this.tick()
  },

  /** While WeChat confirms that nothing was paid, the state changes without a tap. */
  tick() {
    this.seconds += 1
    if (this.order?.status === 'closing' && this.seconds % askEverySeconds === 0) void this.load()
    if (this.order?.status !== 'pending') return
    this.setData({ countdown: formatCountdown(this.order.expires_at, Date.now()) })
  },

  async pay() {
    await wx.navigateTo({ url: `/pages/result/result?order_number=${this.data.orderNumber}&pay=yes` })
  },

  async cancel() {
    if (this.data.isBusy) return
    const { confirm } = await wx.showModal({
      title: '取消这个订单？',
      content: '取消后需要重新下单。',
      confirmText: '取消订单',
      cancelText: '再想想',
      confirmColor: '#fa5151',
    })
    if (!confirm) return
    this.setData({ isBusy: true })
    try {
      this.show(await fenpay.cancelOrder(this.data.orderNumber))
    } catch (error) {
      await showFailure(error)
      if (isFenpayError(error) && error.code === 'order_already_paid') await this.load()
    } finally {
      this.setData({ isBusy: false })
    }
  },

  async askRefund() {
    await wx.navigateTo({ url: `/pages/refund/refund?order_number=${this.data.orderNumber}` })
  },

  async copyNumber() {
    // WeChat says itself that it is copied; without the user's consent nothing happens.
    await wx.setClipboardData({ data: this.data.orderNumber }).catch(() => {})
  },

  async orderAgain() {
    const lines = this.order?.items ?? []
    writeCart(lines.reduce((cart, { sku, quantity }) => withQuantity(cart, sku, quantity), readCart()))
    await wx.switchTab({ url: '/pages/menu/menu' })
  },
})
