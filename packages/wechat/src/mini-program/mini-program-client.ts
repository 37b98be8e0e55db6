import { WechatMalformedError, WechatRefusedError } from '../errors.ts'
import type { HttpRequest } from '../http/exchange.ts'
import { HttpCaller, type Repetition } from '../http/http-caller.ts'
import type { HttpOptions } from '../http/http-options.ts'
import { appidForm, checkCode, checkId, checkSeconds, checkSecret } from '../options.ts'
import type { JsonFields } from '../wire/json-fields.ts'
import { withoutUndefined } from '../wire/without-undefined.ts'
import { AccessTokens } from './access-tokens.ts'
import { readMiniAnswer } from './mini-answer.ts'
import { pagePathForm } from './page-path.ts'
import { SessionKey } from './session-key.ts'
import { type ShippingInfo, shippingBody } from './shipping.ts'
import { readShippingOrder, type ShippingOrder, type ShippingOrderKey, shippingOrderKey } from './shipping-order.ts'
import { type SubscribeMessage, subscribeBody } from './subscribe-message.ts'

const host = ['https://api.weixin.qq.com'] as const
const staleTokenCodes = new Set(['40001', '40014', '42001'])
/** Shipped completely, re-ship used up, nothing changed; reminded already. */
const doneAlreadyCodes = new Set(['10060002', '10060003', '10060023', '10060030'])

export interface MiniProgramOptions extends HttpOptions {
  appid: string
  /** The AppSecret. */
  secret: string
}

export interface MiniProgramSession {
  /** The user under this appid. */
  openid: string
  session_key: SessionKey
  /** The user across all accounts of one Open Platform account; only when bound to one. */
  unionid?: string
}

export interface PhoneNumber {
  /** With country code if foreign. */
  phoneNumber: string
  purePhoneNumber: string
  countryCode: string
}

/**
 * The Mini Program's server APIs for one appid. Every method throws a `WechatError`, or `TypeError` for a caller's
 * mistake. Errors never hold a URL: these URLs carry the secret and the token.
 */
export class MiniProgramClient {
  readonly #appid: string
  readonly #secret: string
  readonly #caller: HttpCaller
  readonly #tokens: AccessTokens

  /** @throws TypeError for any option that cannot be right */
  constructor(options: MiniProgramOptions) {
    this.#appid = checkId('appid', options.appid, appidForm)
    this.#secret = checkSecret('secret', options.secret, /^[\x21-\x7e]{16,128}$/, 'at least 16 characters, no blanks')
    this.#caller = new HttpCaller(options, host)
    this.#tokens = new AccessTokens((force) => this.#fetchToken(force), this.#caller.clock)
  }

  /**
   * `GET /sns/jscode2session`: who logged in. A code is good for one call, so the call is never repeated once it may
   * have arrived; on any error ask the client to log in again.
   */
  async code2Session(code: string): Promise<MiniProgramSession> {
    const answer = await this.#call('once', {
      method: 'GET',
      path: '/sns/jscode2session',
      query: {
        appid: this.#appid,
        secret: this.#secret,
        js_code: checkCode(code),
        grant_type: 'authorization_code',
      },
    })
    return withoutUndefined<MiniProgramSession>({
      openid: answer.text('openid'),
      session_key: readSessionKey(answer),
      unionid: answer.optionalText('unionid'),
    })
  }

  /**
   * `POST /wxa/business/getuserphonenumber`. The code comes from the phone number button, not from wx.login, and is good
   * for one call. A stale access token is renewed once; WeChat checks the token before it uses up the code.
   */
  async phoneNumber(code: string): Promise<PhoneNumber> {
    const answer = await this.#callWithToken('once', '/wxa/business/getuserphonenumber', { code: checkCode(code) })
    const info = answer.object('phone_info')
    if (info.object('watermark').text('appid') !== this.#appid) {
      throw new WechatMalformedError('identity_mismatch', 'The answer is for another appid', 'watermark.appid')
    }
    return {
      phoneNumber: info.text('phoneNumber'),
      purePhoneNumber: info.text('purePhoneNumber'),
      countryCode: info.text('countryCode'),
    }
  }

  /**
   * `POST /wxa/sec/order/upload_shipping_info`: tells WeChat that goods were shipped, so that the order's money is
   * settled. `already`: WeChat has the order as shipped and keeps what it has, which need not be this info
   * ({@link getShippingOrder} shows it).
   *
   * An order may be shipped once more after it was shipped completely, and a repeat would use that up. So the call is
   * never repeated once it may have arrived. When `outcomeUnknown`, look with {@link getShippingOrder}, and upload
   * again only if the order or the parcel is still to be shipped. When `retryLater`, upload again later: the payment is
   * known here only seconds to a minute after it was made (10060001).
   */
  async uploadShippingInfo(info: ShippingInfo): Promise<'uploaded' | 'already'> {
    return this.#doOnce('once', '/wxa/sec/order/upload_shipping_info', shippingBody(info), 'uploaded')
  }

  /**
   * `POST /wxa/sec/order/get_order`: an order as shipping management knows it. Shortly after payment it is not known
   * yet (10060001, `retryLater`).
   */
  async getShippingOrder(key: ShippingOrderKey): Promise<ShippingOrder> {
    const asked = shippingOrderKey(key)
    const answer = await this.#callWithToken('read', '/wxa/sec/order/get_order', asked)
    return readShippingOrder(answer.object('order'), asked)
  }

  /**
   * `POST /wxa/sec/order/notify_confirm_receive`: reminds the user of an express order to confirm its receipt, once per
   * order. `receivedTime` is when the parcel arrived, in seconds. A repeat of a lost success is answered `already`, so
   * repeating is safe.
   */
  async notifyConfirmReceive(key: ShippingOrderKey, receivedTime: number): Promise<'reminded' | 'already'> {
    const body = { ...shippingOrderKey(key), received_time: checkSeconds('receivedTime', receivedTime) }
    return this.#doOnce('repeatable', '/wxa/sec/order/notify_confirm_receive', body, 'reminded')
  }

  /** `POST /wxa/sec/order/is_trade_managed`: whether shipping management is on for this Mini Program. */
  async isTradeManaged(): Promise<boolean> {
    const answer = await this.#callWithToken('read', '/wxa/sec/order/is_trade_managed', { appid: this.#appid })
    return answer.boolean('is_trade_managed')
  }

  /** `POST …/is_trade_management_confirmation_completed`: whether the merchant numbers' settlement is confirmed. */
  async isTradeManagementConfirmed(): Promise<boolean> {
    const path = '/wxa/sec/order/is_trade_management_confirmation_completed'
    return (await this.#callWithToken('read', path, { appid: this.#appid })).boolean('completed')
  }

  /**
   * `POST /wxa/sec/order/set_msg_jump_path`: the page that shipping and confirmation messages open. WeChat appends
   * transaction_id, merchant_id and merchant_trade_no to its query. Empty: WeChat's own page. Safe to repeat.
   */
  async setMessageJumpPath(path: string): Promise<void> {
    const body = { path: path === '' ? '' : checkId('path', path, pagePathForm) }
    await this.#callWithToken('repeatable', '/wxa/sec/order/set_msg_jump_path', body)
  }

  /**
   * `POST /cgi-bin/message/subscribe/send`: one message to a user who subscribed. A repeat would be a second message
   * and use up a second subscription, so the call is never repeated once it may have arrived; WeChat cannot be asked
   * either, so when `outcomeUnknown` leave it. Refusals by `apiCode`: 43101 not subscribed or used up (drop), 43107
   * banned (stop), 43108 another one is under way (`retryLater`), 47003 a value does not fit, 45168 sensitive word,
   * 40037 template, 40003 openid of another appid.
   */
  async sendSubscribeMessage(message: SubscribeMessage): Promise<void> {
    await this.#callWithToken('once', '/cgi-bin/message/subscribe/send', subscribeBody(message))
  }

  /** A valid access token (stable_token), kept until it nears its end. At most one request is under way. */
  accessToken(): Promise<string> {
    return this.#tokens.current()
  }

  /** A call whose effect may be there already, which WeChat says by a refusal. */
  async #doOnce<T>(repetition: Repetition, path: string, body: object, done: T): Promise<T | 'already'> {
    try {
      await this.#callWithToken(repetition, path, body)
      return done
    } catch (error) {
      if (error instanceof WechatRefusedError && doneAlreadyCodes.has(error.apiCode)) return 'already'
      throw error
    }
  }

  /** The token is checked before anything is done, so a call refused for it may always be sent again. */
  async #callWithToken(repetition: Repetition, path: string, fields: object): Promise<JsonFields> {
    const token = await this.#tokens.current()
    // JSON.stringify writes Chinese as it is. These APIs would store \u escapes as text.
    const body = JSON.stringify(fields)
    const call = (access_token: string) =>
      this.#call(repetition, { method: 'POST', path, query: { access_token }, body })
    try {
      return await call(token)
    } catch (error) {
      if (!(error instanceof WechatRefusedError) || !staleTokenCodes.has(error.apiCode)) throw error
      return call(await this.#tokens.replacementFor(token))
    }
  }

  async #fetchToken(force_refresh: boolean): Promise<{ token: string; expiresInSeconds: number }> {
    const grant = { grant_type: 'client_credential', appid: this.#appid, secret: this.#secret, force_refresh }
    const path = '/cgi-bin/stable_token'
    // Asking twice for the stable token gives the same one; a forced renewal is counted, so it goes out once.
    const answer = await this.#call(force_refresh ? 'once' : 'read', {
      method: 'POST',
      path,
      body: JSON.stringify(grant),
    })
    return { token: answer.text('access_token'), expiresInSeconds: answer.integer('expires_in') }
  }

  #call(repetition: Repetition, { method, path, query = {}, body }: MiniCall): Promise<JsonFields> {
    return this.#caller.run(repetition, async (baseUrl, send) => {
      const url = new URL(path, baseUrl)
      url.search = new URLSearchParams(query).toString()
      const headers = { 'user-agent': 'fenpay-wechat', accept: 'application/json' }
      const request: HttpRequest =
        body === undefined
          ? { method, url: url.href, headers }
          : { method, url: url.href, headers: { ...headers, 'content-type': 'application/json' }, body }
      return readMiniAnswer(await send(request))
    })
  }
}

interface MiniCall {
  method: 'GET' | 'POST'
  path: string
  query?: Record<string, string>
  body?: string
}

function readSessionKey(answer: JsonFields): SessionKey {
  const text = answer.text('session_key')
  try {
    return SessionKey.from(text)
  } catch {
    throw new WechatMalformedError('invalid_field', 'session_key is not base64 of 16 bytes', 'session_key')
  }
}
