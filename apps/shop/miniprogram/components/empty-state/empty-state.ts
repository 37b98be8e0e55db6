/** Nothing to show, and why; the button, where there is one, tells `act`. */
Component({
  properties: {
    icon: { type: String, value: 'bowl' },
    title: { type: String, value: '' },
    text: { type: String, value: '' },
    detail: { type: String, value: '' },
    action: { type: String, value: '' },
  },
  methods: {
    act() {
      this.triggerEvent('act')
    },
  },
})
