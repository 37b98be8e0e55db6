/** The bar at the bottom of the menu. Tells `toggle` for the bag and `checkout` for the button. */
Component({
  properties: {
    count: { type: Number, value: 0 },
    totalFen: { type: Number, value: 0 },
  },
  methods: {
    toggle() {
      if (this.data.count > 0) this.triggerEvent('toggle')
    },
    checkout() {
      if (this.data.count > 0) this.triggerEvent('checkout')
    },
  },
})
