import type { OrderView } from '../../modules/order-view'

/** One order of the list. Tells `open` and `pay`, each with `{ orderNumber }`. */
Component({
  properties: {
    order: { type: Object, value: {} as OrderView },
  },
  methods: {
    open() {
      this.triggerEvent('open', { orderNumber: this.data.order.orderNumber })
    },
    pay() {
      this.triggerEvent('pay', { orderNumber: this.data.order.orderNumber })
    },
  },
})
