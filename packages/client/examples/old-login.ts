import { type Fenpay, isFenpayError, type UserInfoDetail } from '@fenpay/client'

/** Page.onLoad of a page with `<button open-type="getUserInfo" bindgetuserinfo="logIn">`: before the tap. */
export function onLoad(fenpay: Fenpay): Promise<void> {
  return fenpay.prepareLogin()
}

/** That button's handler, with `event.detail`. Whoever says no logs in without a profile. */
export async function logIn(fenpay: Fenpay, detail: UserInfoDetail): Promise<void> {
  try {
    await fenpay.loginWithUserInfo(detail)
  } catch (error) {
    if (!isFenpayError(error) || error.code !== 'login_failed') throw error
    await fenpay.login()
  }
}
