type Listener = (value: unknown) => void

/** One pair of wx.onX and wx.offX. */
export class Listeners {
  readonly #listeners = new Set<Listener>()

  readonly on = (listener: Listener): void => {
    this.#listeners.add(listener)
  }

  /** Without a listener: all of them. */
  readonly off = (listener?: Listener): void => {
    if (listener) this.#listeners.delete(listener)
    else this.#listeners.clear()
  }

  emit(value?: unknown): void {
    for (const listener of [...this.#listeners]) listener(value)
  }
}
