import type {
  MyOrdersAnswer,
  MyOrdersQuery,
  Order,
  ProductsAnswer,
  Profile,
  SubmitOrderAnswer,
  SubmitOrderRequest,
  WxLoginAnswer,
} from '@fenpay/contract'
import { createApiClient } from '@fenpay/contract'
import { type RefundWish, refundAsking } from './ask-refund.ts'
import { misuse } from './errors.ts'
import { createPayments, type PayAnswer } from './pay-order.ts'
import { randomId } from './random-id.ts'
import { createRetry } from './retry.ts'
import { createSession, type UserInfoDetail } from './session.ts'
import { createSubmitOrder } from './submit-order.ts'
import { createTransport } from './transport.ts'
import type { WxLike } from './wx-like.ts'

export interface FenpayOptions {
  /** The mini program's `wx`. */
  wx: WxLike
  /** Where the server is, `https://pay.example.com`; a path at the end is kept. It must be in the list of request domains. */
  baseUrl: string
  /** Only where one server serves several mini programs. Default: the server's first. */
  appid?: string
  /** Time limit of one request and of wx.login, ms. Default 20,000: the server may ask WeChat three times in it. */
  timeoutMs?: number
  /** Milliseconds since 1970. Default Date.now. */
  clock?: () => number
  /** 0 to below 1. Default Math.random. */
  random?: () => number
  /** Default: the mini program's own. */
  setTimeout?: (callback: () => void, delayMs: number) => unknown
  /** An id that no other submit of this user has, at most 128 visible ASCII characters. Default: 128 random bits. */
  randomId?: () => string | Promise<string>
}

/**
 * What a mini program calls. Objects of the API keep its spelling (`order_number`, `total_fen`). Every function logs
 * in by itself where it must, and repeats passing failures at most three times. Each rejects with a FenpayError alone.
 */
export interface Fenpay {
  /**
   * Makes sure that there is a session: at once where a token is kept, else by wx.login. One login runs at a time, shared
   * by all who need it. Calling it is optional; `token` is for requests that go past this library.
   */
  login(): Promise<WxLoginAnswer>
  /**
   * For a page with the old `<button open-type="getUserInfo">`: gets the code of wx.login before the tap. A wx.login after
   * it may change the session key, and the tap's data would no longer fit.
   */
  prepareLogin(): Promise<void>
  /** Logs in with `event.detail` of that button. Rejects with `login_failed` when the user said no. */
  loginWithUserInfo(detail: UserInfoDetail): Promise<WxLoginAnswer>
  /** What is on sale; needs no login. */
  products(): Promise<ProductsAnswer>
  /**
   * Makes an order of a cart. The same cart tapped twice, repeated after silence, or sent again after a restart before
   * there was an answer, is one order. After an answer the same cart is a new one.
   */
  submitOrder(request: SubmitOrderRequest): Promise<SubmitOrderAnswer>
  /**
   * Opens WeChat's sheet and then asks the server, up to about 30 seconds, whatever the sheet said. Calls for one order at
   * the same time share one sheet. Rejects only before the sheet opens: then nothing was paid by this call.
   */
  pay(orderNumber: string): Promise<PayAnswer>
  /** The order, after the server has asked WeChat. */
  checkOrder(orderNumber: string): Promise<Order>
  /** The user's orders, newest first; `next_cursor` leads on. */
  myOrders(query?: MyOrdersQuery): Promise<MyOrdersAnswer>
  /** One order as the server has it, without asking WeChat. */
  myOrder(orderNumber: string): Promise<Order>
  /** Gives an unpaid order up: `closed`, or `closing` until WeChat has confirmed. Rejects with `order_already_paid`. */
  cancelOrder(orderNumber: string): Promise<Order>
  /**
   * Asks the merchant for money back: all that is left of a paid order, or some pieces. Repeated after silence
   * it is one request. Rejects with `order_not_paid`, `refund_request_open`, `refund_item_unavailable` and the like.
   */
  askRefund(wish: RefundWish): Promise<Order>
  /** Forgets the session here and ends it at the server. The next call that needs one logs in again. */
  logout(): Promise<void>
  /** At launch: how the payments stand that were begun and never seen to their end, because the mini program died. */
  resume(): Promise<PayAnswer[]>
  /** Nickname, avatar and phone number, as far as the user told them; `avatar_path` goes after `baseUrl`. */
  profile(): Promise<Profile>
  /** Keeps the nickname of `<input type="nickname">`, 1 to 32 characters. */
  changeNickname(nickname: string): Promise<Profile>
  /** Keeps the picture of `<button open-type="chooseAvatar">`: `event.detail.avatarUrl`, a temporary local file. */
  changeAvatar(filePath: string): Promise<Profile>
  /**
   * Keeps the phone number of `<button open-type="getPhoneNumber">`: `event.detail.code`, good once. Never repeated by itself:
   * after silence, profile() tells whether it was done.
   */
  bindPhone(code: string): Promise<Profile>
}

declare const setTimeout: (callback: () => void, delayMs: number) => unknown

/** The library over the mini program's `wx`; one for the whole mini program. @throws FenpayError misuse */
export function createFenpay(options: FenpayOptions): Fenpay {
  const { wx, appid, timeoutMs = 20_000, clock = Date.now, random = Math.random } = options
  if (!/^https?:\/\/[^/]/.test(options.baseUrl)) throw misuse('baseUrl must begin with https://')
  const startTimer = options.setTimeout ?? ((callback, delayMs) => setTimeout(callback, delayMs))
  const sleep = (ms: number) => new Promise<void>((done) => void startTimer(done, ms))
  const newId = options.randomId ?? (() => randomId(wx, clock, random))
  const retry = createRetry(sleep, random)
  const transport = createTransport(wx, options.baseUrl.replace(/\/+$/, ''), timeoutMs)
  const api = createApiClient(transport.request)
  const parts = { wx, api, retry, sleep, clock, newId, appid, timeoutMs }
  const session = createSession(parts)
  const payments = createPayments(parts, session)
  const call = session.authorisedWithRetry
  const ofOrder = (send: (token: string, orderNumber: string) => Promise<Order>) => async (orderNumber: string) => {
    const number = given(orderNumber)
    return payments.see(await call((token) => send(token, number)))
  }

  return {
    login: session.login,
    prepareLogin: session.prepareLogin,
    loginWithUserInfo: session.loginWithUserInfo,
    async products() {
      const path = `/products${appid === undefined ? '' : `?appid=${encodeURIComponent(appid)}`}`
      const { data } = await retry(() => transport.request({ method: 'GET', path, header: {} }))
      return data as ProductsAnswer
    },
    submitOrder: createSubmitOrder(parts, session),
    pay: async (orderNumber) => payments.pay(given(orderNumber)),
    checkOrder: ofOrder(api.checkOrder),
    myOrders: (query) => call((token) => api.myOrders(token, query)),
    myOrder: ofOrder(api.myOrder),
    cancelOrder: ofOrder(api.cancelOrder),
    askRefund: (wish) => ofOrder(refundAsking(api, wish))(wish.orderNumber),
    async logout() {
      const token = await session.end()
      if (token === '') return
      const header = { authorization: token }
      await retry(() => transport.request({ method: 'POST', path: '/users/logout', header, data: {} }))
    },
    resume: payments.resume,
    profile: () => call(api.profile),
    changeNickname: (nickname) => call((token) => api.changeProfile(token, { nickname })),
    changeAvatar: (filePath) =>
      call((token) => transport.upload('/my/avatar', token, 'avatar', filePath) as Promise<Profile>),
    bindPhone: (code) => session.authorised((token) => api.bindPhone(token, { code })),
  }
}

/** A page's query is untyped, and without a number the address of one order is the address of the list. */
function given(orderNumber: string): string {
  if (typeof orderNumber === 'string' && orderNumber !== '') return orderNumber
  throw misuse('no order number was given')
}
