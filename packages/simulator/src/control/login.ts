import { encryptOpenData, signRawData } from '../crypto/open-data.ts'
import { logIn, pressPhoneNumberButton } from '../engine/people.ts'
import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, readInput, requiredText } from './input.ts'

/**
 * POST /_sim/wx/login `{appid, user, with_user_info?}`: the phone's wx.login, and the profile of the old getUserInfo
 * button with the data that proves it (miniprogram-login.md 5).
 */
export function login({ world, call, url }: Control): ControlAnswer {
  const input = readInput(call.text)
  const { appid, user } = whoIsIt({ world }, input)
  const withUserInfo = input['with_user_info'] ?? false
  if (typeof withUserInfo !== 'boolean') throw new ControlInputError('with_user_info must be true or false')
  const { code, account } = logIn(world, appid, user)
  const answer = { errMsg: 'login:ok', code }
  const verdict = { ok: true, code: 'login:ok' }
  if (!withUserInfo) return { body: answer, verdict }
  const profile = {
    nickName: user,
    gender: 0,
    language: 'zh_CN',
    city: '',
    province: '',
    country: '',
    avatarUrl: `${url}/_sim/avatars/${encodeURIComponent(user)}.svg`,
  }
  const rawData = JSON.stringify(profile)
  const iv = Buffer.from(world.random(16)).toString('base64')
  const openData = {
    openId: account.openid,
    ...profile,
    unionId: world.books.people.get(user)?.unionid,
    watermark: { timestamp: Math.floor(world.clock.nowMs() / 1000), appid },
  }
  const encryptedData = encryptOpenData(JSON.stringify(openData), account.sessionKey, iv)
  const signature = signRawData(rawData, account.sessionKey)
  return { body: { ...answer, rawData, signature, encryptedData, iv }, verdict }
}

/** POST /_sim/wx/phoneNumber `{appid, user}`: the code of the phone-number button. */
export function phoneNumber({ world, call }: Control): ControlAnswer {
  const { appid, user } = whoIsIt({ world }, readInput(call.text))
  const code = pressPhoneNumberButton(world, appid, user)
  return {
    body: { errMsg: 'getPhoneNumber:ok', code },
    verdict: { ok: true, code: 'getPhoneNumber:ok' },
  }
}

/** The app and the person of a phone's call. */
export function whoIsIt(
  { world }: Pick<Control, 'world'>,
  input: Readonly<Record<string, unknown>>,
): { appid: string; user: string } {
  const appid = requiredText(input, 'appid')
  const user = requiredText(input, 'user')
  if (!world.books.apps.get(appid))
    throw new ControlInputError(`appid ${appid} is unknown; GET /_sim/merchants lists the apps`)
  if (user.length > 64 || /[/\p{Cc}]/u.test(user)) {
    throw new ControlInputError('user must have at most 64 characters, without slash and control characters')
  }
  return { appid, user }
}
