import type { LoggedMessage, MerchantKeys, SimulatedWechat } from './simulated-wechat.ts'

export const payApis = ['v3', 'v2-md5', 'v2-hmac-sha256'] as const
export type PayApi = (typeof payApis)[number]

/** Where the protocols differ: paths, words, and how a notification is opened. */
export interface Protocol {
  title: string
  prepayPath: string
  queryPath: string
  /** Names of the lines of the signed strings; none where it is one line. */
  labels: { request: string[]; answer: string[]; paySign: string[] }
  words: {
    request: string
    answer: string
    paySign: string
    notify: string
    opened: string
    openedName: string
    acknowledgement: string
  }
  /** The keys in play, for people. */
  keys(merchant: MerchantKeys): [label: string, value: string][]
  /** The string under the signature of something that WeChat sent. */
  answerString(wechat: SimulatedWechat, headers: Record<string, string>, body: string): Promise<string>
  /** Verifies and opens a notification with the server's library and keys. Throws when it is not genuine. */
  openNotify(merchant: MerchantKeys, notify: LoggedMessage): Promise<object>
}
