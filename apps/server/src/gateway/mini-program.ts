import {
  decryptOpenData,
  isWechatError,
  type MiniProgramClient,
  type MiniProgramSession,
  verifyRawData,
  WechatRefusedError,
} from '@fenpay/wechat'
import type { LoginOutcome, PhoneOutcome, UserInfoFields } from '../ports.ts'

/** The code is unknown, over, used, or another app's (miniprogram-login.md 3). */
const codeInvalid = new Set(['40029', '40163'])
const userBlocked = '40226'
/** Asked too often; the next minute is fine. */
const tooOften = '45011'

/** code2Session and, in the old way, the check of the user's own data. The session_key ends with this function (A41). */
export async function miniProgramLogin(
  client: MiniProgramClient,
  appid: string,
  code: string,
  userInfo: UserInfoFields | undefined,
): Promise<LoginOutcome> {
  let session: MiniProgramSession
  try {
    session = await client.code2Session(code)
  } catch (error) {
    return refusedCall(error)
  }
  const user = { openid: session.openid, ...(session.unionid === undefined ? {} : { unionid: session.unionid }) }
  return userInfo === undefined ? { outcome: 'user', user } : withUserInfo(user, session, appid, userInfo)
}

/** The phone number behind the code of the phone number button (miniprogram-login.md 7). */
export async function miniProgramPhone(client: MiniProgramClient, code: string): Promise<PhoneOutcome> {
  try {
    return { outcome: 'phone', phoneNumber: (await client.phoneNumber(code)).phoneNumber }
  } catch (error) {
    const answer = refusedCall(error)
    return answer.outcome === 'user_blocked' ? { outcome: 'refused', refusal: answer.refusal } : answer
  }
}

type RefusedCall = Exclude<LoginOutcome, { outcome: 'user' } | { outcome: 'user_info_invalid' }>

function refusedCall(error: unknown): RefusedCall {
  if (!isWechatError(error)) throw error
  if (!(error instanceof WechatRefusedError) || error.outcomeUnknown || error.apiCode === tooOften) {
    return { outcome: 'unknown', why: 'unreachable', detail: error.message }
  }
  const refusal = { code: error.apiCode, message: error.apiMessage }
  if (codeInvalid.has(error.apiCode)) return { outcome: 'code_invalid', refusal }
  if (error.apiCode === userBlocked) return { outcome: 'user_blocked', refusal }
  return { outcome: 'refused', refusal }
}

function withUserInfo(
  user: { openid: string; unionid?: string },
  session: MiniProgramSession,
  appid: string,
  { rawData, signature, encryptedData, iv }: UserInfoFields,
): LoginOutcome {
  const sessionKey = session.session_key
  if (!verifyRawData({ rawData, sessionKey, signature })) {
    return { outcome: 'user_info_invalid', reason: 'The signature does not fit rawData and this login.' }
  }
  try {
    const data = decryptOpenData({ encryptedData, iv, sessionKey, appid })
    // Old data carries the openid; it has to be the one who logs in (A39).
    if (data.openId !== undefined && data.openId !== session.openid) {
      return { outcome: 'user_info_invalid', reason: 'encryptedData is about another user.' }
    }
    return {
      outcome: 'user',
      user: {
        ...user,
        ...(data.nickName ? { nickname: data.nickName } : {}),
        ...(data.avatarUrl ? { avatarUrl: data.avatarUrl } : {}),
      },
    }
  } catch (error) {
    if (!isWechatError(error)) throw error
    return { outcome: 'user_info_invalid', reason: error.message }
  }
}
