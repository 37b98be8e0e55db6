/** A session that nobody uses ends after seven days; the longest one lives thirty (A43). */
export const sessionIdleSeconds = 7 * 24 * 60 * 60
export const sessionAbsoluteSeconds = 30 * 24 * 60 * 60

export interface Session {
  merchantId: string
  userId: string
  appid: string
  openid: string
  lastUsedAt: Date
  expiresAt: Date
  revokedAt: Date | undefined
}

/** Whether the session may still be used. */
export function isSessionValid(session: Session, now: Date): boolean {
  const idleSince = now.getTime() - session.lastUsedAt.getTime()
  return session.revokedAt === undefined && now < session.expiresAt && idleSince < sessionIdleSeconds * 1000
}
