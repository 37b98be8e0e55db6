import type { OrderStatus } from '../../fenpay-client.js'
import type { Told } from '../../modules/error-texts'
import { tell } from '../../modules/error-texts'
import { foodImage } from '../../modules/food-image'
import { formatTime } from '../../modules/format'
import { statusWord } from '../../modules/order-texts'
import type { OrderView } from '../../modules/order-view'
import { orderView } from '../../modules/order-view'
import { fenpay } from '../../services/fenpay'
import { isLoggedOut, setLoggedOut } from '../../services/logged-out'
import { typeScale } from '../../services/type-scale'

const pageSize = '10'

const tabs: { name: string; status: OrderStatus | undefined }[] = [
  { name: '全部', status: undefined },
  { name: '待支付', status: 'pending' },
  { name: '已完成', status: 'paid' },
  { name: '已取消', status: 'closed' },
]

const parts = { statusWord, imageOf: foodImage, timeOf: formatTime }

/** The user's orders: what WeChat calls the order centre. It opens directly. */
Page({
  data: {
    typeScale: typeScale(),
    /** Grey rows while nothing is known. */
    bones: [0, 1, 2],
    tabNames: tabs.map(({ name }) => name),
    tab: 0,
    phase: 'loading' as 'loading' | 'ready' | 'failed' | 'loggedOut',
    failure: {} as Partial<Told>,
    orders: [] as OrderView[],
    isMoreLoading: false,
    isComplete: false,
  },

  nextCursor: undefined as string | undefined,
  /** Which question is the latest; an answer to an earlier one is not shown. */
  asked: 0,

  onShow() {
    if (isLoggedOut()) this.setData({ phase: 'loggedOut', orders: [] })
    else void this.load()
  },

  async onPullDownRefresh() {
    if (this.data.phase !== 'loggedOut') await this.load()
    await wx.stopPullDownRefresh()
  },

  async onReachBottom() {
    if (this.nextCursor === undefined || this.data.isMoreLoading || this.data.phase !== 'ready') return
    this.setData({ isMoreLoading: true })
    await this.load(this.nextCursor)
    this.setData({ isMoreLoading: false })
  },

  /** The first orders of the tab, or with a cursor the next ones. */
  async load(cursor?: string) {
    this.asked += 1
    const { asked } = this
    const status = tabs[this.data.tab]?.status
    try {
      const answer = await fenpay.myOrders({
        limit: pageSize,
        ...(status === undefined ? {} : { status }),
        ...(cursor === undefined ? {} : { cursor }),
      })
      if (asked !== this.asked) return
      this.nextCursor = answer.next_cursor
      const orders = answer.orders.map((order) => orderView(order, parts))
      this.setData({
        phase: 'ready',
        orders: cursor === undefined ? orders : [...this.data.orders, ...orders],
        isComplete: answer.next_cursor === undefined,
      })
    } catch (error) {
      if (asked === this.asked) this.fail(error)
    }
  },

  fail(error: unknown) {
    const failure = tell(error)
    if (this.data.phase === 'ready') void wx.showToast({ title: failure.title, icon: 'none' })
    else this.setData({ phase: 'failed', failure })
  },

  chooseTab(event: WechatMiniprogram.BaseEvent) {
    const tab: number = event.currentTarget.dataset['tab']
    if (this.data.phase === 'loggedOut' || tab === this.data.tab) return
    this.nextCursor = undefined
    this.setData({ tab, phase: 'loading', orders: [] })
    void this.load()
  },

  retry() {
    this.setData({ phase: 'loading' })
    void this.load()
  },

  login() {
    setLoggedOut(false)
    this.retry()
  },

  async open(event: WechatMiniprogram.CustomEvent<{ orderNumber: string }>) {
    await wx.navigateTo({ url: `/pages/order/order?order_number=${event.detail.orderNumber}` })
  },

  async pay(event: WechatMiniprogram.CustomEvent<{ orderNumber: string }>) {
    await wx.navigateTo({ url: `/pages/result/result?order_number=${event.detail.orderNumber}&pay=yes` })
  },

  async goToMenu() {
    await wx.switchTab({ url: '/pages/menu/menu' })
  },
})
