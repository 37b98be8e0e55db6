import type { WxLoginAnswer, WxLoginRequest } from '@fenpay/contract'
import { statusOf, wxFailure } from './errors.ts'
import { keep } from './kept.ts'
import type { Parts } from './parts.ts'

/** `event.detail` of `<button open-type="getUserInfo">`; without the four fields when the user said no. */
export interface UserInfoDetail {
  errMsg?: string
  encryptedData?: string
  rawData?: string
  iv?: string
  signature?: string
}

type UserInfo = Pick<Required<WxLoginRequest>, 'encryptedData' | 'rawData' | 'iv' | 'signature'>

type Authorised = <Answer>(call: (token: string) => Promise<Answer>) => Promise<Answer>

/** Who is logged in: one token, one login at a time. */
export interface Session {
  login(): Promise<WxLoginAnswer>
  prepareLogin(): Promise<void>
  loginWithUserInfo(detail: UserInfoDetail): Promise<WxLoginAnswer>
  /** Makes the call with the token; on 401 logs in again, once for all callers, and makes it once more. */
  authorised: Authorised
  /** The same, and repeats passing failures. */
  authorisedWithRetry: Authorised
  /** Forgets the token, after a login under way has ended. @returns the token, '' if there was none */
  end(): Promise<string>
}

/** A code is valid for five minutes, once. */
const codeTtlMs = 4 * 60_000

export function createSession({ wx, api, retry, clock, appid, timeoutMs }: Parts): Session {
  const token = keep<string>(wx, 'fenpay.token', '')
  let loggingIn: Promise<string> | undefined
  let prepared: { code: string; gotAtMs: number } | undefined

  function askForCode(): Promise<string> {
    return new Promise((resolve, reject) => {
      wx.login({
        timeout: timeoutMs,
        success: ({ code, errMsg }) => (code ? resolve(code) : reject(wxFailure('login_failed', { errMsg }))),
        fail: (failure) => reject(wxFailure('login_failed', failure)),
      })
    })
  }

  async function takeCode(): Promise<string> {
    const kept = prepared
    prepared = undefined
    return kept !== undefined && clock() - kept.gotAtMs < codeTtlMs ? kept.code : askForCode()
  }

  /** Each try takes a new code: the one before may have been used, though its answer got lost. */
  async function exchangeCode(userInfo: UserInfo | undefined): Promise<string> {
    const answer = await retry(async () => api.login({ code: await takeCode(), ...(appid && { appid }), ...userInfo }))
    token.set(answer.token)
    return answer.token
  }

  /** Whoever needs a token from here on waits for this login. */
  function begin(exchange: () => Promise<string>): Promise<string> {
    const run = exchange().finally(() => {
      if (loggingIn === run) loggingIn = undefined
    })
    loggingIn = run
    return run
  }

  /** The token there is, or that of a login: the one under way, or a new one. */
  async function currentToken(): Promise<string> {
    return token.get() === '' ? (loggingIn ?? begin(() => exchangeCode(undefined))) : token.get()
  }

  const authorised: Authorised = async (call) => {
    const used = await currentToken()
    try {
      return await call(used)
    } catch (error) {
      if (statusOf(error) !== 401) throw error
      // Another caller may have logged in again already.
      if (token.get() === used) token.set('')
      return call(await currentToken())
    }
  }

  async function loginUnderWay(): Promise<void> {
    await loggingIn?.catch(() => undefined)
  }

  return {
    async login() {
      return { token: await currentToken() }
    },
    async prepareLogin() {
      prepared = { code: await askForCode(), gotAtMs: clock() }
    },
    async loginWithUserInfo(detail) {
      const userInfo = userInfoOf(detail)
      const before = loginUnderWay()
      return { token: await begin(() => before.then(() => exchangeCode(userInfo))) }
    },
    authorised,
    authorisedWithRetry: (call) => authorised((token) => retry(() => call(token))),
    async end() {
      await loginUnderWay()
      const ended = token.get()
      token.set('')
      return ended
    },
  }
}

/** WeChat gives all four fields or none. */
function userInfoOf({ errMsg = 'getUserInfo:fail', encryptedData, rawData, iv, signature }: UserInfoDetail): UserInfo {
  if (encryptedData === undefined) throw wxFailure('login_failed', { errMsg })
  return { encryptedData, rawData, iv, signature } as UserInfo
}
