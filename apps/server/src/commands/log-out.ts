import type { Store, World } from '../ports.ts'
import { hashToken, merchantOfToken, tokenOf } from './log-in.ts'

/** Ends the session at once; a token that is unknown or over already is no error. */
export async function logOut(ports: { store: Store; world: World }, authorization: string | undefined): Promise<void> {
  const token = tokenOf(authorization)
  const merchantId = merchantOfToken(token)
  if (merchantId !== undefined) await ports.store.revokeSession(merchantId, hashToken(token), ports.world.now())
}
