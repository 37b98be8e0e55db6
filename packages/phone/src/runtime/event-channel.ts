type Listener = (...values: unknown[]) => void

/** A channel between a page and the one that opened it, as `wx.navigateTo` returns it. */
export interface EventChannel {
  on(name: string, listener: Listener): void
  once(name: string, listener: Listener): void
  off(name: string, listener?: Listener): void
  emit(name: string, ...values: unknown[]): void
}

export function createEventChannel(listeners: Readonly<Record<string, Listener>> = {}): EventChannel {
  const registered = new Map<string, Set<Listener>>()
  const channel: EventChannel = {
    on(name, listener) {
      registered.set(name, (registered.get(name) ?? new Set()).add(listener))
    },
    once(name, listener) {
      const only: Listener = (...values) => {
        channel.off(name, only)
        listener(...values)
      }
      channel.on(name, only)
    },
    off(name, listener) {
      if (listener) registered.get(name)?.delete(listener)
      else registered.delete(name)
    },
    emit(name, ...values) {
      for (const listener of [...(registered.get(name) ?? [])]) listener(...values)
    },
  }
  for (const [name, listener] of Object.entries(listeners)) channel.on(name, listener)
  return channel
}
