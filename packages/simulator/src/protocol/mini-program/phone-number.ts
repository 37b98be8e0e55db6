import { redeemCode } from '../../engine/people.ts'
import type { World } from '../../world.ts'
import type { Call } from '../exchange.ts'
import { appOfToken, readWxBody, textOf } from './credentials.ts'
import { WxRefusal } from './wx-error.ts'

/** POST /wxa/business/getuserphonenumber (miniprogram-login.md 7). A code of wx.login is refused like an invalid one. */
export function getUserPhoneNumber(world: World, call: Call): object {
  const body = readWxBody(call)
  const appid = appOfToken(world, call)
  const account = redeemCode(world, 'phone', appid, textOf(body, 'code'))
  if (typeof account === 'string') throw new WxRefusal(account === 'foreign' ? 40013 : 40029)
  const number = world.books.people.get(account.user)?.phoneNumber
  const timestamp = Math.floor(world.clock.nowMs() / 1000)
  return {
    errcode: 0,
    errmsg: 'ok',
    phone_info: { phoneNumber: number, purePhoneNumber: number, countryCode: '86', watermark: { timestamp, appid } },
  }
}
