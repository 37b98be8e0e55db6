import { issuePlainToken, issueStableToken } from '../../engine/access-tokens.ts'
import type { AccessToken } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import type { Call } from '../exchange.ts'
import { checkAppSecret, readWxBody, textOf } from './credentials.ts'
import { WxRefusal } from './wx-error.ts'

/** GET /cgi-bin/token (miniprogram-login.md 8). */
export function getAccessToken(world: World, { query }: Call): object {
  if (query.get('grant_type') !== 'client_credential') throw new WxRefusal(40002)
  const { appid } = checkAppSecret(world, query.get('appid') ?? '', query.get('secret') ?? '')
  return answer(world, issuePlainToken(world, appid))
}

/** POST /cgi-bin/stable_token (miniprogram-login.md 8). */
export function getStableAccessToken(world: World, call: Call): object {
  const body = readWxBody(call)
  if (body['grant_type'] !== 'client_credential') throw new WxRefusal(40002)
  const { appid } = checkAppSecret(world, textOf(body, 'appid'), textOf(body, 'secret'))
  return answer(world, issueStableToken(world, appid, body['force_refresh'] === true))
}

const answer = ({ clock }: World, { token, expiresAtMs }: AccessToken): object => ({
  access_token: token,
  expires_in: Math.round((expiresAtMs - clock.nowMs()) / 1000),
})
