import { config } from '../../config'
import { isFenpayError } from '../../fenpay-client.js'
import type { CartLine } from '../../modules/cart'
import { cartOf, viewCart } from '../../modules/cart'
import type { Told } from '../../modules/error-texts'
import { tell } from '../../modules/error-texts'
import { foodImage } from '../../modules/food-image'
import type { DiningWay } from '../../modules/order-remark'
import { diningWays, remarkLengthMax, writeRemark } from '../../modules/order-remark'
import { readCart, writeCart } from '../../services/cart-storage'
import { fenpay } from '../../services/fenpay'
import { setLoggedOut } from '../../services/logged-out'
import { showFailure } from '../../services/show-failure'
import { typeScale } from '../../services/type-scale'

/** What makes the cart another one; the user has to look at it again. */
const cartErrors = ['out_of_stock', 'product_unknown', 'virtual_goods_refused']

Page({
  data: {
    typeScale: typeScale(),
    /** Grey rows while nothing is known. */
    bones: [0, 1, 2],
    shopName: config.shopName as string,
    shopAddress: config.shopAddress as string,
    phase: 'loading' as 'loading' | 'ready' | 'empty' | 'failed',
    failure: {} as Partial<Told>,
    lines: [] as (CartLine & { image: string })[],
    count: 0,
    totalFen: 0,
    diningWays,
    way: '堂食' as DiningWay,
    words: '',
    remarkLengthMax,
    isSubmitting: false,
  },

  onLoad() {
    void this.load()
  },

  /** Prices and stock of this moment: the cart may be an hour old. */
  async load() {
    try {
      const { products } = await fenpay.products()
      const { lines, count, totalFen, missing } = viewCart(readCart(), products)
      writeCart(cartOf(lines))
      this.setData({
        phase: count === 0 ? 'empty' : 'ready',
        lines: lines.map((line) => ({ ...line, image: foodImage(line.sku) })),
        count,
        totalFen,
      })
      if (missing.length > 0) {
        await wx.showModal({ title: '菜品有变化', content: `${missing.join('，')}。已为您调整。`, showCancel: false })
      }
    } catch (error) {
      this.setData({ phase: 'failed', failure: tell(error) })
    }
  },

  retry() {
    this.setData({ phase: 'loading' })
    void this.load()
  },

  chooseWay(event: WechatMiniprogram.BaseEvent) {
    const way: DiningWay = event.currentTarget.dataset['way']
    this.setData({ way })
  },

  writeWords(event: WechatMiniprogram.Input) {
    this.setData({ words: event.detail.value })
  },

  async submit() {
    if (this.data.isSubmitting) return
    this.setData({ isSubmitting: true })
    try {
      const { order_number } = await fenpay.submitOrder({
        items: this.data.lines.map(({ sku, quantity }) => ({ sku, quantity })),
        remark: writeRemark(this.data.way, this.data.words),
      })
      writeCart({})
      setLoggedOut(false)
      await wx.redirectTo({ url: `/pages/result/result?order_number=${order_number}&pay=yes` })
    } catch (error) {
      await this.explain(error)
    } finally {
      this.setData({ isSubmitting: false })
    }
  },

  async explain(error: unknown) {
    await showFailure(error, tell(error).isOffline ? '再点一次不会重复下单。' : '')
    if (isFenpayError(error) && cartErrors.includes(error.code)) await this.load()
  },

  async backToMenu() {
    await wx.switchTab({ url: '/pages/menu/menu' })
  },
})
