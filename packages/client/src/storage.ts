import type { WxLike } from './wx-like.ts'

/** The names under which things are kept in the mini program's storage. */
export type StorageKey = 'fenpay.token' | 'fenpay.submits' | 'fenpay.payments'

export interface Storage {
  /** What was written last, or undefined. */
  read(key: StorageKey): unknown
  write(key: StorageKey, value: unknown): void
  remove(key: StorageKey): void
}

/**
 * wx storage that never fails: it may be full, or refuse on a broken device. What it does not take is kept in memory;
 * a purchase goes on, and only a restart forgets.
 */
export function createStorage(wx: WxLike): Storage {
  const memory = new Map<StorageKey, unknown>()
  return {
    read(key) {
      if (memory.has(key)) return memory.get(key)
      try {
        // A key that is not there reads as an empty string.
        const value = wx.getStorageSync(key)
        return value === '' ? undefined : value
      } catch {
        return undefined
      }
    },
    write(key, value) {
      try {
        wx.setStorageSync(key, value)
        memory.delete(key)
      } catch {
        memory.set(key, value)
      }
    },
    remove(key) {
      try {
        wx.removeStorageSync(key)
        memory.delete(key)
      } catch {
        memory.set(key, undefined)
      }
    },
  }
}
