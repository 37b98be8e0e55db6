import { WechatMalformedError, WechatRefusedError } from '../errors.ts'
import type { HttpRequest } from '../http/exchange.ts'
import { HttpCaller, type Repetition } from '../http/http-caller.ts'
import type { HttpOptions } from '../http/http-options.ts'
import { appidForm, checkCode, checkId, checkSecret } from '../options.ts'
import type { JsonFields } from '../wire/json-fields.ts'
import { withoutUndefined } from '../wire/without-undefined.ts'
import { AccessTokens } from './access-tokens.ts'
import { readMiniAnswer } from './mini-answer.ts'
import { SessionKey } from './session-key.ts'

const host = ['https://api.weixin.qq.com'] as const
const staleTokenCodes = new Set(['40001', '40014', '42001'])

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
    const body = JSON.stringify({ code: checkCode(code) })
    const answer = await this.#callWithToken('/wxa/business/getuserphonenumber', body)
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

  /** A valid access token (stable_token), kept until it nears its end. At most one request is under way. */
  accessToken(): Promise<string> {
    return this.#tokens.current()
  }

  async #callWithToken(path: string, body: string): Promise<JsonFields> {
    const token = await this.#tokens.current()
    const call = (access_token: string) => this.#call('once', { method: 'POST', path, query: { access_token }, body })
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
