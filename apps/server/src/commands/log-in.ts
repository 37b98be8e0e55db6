import { createHash } from 'node:crypto'
import { numberFromBytes } from '../domain/number.ts'
import { Refusal } from '../domain/refusal.ts'
import { sessionAbsoluteSeconds } from '../domain/session.ts'
import type { LoginGateway, LoginOutcome, Store, UserInfoFields, WeChatUser, World } from '../ports.ts'

/** The session token's hash, which is all that is stored of it. */
export function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}

/** The token of an Authorization header, bare or as `Bearer <token>`; '' when there is none. */
export function tokenOf(authorization: string | undefined): string {
  return authorization?.replace(/^Bearer /i, '') ?? ''
}

/** The merchant a token belongs to: its first part. A hint for the look-up only; the hash covers the whole token (A66). */
export function merchantOfToken(token: string): string | undefined {
  return /^([0-9]{8,32})\.[A-Za-z0-9_-]{43}$/.exec(token)?.[1]
}

/** Whether a text may be a code of wx.login or of the phone number button; WeChat is not asked about any other. */
export function mayBeWxCode(code: string): boolean {
  return /^[\x21-\x7e]+$/.test(code)
}

/**
 * Step 1: exchanges the code of wx.login for the user and opens a session. With the four fields of the old
 * getUserInfo button, their signature and watermark are checked as well.
 * @returns the token: merchant, a dot, 256 random bits. Always a new one (A43).
 * @throws Refusal wx_code_invalid, user_info_invalid, user_blocked, wechat_refused, wechat_unreachable
 */
export async function logIn(
  ports: { store: Store; login: LoginGateway; world: World },
  merchantId: string,
  appid: string,
  code: string,
  userInfo: UserInfoFields | undefined,
): Promise<string> {
  if (!mayBeWxCode(code)) throw new Refusal('wx_code_invalid', 'No code of wx.login has such characters.')
  const user = userOf(await ports.login.login(merchantId, appid, code, userInfo))
  const now = ports.world.now()
  const token = `${merchantId}.${Buffer.from(ports.world.randomBytes(32)).toString('base64url')}`
  const newUserId = numberFromBytes(ports.world.randomBytes(16))
  await ports.store.transaction(async (tx) => {
    const userId = await tx.upsertUser(merchantId, appid, user, newUserId, now)
    const expiresAt = new Date(now.getTime() + sessionAbsoluteSeconds * 1000)
    await tx.insertSession(
      { merchantId, userId, appid, openid: user.openid, lastUsedAt: now, expiresAt, revokedAt: undefined },
      hashToken(token),
      now,
    )
  })
  return token
}

function userOf(answer: LoginOutcome): WeChatUser {
  switch (answer.outcome) {
    case 'user':
      return answer.user
    case 'code_invalid':
      throw new Refusal('wx_code_invalid', 'WeChat did not accept the code.', answer.refusal)
    case 'user_info_invalid':
      throw new Refusal('user_info_invalid', answer.reason)
    case 'user_blocked':
      throw new Refusal('user_blocked', 'WeChat refuses the login of this user.', answer.refusal)
    case 'refused':
      throw new Refusal('wechat_refused', 'WeChat refused the login.', answer.refusal)
    case 'unknown':
      throw new Refusal('wechat_unreachable', 'WeChat did not answer the login. A repeat needs a new code of wx.login.')
  }
}
