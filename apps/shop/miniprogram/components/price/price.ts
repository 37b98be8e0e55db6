import { fen, formatYuan } from '../../fenpay-client.js'

/** An amount: `fen` is a whole number of fen; `size` is tiny, small, medium or large. */
Component({
  properties: {
    fen: { type: Number, value: 0 },
    size: { type: String, value: 'medium' },
  },
  data: { yuan: '0', cents: '.00' },
  observers: {
    fen(amountFen: number) {
      const text = formatYuan(fen(amountFen))
      this.setData({ yuan: text.slice(0, -3), cents: text.slice(-3) })
    },
  },
})
