import type { ApiClient } from '@fenpay/contract'
import type { Retry } from './retry.ts'
import type { WxLike } from './wx-like.ts'

/** What the functions of one Fenpay are made of. */
export interface Parts {
  wx: WxLike
  api: ApiClient
  retry: Retry
  sleep: (ms: number) => Promise<void>
  clock: () => number
  newId: () => string | Promise<string>
  appid: string | undefined
  timeoutMs: number
}
