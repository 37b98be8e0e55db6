import { signWithSessionKey } from '../../crypto/open-data.ts'
import { resetSessionKey } from '../../engine/people.ts'
import type { Account } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import type { Call } from '../exchange.ts'
import { appOfToken } from './credentials.ts'
import { WxRefusal } from './wx-error.ts'

/** GET /wxa/checksession (miniprogram-login.md 4). */
export function checkSessionKey(world: World, call: Call): object {
  checkSignature(world, call)
  return { errcode: 0, errmsg: 'ok' }
}

/** GET /wxa/resetusersessionkey (miniprogram-login.md 4). */
export function resetUserSessionKey(world: World, call: Call): object {
  const account = resetSessionKey(world, checkSignature(world, call))
  return { errcode: 0, errmsg: 'ok', openid: account.openid, session_key: account.sessionKey }
}

function checkSignature(world: World, call: Call): Account {
  const appid = appOfToken(world, call)
  const account = world.books.accounts.find(call.query.get('openid') ?? '')
  if (account?.appid !== appid) throw new WxRefusal(40003)
  if (call.query.get('sig_method') !== 'hmac_sha256') throw new WxRefusal(87008)
  if (call.query.get('signature') !== signWithSessionKey('', account.sessionKey)) throw new WxRefusal(87009)
  return account
}
