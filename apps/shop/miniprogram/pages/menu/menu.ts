import { config } from '../../config'
import type { Product } from '../../fenpay-client.js'
import type { Cart, CartLine } from '../../modules/cart'
import { cartOf, orderMax, viewCart, withQuantity } from '../../modules/cart'
import type { Told } from '../../modules/error-texts'
import { tell } from '../../modules/error-texts'
import { foodImage } from '../../modules/food-image'
import type { MenuSection } from '../../modules/menu'
import { menuSections, sectionAt } from '../../modules/menu'
import { readCart, writeCart } from '../../services/cart-storage'
import { fenpay } from '../../services/fenpay'
import { typeScale } from '../../services/type-scale'

const freshForMs = 30_000
/** How long the list scrolls by itself after a tap on a category. */
const jumpForMs = 600

Page({
  data: {
    typeScale: typeScale(),
    /** Grey rows while nothing is known. */
    bones: [0, 1, 2, 3, 4],
    shopAddress: config.shopAddress,
    phase: 'loading' as 'loading' | 'ready' | 'failed',
    failure: {} as Partial<Told>,
    keyword: '',
    sections: [] as MenuSection[],
    active: 0,
    scrollInto: '',
    cart: {} as Cart,
    lines: [] as CartLine[],
    count: 0,
    totalFen: 0,
    isCartOpen: false,
    isRefreshing: false,
  },

  products: [] as Product[],
  loadedAtMs: 0,
  jumpedAtMs: 0,
  sectionTops: [] as number[],

  onShow() {
    if (Date.now() - this.loadedAtMs > freshForMs) void this.load()
    else this.showCart(readCart())
  },

  async load() {
    try {
      const { products } = await fenpay.products()
      this.products = products
      this.loadedAtMs = Date.now()
      this.showMenu()
      this.showCart(readCart())
    } catch (error) {
      const failure = tell(error)
      if (this.data.phase === 'ready') void wx.showToast({ title: failure.title, icon: 'none' })
      else this.setData({ phase: 'failed', failure })
    }
    this.setData({ isRefreshing: false })
  },

  retry() {
    this.setData({ phase: 'loading' })
    void this.load()
  },

  refresh() {
    this.setData({ isRefreshing: true })
    void this.load()
  },

  showMenu() {
    const sections = menuSections(this.products, this.data.keyword, { imageOf: foodImage, maxOf: orderMax })
    this.setData(
      { phase: 'ready', sections, active: Math.min(this.data.active, Math.max(sections.length - 1, 0)) },
      () => this.measure(),
    )
  },

  /** Where each section begins, so that the category in view can be marked while the list scrolls. */
  measure() {
    const query = wx.createSelectorQuery()
    query.select('#list').boundingClientRect()
    query.select('#list').scrollOffset()
    query.selectAll('.section').boundingClientRect()
    query.exec(([list, offset, sections]) => {
      if (!list || !offset || !sections) return
      this.sectionTops = sections.map(({ top }: { top: number }) => top - list.top + offset.scrollTop)
    })
  },

  search(event: WechatMiniprogram.Input) {
    this.setData({ keyword: event.detail.value, active: 0 })
    this.showMenu()
  },

  clearSearch() {
    this.setData({ keyword: '', active: 0 })
    this.showMenu()
  },

  chooseCategory(event: WechatMiniprogram.BaseEvent) {
    const index: number = event.currentTarget.dataset['index']
    const scrollInto = this.data.sections[index]?.anchor ?? ''
    this.jumpedAtMs = Date.now()
    // The same place twice is no change: it is left first.
    this.setData({ active: index, scrollInto: '' }, () => this.setData({ scrollInto }))
  },

  scrolled(event: WechatMiniprogram.ScrollViewScroll) {
    if (Date.now() - this.jumpedAtMs < jumpForMs) return
    const active = sectionAt(this.sectionTops, event.detail.scrollTop)
    if (active !== this.data.active) this.setData({ active })
  },

  changeDish(event: WechatMiniprogram.CustomEvent<{ value: number }>) {
    this.change(event.currentTarget.dataset['sku'], event.detail.value)
  },

  changeLine(event: WechatMiniprogram.CustomEvent<{ sku: string; value: number }>) {
    this.change(event.detail.sku, event.detail.value)
  },

  change(sku: string, quantity: number) {
    this.showCart(withQuantity(this.data.cart, sku, quantity))
  },

  async clearCart() {
    const { confirm } = await wx.showModal({ title: '清空已点菜品？', confirmText: '清空', confirmColor: '#fa5151' })
    if (confirm) this.showCart({})
  },

  /** Shows and keeps the cart as it can be ordered, and says what is left out. */
  showCart(wanted: Cart) {
    const { lines, count, totalFen, missing } = viewCart(wanted, this.products)
    const cart = cartOf(lines)
    if (this.products.length > 0) writeCart(cart)
    const isCartOpen = this.data.isCartOpen && count > 0
    this.setData({ cart, lines, count, totalFen, isCartOpen })
    if (missing.length > 0) void wx.showToast({ title: missing.join('，'), icon: 'none' })
  },

  toggleCart() {
    this.setData({ isCartOpen: !this.data.isCartOpen })
  },

  async checkout() {
    this.setData({ isCartOpen: false })
    await wx.navigateTo({ url: '/pages/confirm/confirm' })
  },

  onShareAppMessage() {
    return {
      title: `${config.shopName}：一碗热面，现点现做`,
      path: '/pages/menu/menu',
      imageUrl: '/images/food/beef-noodles.png',
    }
  },
})
