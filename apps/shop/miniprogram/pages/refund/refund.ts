import type { Order } from '../../fenpay-client.js'
import { fen, formatYuan, isFenpayError } from '../../fenpay-client.js'
import type { Told } from '../../modules/error-texts'
import { tell } from '../../modules/error-texts'
import { foodImage } from '../../modules/food-image'
import type { RefundChoice, RefundFormLine } from '../../modules/refund-form'
import { chooseAll, choosePieces, isDivisible, refundFormLines } from '../../modules/refund-form'
import { usualReasons, wordsLengthMax, writeReason } from '../../modules/refund-reason'
import { fenpay } from '../../services/fenpay'
import { showFailure } from '../../services/show-failure'
import { typeScale } from '../../services/type-scale'

const ways = ['全部退款', '部分退款']

/** What makes the order another one than the form shows. */
const orderErrors = ['refund_request_open', 'refund_exceeds_payment', 'refund_item_unavailable', 'order_not_paid']

/** Asks the merchant for everything that is left of an order, or for some pieces. */
Page({
  data: {
    typeScale: typeScale(),
    /** Grey rows while nothing is known. */
    bones: [0, 1, 2],
    phase: 'loading' as 'loading' | 'ready' | 'impossible' | 'failed',
    failure: {} as Partial<Told>,
    /** Why nothing can be asked for. */
    obstacle: '',
    ways,
    way: 0,
    isDivisible: false,
    lines: [] as (RefundFormLine & { image: string })[],
    amountFen: 0,
    reasons: usualReasons,
    reason: '',
    words: '',
    wordsLengthMax,
    isSubmitting: false,
  },

  orderNumber: '',
  order: undefined as Order | undefined,

  onLoad(query: Record<string, string | undefined>) {
    this.orderNumber = query['order_number'] ?? ''
    void this.load()
  },

  async load() {
    try {
      this.show(await fenpay.myOrder(this.orderNumber))
    } catch (error) {
      this.setData({ phase: 'failed', failure: tell(error) })
    }
  },

  retry() {
    this.setData({ phase: 'loading' })
    void this.load()
  },

  show(order: Order) {
    this.order = order
    const lines = refundFormLines(order)
    const obstacle = obstacleOf(order)
    this.setData({
      phase: obstacle === '' ? 'ready' : 'impossible',
      obstacle,
      isDivisible: isDivisible(lines),
      way: isDivisible(lines) ? this.data.way : 0,
      lines: lines.map((line) => ({ ...line, image: foodImage(line.sku) })),
    })
    this.addUp()
  },

  /** What is asked for as the form stands. */
  choice(order: Order): RefundChoice {
    return this.data.way === 0 ? chooseAll(order) : choosePieces(this.data.lines)
  },

  addUp() {
    if (this.order !== undefined) this.setData({ amountFen: this.choice(this.order).amountFen })
  },

  chooseWay(event: WechatMiniprogram.BaseEvent) {
    const way: number = event.currentTarget.dataset['way']
    this.setData({ way })
    this.addUp()
  },

  choosePieces(event: WechatMiniprogram.CustomEvent<{ value: number }>) {
    const sku: string = event.currentTarget.dataset['sku']
    const chosen = event.detail.value
    this.setData({ lines: this.data.lines.map((line) => (line.sku === sku ? { ...line, chosen } : line)) })
    this.addUp()
  },

  chooseReason(event: WechatMiniprogram.BaseEvent) {
    const reason: string = event.currentTarget.dataset['reason']
    this.setData({ reason })
  },

  writeWords(event: WechatMiniprogram.Input) {
    this.setData({ words: event.detail.value })
  },

  async submit() {
    const { order } = this
    if (this.data.isSubmitting || order === undefined) return
    const choice = this.choice(order)
    const reason = writeReason(this.data.reason, this.data.words)
    const missing = this.missing(choice, reason)
    if (missing !== '') {
      void wx.showToast({ title: missing, icon: 'none' })
      return
    }
    this.setData({ isSubmitting: true })
    try {
      if (await this.confirm(choice)) {
        await fenpay.askRefund({ orderNumber: this.orderNumber, reason, items: choice.items })
        await this.leave()
      }
    } catch (error) {
      await this.explain(error)
    } finally {
      this.setData({ isSubmitting: false })
    }
  },

  /** What the form still needs, in words; empty when it is complete. */
  missing({ amountFen }: RefundChoice, reason: string): string {
    if (amountFen === 0) return '请选择要退的菜品'
    const leftFen = fen(this.order?.refundable_fen ?? 0)
    if (amountFen > leftFen) return `最多可退 ¥${formatYuan(leftFen)}`
    if (this.data.reason === '') return '请选择退款原因'
    return reason === '' ? '请填写退款原因' : ''
  },

  async confirm({ amountFen, items }: RefundChoice): Promise<boolean> {
    const chosen = this.data.lines.filter((line) => line.chosen > 0).map((line) => `${line.name} × ${line.chosen}`)
    const { confirm } = await wx.showModal({
      title: `申请退款 ¥${formatYuan(amountFen)}？`,
      content: `${items === undefined ? '全部可退的菜品' : chosen.join('、')}\n商家同意后原路退回`,
      confirmText: '提交申请',
      cancelText: '再想想',
    })
    return confirm
  },

  async explain(error: unknown) {
    await showFailure(error, tell(error).isOffline ? '再点一次不会重复申请。' : '')
    if (isFenpayError(error) && orderErrors.includes(error.code)) await this.load()
  },

  /** Back to the order, which reads itself again. */
  async leave() {
    const pages = getCurrentPages()
    if (pages[pages.length - 2]?.route === 'pages/order/order') return wx.navigateBack()
    return wx.redirectTo({ url: `/pages/order/order?order_number=${this.orderNumber}` })
  },
})

function obstacleOf(order: Order): string {
  if (order.refund_request?.status === 'open') return '您已经申请过退款，请等待商家处理。'
  if (order.refundable_fen > 0) return ''
  return order.status === 'paid' ? '这个订单没有可以退的款项了。' : '这个订单还没有付款。'
}
