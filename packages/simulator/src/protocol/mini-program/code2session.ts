import { redeemCode } from '../../engine/people.ts'
import type { World } from '../../world.ts'
import type { Call } from '../exchange.ts'
import { checkAppSecret } from './credentials.ts'
import { WxRefusal } from './wx-error.ts'

/** GET /sns/jscode2session (miniprogram-login.md 3). */
export function code2Session(world: World, { query }: Call): object {
  const { appid } = checkAppSecret(world, query.get('appid') ?? '', query.get('secret') ?? '')
  const code = query.get('js_code') ?? ''
  if (code === '') throw new WxRefusal(41008)
  if (query.get('grant_type') !== 'authorization_code') throw new WxRefusal(40002)
  const account = redeemCode(world, 'login', appid, code)
  // A used code answers 40163 while it would still be valid, 40029 afterwards: users report both.
  if (typeof account === 'string') throw new WxRefusal(account === 'used' ? 40163 : 40029)
  return {
    session_key: account.sessionKey,
    openid: account.openid,
    unionid: world.books.people.get(account.user)?.unionid,
  }
}
