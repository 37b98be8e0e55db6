import { appid, settings } from '../settings.ts'
import { api, Failure, type Options, textOption } from './api.ts'

/** Storage is apart per user and mini program, 1 MB a key and 10 MB in all (client-api.md 5). */
const keySizeMax = 1024 * 1024
const totalSizeMax = 10 * 1024 * 1024

const prefix = () => `fenpay-phone:${appid}:${settings.user}:`

interface Kept {
  readonly type: 'json' | 'date' | 'undefined'
  readonly data?: unknown
}

function write(key: string, data: unknown): void {
  const kept: Kept = data instanceof Date ? { type: 'date', data: data.getTime() } : { type: 'json', data }
  if (typeof data === 'function' || typeof data === 'symbol') throw new Failure('data type error')
  const text = JSON.stringify(kept)
  if (text.length > keySizeMax) throw new Failure('exceed storage item max length')
  const others = keys().filter((one) => one !== key)
  if (sizeOf(others) + text.length > totalSizeMax) throw new Failure('exceed storage max size 10Mb')
  try {
    localStorage.setItem(prefix() + key, text)
  } catch {
    throw new Failure('exceed storage max size 10Mb')
  }
}

function read(key: string): { found: boolean; data: unknown } {
  const text = localStorage.getItem(prefix() + key)
  if (text === null) return { found: false, data: '' }
  const { type, data } = JSON.parse(text) as Kept
  return { found: true, data: type === 'date' ? new Date(Number(data)) : data }
}

const keys = (): string[] =>
  Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix()))
    .map((key) => key.slice(prefix().length))

const sizeOf = (some: readonly string[]): number =>
  some.reduce((sum, key) => sum + (localStorage.getItem(prefix() + key)?.length ?? 0), 0)

const info = () => ({
  keys: keys(),
  currentSize: Math.ceil(sizeOf(keys()) / 1024),
  limitSize: totalSizeMax / 1024,
})

const clear = (): void => {
  for (const key of keys()) localStorage.removeItem(prefix() + key)
}

/** The synchronous calls throw with WeChat's errMsg. */
function sync<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof Failure ? new Error(`${name}:fail ${error.message}`) : error
  }
}

const keyOf = (options: Options): string => textOption(options, 'key')

export const storage = {
  setStorage: api('setStorage', (options) => void write(keyOf(options), options['data'])),
  getStorage: api('getStorage', (options) => {
    const { found, data } = read(keyOf(options))
    if (!found) throw new Failure('data not found')
    return { data }
  }),
  removeStorage: api('removeStorage', (options) => void localStorage.removeItem(prefix() + keyOf(options))),
  clearStorage: api('clearStorage', () => void clear()),
  getStorageInfo: api('getStorageInfo', info),
  setStorageSync: (key: string, data: unknown) => sync('setStorageSync', () => write(key, data)),
  getStorageSync: (key: string) => read(key).data,
  removeStorageSync: (key: string) => localStorage.removeItem(prefix() + key),
  clearStorageSync: clear,
  getStorageInfoSync: info,
}
