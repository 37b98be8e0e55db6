import type { TimelineEntry } from '../../modules/order-texts'

/** What happened to an order, the latest first. */
Component({
  properties: {
    entries: { type: Array, value: [] as TimelineEntry[] },
  },
})
