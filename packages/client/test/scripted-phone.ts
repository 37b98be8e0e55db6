import type { PaymentParameters } from '@fenpay/contract'
import {
  createFenpay,
  type Fenpay,
  type FenpayOptions,
  type WxAnswer,
  type WxFailure,
  type WxLike,
} from '../src/index.ts'

export interface SentRequest {
  method: string
  path: string
  header: Record<string, string>
  data: Record<string, unknown> | undefined
}

/** How a request ends: with a status, or without an answer. */
export type Ending = { statusCode: number; data?: unknown; header?: Record<string, unknown> } | WxFailure

/** What the network and the server do with a request. */
export type Script = (request: SentRequest) => Ending | Promise<Ending>

export const baseUrl = 'https://pay.example.com'

/** A phone with scripted edges: wx, whose storage outlives the mini program, and time, which passes when waited for. */
export class ScriptedPhone {
  readonly storage = new Map<string, unknown>()
  readonly sent: SentRequest[] = []
  readonly waitsMs: number[] = []
  readonly sheets: PaymentParameters[] = []
  #drawn = 1
  nowMs = 1_700_000_000_000
  logins = 0
  loginsRunning = 0
  loginsRunningMax = 0
  /** What wx.login gives: a code, or why not. */
  login: () => { code: string } | WxFailure | Promise<{ code: string } | WxFailure> = () => ({
    code: `code-${this.logins}`,
  })
  /** What wx.requestPayment says; a promise that never ends is a death before it. */
  sheet: () => string | Promise<string> = () => 'requestPayment:ok'
  script: Script

  constructor(script: Script) {
    this.script = script
  }

  get wx(): WxLike {
    return {
      login: (options) => void this.#login(options),
      request: ({ url, method, header, data, success, fail }) =>
        void this.#send({ method, path: url.slice(baseUrl.length), header, data }, success, fail),
      uploadFile: ({ url, header, filePath, name, success, fail }) =>
        void this.#send(
          { method: 'UPLOAD', path: url.slice(baseUrl.length), header, data: { [name]: filePath } },
          ({ statusCode, data }) => success({ statusCode, data: String(data) }),
          fail,
        ),
      requestPayment: ({ success, fail, complete, ...pay }) => void this.#openSheet(pay, { success, fail, complete }),
      getStorageSync: (key) => this.storage.get(key) ?? '',
      setStorageSync: (key, value) => void this.storage.set(key, structuredClone(value)),
    }
  }

  /** A cold start of the mini program. */
  start(options: Partial<FenpayOptions> = {}): Fenpay {
    return createFenpay({
      wx: this.wx,
      baseUrl,
      clock: () => this.nowMs,
      random: () => this.#draw(),
      setTimeout: (callback, delayMs) => {
        this.waitsMs.push(delayMs)
        setImmediate(() => {
          this.nowMs += delayMs
          callback()
        })
      },
      ...options,
    })
  }

  sentTo(path: string): SentRequest[] {
    return this.sent.filter((request) => request.path === path)
  }

  /** Dice of their own, the same in each run. */
  #draw(): number {
    this.#drawn = (this.#drawn * 16_807) % 2_147_483_647
    return this.#drawn / 2_147_483_647
  }

  async #login({ success, fail }: Parameters<WxLike['login']>[0]) {
    this.logins += 1
    this.loginsRunning += 1
    this.loginsRunningMax = Math.max(this.loginsRunningMax, this.loginsRunning)
    const ending = await this.login()
    this.loginsRunning -= 1
    if ('code' in ending) success({ ...ending, errMsg: 'login:ok' })
    else fail(ending)
  }

  async #send(request: SentRequest, success: (answer: WxAnswer) => void, fail: (failure: WxFailure) => void) {
    this.sent.push(request)
    const ending = await this.script(request)
    if ('statusCode' in ending) success({ data: '', header: {}, ...ending })
    else fail(ending)
  }

  async #openSheet(
    pay: PaymentParameters,
    ends: Pick<Parameters<WxLike['requestPayment']>[0], 'success' | 'fail' | 'complete'>,
  ) {
    this.sheets.push(pay)
    const errMsg = await this.sheet()
    if (errMsg === 'requestPayment:ok') ends.success({ errMsg })
    else if (errMsg !== 'requestPayment:cancel') ends.fail({ errMsg })
    ends.complete({ errMsg })
  }
}

/** The server's problem+json. */
export function problem(statusCode: number, code: string, header: Record<string, unknown> = {}): Ending {
  return { statusCode, header, data: { code, detail: 'why', request_id: 'R1' } }
}

export const silence: Ending = { errMsg: 'request:fail interrupted', errno: 600003 }
