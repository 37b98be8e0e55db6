import { appidOf, type Shop } from '../../../tests/support/shop.ts'
import type { WxAnswer, WxFailure, WxLike } from '../src/index.ts'

/** A person's phone at the simulated WeChat: its wx speaks HTTP to the real server. */
export class SimulatedPhone {
  readonly storage = new Map<string, unknown>()
  /** What the person does at the payment sheet; a promise that never ends is a death of the mini program there. */
  atSheet: () => 'confirm' | 'cancel' | Promise<'confirm' | 'cancel'> = () => 'confirm'
  /** Whether an answer gets lost on its way back. */
  loses: (path: string) => boolean = () => false
  sheets = 0
  readonly #shop: Shop
  readonly #user: string

  constructor(shop: Shop, user: string) {
    this.#shop = shop
    this.#user = user
  }

  get wx(): WxLike {
    return {
      login: ({ success, fail }) =>
        this.#shop.wechat
          .login(appidOf(this.#shop.config), this.#user)
          .then(({ code }) => success({ code, errMsg: 'login:ok' }), failing('login', fail)),
      request: ({ url, method, header, data, success, fail }) => {
        // As WeChat does, also where there is no body.
        const headers = { 'content-type': 'application/json', ...header }
        const body = method === 'GET' || data === undefined ? null : JSON.stringify(data)
        return this.#exchange(url, { method, headers, body }).then(success, failing('request', fail))
      },
      uploadFile: ({ url, filePath, name, header, success, fail }) => {
        const body = new FormData()
        body.append(name, new Blob([Buffer.from(filePath, 'base64')]), 'picture')
        const answered = ({ statusCode, data }: WxAnswer) => success({ statusCode, data: JSON.stringify(data) })
        return this.#exchange(url, { method: 'POST', headers: header, body }).then(
          answered,
          failing('uploadFile', fail),
        )
      },
      requestPayment: ({ success, fail, complete, ...pay }) =>
        this.#openSheet(pay).then((answer) => {
          if (answer.errMsg === 'requestPayment:ok') success(answer)
          else fail(answer)
          complete(answer)
        }),
      getStorageSync: (key) => this.storage.get(key) ?? '',
      setStorageSync: (key, value) => void this.storage.set(key, structuredClone(value)),
    }
  }

  async #openSheet(pay: Parameters<Shop['wechat']['requestPayment']>[2]) {
    this.sheets += 1
    return this.#shop.wechat.requestPayment(appidOf(this.#shop.config), this.#user, pay, await this.atSheet())
  }

  async #exchange(url: string, init: RequestInit): Promise<WxAnswer> {
    const response = await fetch(url, init)
    const text = await response.text()
    if (this.loses(new URL(url).pathname)) throw new Error('interrupted')
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const header = Object.fromEntries(response.headers)
    return { statusCode: response.status, data: isJson ? (JSON.parse(text) as unknown) : text, header }
  }
}

function failing(call: string, fail: (failure: WxFailure) => void): (error: Error) => void {
  return (error) => fail({ errMsg: `${call}:fail ${error.message}` })
}
