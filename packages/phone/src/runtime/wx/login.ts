import { ask, report } from '../bridge.ts'
import { appid, settings } from '../settings.ts'
import { askForMessages, askForPhoneNumber, askForProfile, chooseAvatar } from '../sheets/consent.ts'
import { api, Failure, type Options, textOption } from './api.ts'
import { reachNetwork } from './request.ts'

/** Asks WeChat in the name of who holds the phone. */
export async function askWeChat(
  what: 'login' | 'phoneNumber' | 'requestPayment',
  more: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  await reachNetwork()
  return ask(`wechat/${what}`, { appid, user: settings.user, ...more })
}

let loggedIn = false

async function profile(options: Options, anonymous: boolean): Promise<Record<string, unknown>> {
  const { rawData, signature, encryptedData, iv } = await askWeChat('login', { with_user_info: true })
  const userInfo: unknown = JSON.parse(String(rawData ?? '{}'))
  const proof = anonymous && options['withCredentials'] === false ? {} : { signature, encryptedData, iv }
  return { userInfo, rawData, ...proof }
}

/** What a phone-number button's event carries. */
export async function phoneNumberDetail(): Promise<Record<string, unknown>> {
  if (!(await askForPhoneNumber())) return { errMsg: 'getPhoneNumber:fail user deny' }
  try {
    const { errMsg, code } = await askWeChat('phoneNumber')
    return { errMsg, code }
  } catch (error) {
    return { errMsg: `getPhoneNumber:fail ${error instanceof Error ? error.message : error}` }
  }
}

/** What the old profile button's event carries. */
export async function userInfoDetail(): Promise<Record<string, unknown>> {
  if (!(await askForProfile())) return { errMsg: 'getUserInfo:fail auth deny' }
  try {
    return { errMsg: 'getUserInfo:ok', ...(await profile({}, false)) }
  } catch (error) {
    return { errMsg: `getUserInfo:fail ${error instanceof Error ? error.message : error}` }
  }
}

/** What an avatar button's event carries; undefined: none was chosen, and there is no event. */
export async function avatarDetail(): Promise<{ avatarUrl: string } | undefined> {
  const avatarUrl = await chooseAvatar()
  return avatarUrl === undefined ? undefined : { avatarUrl }
}

/** Who the person is (miniprogram-login.md). */
export const identity = {
  login: api('login', async () => {
    const { errMsg, code } = await askWeChat('login')
    if (typeof code !== 'string') throw new Failure(String(errMsg ?? 'no code'))
    loggedIn = true
    report('login', 'wx.login 得到 code', { code })
    return { code }
  }),
  checkSession: api('checkSession', () => {
    if (!loggedIn) throw new Failure('session expired')
    return {}
  }),
  getUserProfile: api('getUserProfile', async (options) => {
    const desc = textOption(options, 'desc')
    if (desc === '' || [...desc].length > 30) throw new Failure('desc length does not meet the requirements')
    if (!(await askForProfile(desc))) throw new Failure('auth deny')
    return profile(options, false)
  }),
  getUserInfo: api('getUserInfo', (options) => profile(options, true)),
  requestSubscribeMessage: api('requestSubscribeMessage', async (options) => {
    const ids = options['tmplIds']
    if (!Array.isArray(ids) || ids.length === 0) throw new Failure("TmplIds can't be empty", { errCode: 10001 })
    const agreed = await askForMessages(ids.map(String))
    return Object.fromEntries(ids.map((id) => [String(id), agreed ? 'accept' : 'reject']))
  }),
}
