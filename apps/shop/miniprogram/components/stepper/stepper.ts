/** How many pieces: only a plus at 0. Tells `change` with `{ value }`. */
Component({
  properties: {
    value: { type: Number, value: 0 },
    max: { type: Number, value: 99 },
    name: { type: String, value: '' },
  },
  methods: {
    more() {
      const { value, max } = this.data
      if (value < max) this.triggerEvent('change', { value: value + 1 })
      else void wx.showToast({ title: `最多 ${max} 份`, icon: 'none' })
    },
    fewer() {
      if (this.data.value > 0) this.triggerEvent('change', { value: this.data.value - 1 })
    },
  },
})
