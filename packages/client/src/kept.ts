import type { WxLike } from './wx-like.ts'

/** A value that outlives the mini program. */
export interface Kept<Value> {
  get(): Value
  set(value: Value): void
}

/**
 * Reads the value once, and keeps it in memory and in storage from then on. Storage may be full, or refuse on a broken
 * device: then a purchase goes on all the same, and only a restart forgets. A key that is not there reads as `''`.
 */
export function keep<Value extends string | unknown[]>(wx: WxLike, key: string, initial: Value): Kept<Value> {
  let value = initial
  try {
    const stored = wx.getStorageSync(key)
    if (typeof stored === typeof initial) value = stored as Value
  } catch {}
  return {
    get: () => value,
    set(next) {
      value = next
      try {
        wx.setStorageSync(key, next)
      } catch {}
    },
  }
}
