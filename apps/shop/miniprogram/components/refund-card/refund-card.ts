import type { RefundView } from '../../modules/refund-view'

/** A refund, or the wish for one: how it stands, how much, and what for. */
Component({
  properties: {
    refund: { type: Object, value: {} as RefundView },
  },
})
