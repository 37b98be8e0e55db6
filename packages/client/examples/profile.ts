import type { Fenpay } from '@fenpay/client'

/** `<input type="nickname">`: with the value of the form, since WeChat may have cleared it. */
export async function keepNickname(fenpay: Fenpay, value: string): Promise<string | undefined> {
  return (await fenpay.changeNickname(value)).nickname
}

/** `<button open-type="chooseAvatar" bindchooseavatar>`: with `event.detail.avatarUrl`; gives the picture's address. */
export async function keepAvatar(fenpay: Fenpay, avatarUrl: string, baseUrl: string): Promise<string> {
  const { avatar_path } = await fenpay.changeAvatar(avatarUrl)
  return `${baseUrl}${avatar_path}`
}

/** `<button open-type="getPhoneNumber" bindgetphonenumber>`: with `event.detail`, which has no code when the user said no. */
export async function keepPhone(fenpay: Fenpay, detail: { code?: string }): Promise<string | undefined> {
  if (detail.code === undefined) return undefined
  return (await fenpay.bindPhone(detail.code)).phone
}

/** The page 我的. */
export async function showMe(fenpay: Fenpay): Promise<string> {
  const { nickname = '微信用户', phone = '未绑定手机号' } = await fenpay.profile()
  return `${nickname} ${phone}`
}

/** The button 退出登录. */
export function leave(fenpay: Fenpay): Promise<void> {
  return fenpay.logout()
}
