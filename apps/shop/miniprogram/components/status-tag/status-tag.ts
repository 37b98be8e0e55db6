/** The state of an order in a word; `tone` is todo, good, bad or over. */
Component({
  properties: {
    text: { type: String, value: '' },
    tone: { type: String, value: 'over' },
  },
})
