import type { CartLine } from '../../modules/cart'

/** What is in the cart, above the bar. Tells `change` with `{ sku, value }`, `clear` and `close`. */
Component({
  properties: {
    lines: { type: Array, value: [] as CartLine[] },
    open: { type: Boolean, value: false },
  },
  methods: {
    change(event: WechatMiniprogram.CustomEvent<{ value: number }>) {
      const sku: string = event.currentTarget.dataset['sku']
      this.triggerEvent('change', { sku, value: event.detail.value })
    },
    clear() {
      this.triggerEvent('clear')
    },
    close() {
      this.triggerEvent('close')
    },
    hold() {},
  },
})
