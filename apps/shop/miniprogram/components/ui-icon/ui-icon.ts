/** A small line icon in the colour of the text around it. `name` is one of those in ui-icon.wxss; `size` in rpx. */
Component({
  options: { virtualHost: true },
  properties: {
    name: { type: String, value: '' },
    size: { type: Number, value: 40 },
  },
})
