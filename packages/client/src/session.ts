import type { ApiClient, WxLoginAnswer, WxLoginRequest } from '@fenpay/contract'
import { isFenpayError, loginFailure } from './errors.ts'
import type { Retry } from './retry.ts'
import type { Storage } from './storage.ts'
import type { WxLike } from './wx-like.ts'

/** `event.detail` of `<button open-type="getUserInfo">`; without the four fields when the user said no. */
export interface UserInfoDetail {
  errMsg?: string
  encryptedData?: string
  rawData?: string
  iv?: string
  signature?: string
}

type UserInfo = Pick<Required<WxLoginRequest>, 'encryptedData' | 'rawData' | 'iv' | 'signature'>

/** Who is logged in: one token, one login at a time. */
export interface Session {
  login(): Promise<WxLoginAnswer>
  prepareLogin(): Promise<void>
  loginWithUserInfo(detail: UserInfoDetail): Promise<WxLoginAnswer>
  /** Makes the call with the token; on 401 logs in again, once for all callers, and makes it once more. */
  authorised<Answer>(call: (token: string) => Promise<Answer>): Promise<Answer>
  /** Forgets the token, after a login under way has ended. @returns the token, where there was one */
  end(): Promise<string | undefined>
}

/** A code is valid for five minutes, once. */
const codeTtlMs = 4 * 60_000

interface SessionParts {
  wx: WxLike
  api: ApiClient
  storage: Storage
  retry: Retry
  clock: () => number
  appid: string | undefined
  timeoutMs: number
}

export function createSession({ wx, api, storage, retry, clock, appid, timeoutMs }: SessionParts): Session {
  let loggingIn: Promise<string> | undefined
  let prepared: { code: string; gotAtMs: number } | undefined

  function storedToken(): string | undefined {
    const token = storage.read('fenpay.token')
    return typeof token === 'string' ? token : undefined
  }

  function askForCode(): Promise<string> {
    return new Promise((resolve, reject) => {
      wx.login({
        timeout: timeoutMs,
        success: ({ code }) => (code ? resolve(code) : reject(loginFailure({ errMsg: 'login:ok without a code' }))),
        fail: (failure) => reject(loginFailure(failure)),
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
    const { token } = await retry(async () =>
      api.login({ code: await takeCode(), ...(appid === undefined ? {} : { appid }), ...userInfo }),
    )
    storage.write('fenpay.token', token)
    return token
  }

  /** Whoever needs a token from here on waits for this login. */
  function begin(exchange: () => Promise<string>): Promise<string> {
    const run = exchange().finally(() => {
      if (loggingIn === run) loggingIn = undefined
    })
    loggingIn = run
    return run
  }

  function renew(): Promise<string> {
    return loggingIn ?? begin(() => exchangeCode(undefined))
  }

  async function loginUnderWay(): Promise<void> {
    await loggingIn?.catch(() => undefined)
  }

  return {
    async login() {
      return { token: storedToken() ?? (await renew()) }
    },
    async prepareLogin() {
      prepared = { code: await askForCode(), gotAtMs: clock() }
    },
    async loginWithUserInfo(detail) {
      const userInfo = userInfoOf(detail)
      const before = loginUnderWay()
      return { token: await begin(() => before.then(() => exchangeCode(userInfo))) }
    },
    async authorised(call) {
      const token = storedToken() ?? (await renew())
      try {
        return await call(token)
      } catch (error) {
        if (!isFenpayError(error) || !('statusCode' in error) || error.statusCode !== 401) throw error
        if (storedToken() === token) storage.remove('fenpay.token')
        return call(storedToken() ?? (await renew()))
      }
    },
    async end() {
      await loginUnderWay()
      const token = storedToken()
      storage.remove('fenpay.token')
      return token
    },
  }
}

function userInfoOf({ encryptedData, rawData, iv, signature, errMsg }: UserInfoDetail): UserInfo {
  if (encryptedData === undefined || rawData === undefined || iv === undefined || signature === undefined) {
    throw loginFailure({ errMsg: errMsg ?? 'getUserInfo:fail' })
  }
  return { encryptedData, rawData, iv, signature }
}
