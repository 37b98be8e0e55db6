import { Refusal } from '../domain/refusal.ts'
import { isSessionValid, type Session } from '../domain/session.ts'
import type { Store, World } from '../ports.ts'
import { hashToken, merchantOfToken, tokenOf } from './log-in.ts'

/** A session used again within this time is not written again. */
const touchEveryMs = 60_000

/**
 * Finds who sends a request, from the Authorization header: the bare token, or `Bearer <token>`.
 * @throws Refusal login_required for a missing, unknown, expired or revoked token, all alike
 */
export async function authenticate(
  ports: { store: Store; world: World },
  authorization: string | undefined,
): Promise<Session> {
  const token = tokenOf(authorization)
  const merchantId = merchantOfToken(token)
  if (merchantId === undefined) throw new Refusal('login_required', 'The Authorization header holds no session token.')
  const tokenHash = hashToken(token)
  const session = await ports.store.reads.session(merchantId, tokenHash)
  const now = ports.world.now()
  if (session === undefined || !isSessionValid(session, now)) {
    throw new Refusal('login_required', 'The session is unknown or over.')
  }
  if (now.getTime() - session.lastUsedAt.getTime() >= touchEveryMs) {
    await ports.store.touchSession(merchantId, tokenHash, now)
  }
  return session
}
