import type { Session } from '../domain/session.ts'
import type { WeChatUser } from '../ports.ts'
import type { Queries } from './store.ts'

export async function findSession(
  sql: Queries,
  merchantId: string,
  tokenHash: Uint8Array,
): Promise<Session | undefined> {
  const [row] = await sql<
    { user_id: string; appid: string; openid: string; last_used_at: Date; expires_at: Date; revoked_at: Date | null }[]
  >`select s.user_id, u.appid, u.openid, s.last_used_at, s.expires_at, s.revoked_at
      from sessions s join users u using (merchant_id, user_id)
     where s.merchant_id = ${merchantId} and s.token_hash = ${tokenHash}`
  if (row === undefined) return undefined
  return {
    merchantId,
    userId: row.user_id,
    appid: row.appid,
    openid: row.openid,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at ?? undefined,
  }
}

/** Inserts the user at first sight; keeps what is known where WeChat says nothing new. Answers the user's id. */
export async function upsertUser(
  sql: Queries,
  merchantId: string,
  appid: string,
  user: WeChatUser,
  newUserId: string,
  at: Date,
): Promise<string> {
  const [row] = await sql<{ user_id: string }[]>`
    insert into users (merchant_id, user_id, appid, openid, unionid, nickname, avatar_url, created_at, last_login_at)
    values (${merchantId}, ${newUserId}, ${appid}, ${user.openid}, ${user.unionid ?? null}, ${user.nickname ?? null},
            ${user.avatarUrl ?? null}, ${at}, ${at})
    on conflict (merchant_id, appid, openid) do update
       set unionid = coalesce(excluded.unionid, users.unionid),
           nickname = coalesce(excluded.nickname, users.nickname),
           avatar_url = coalesce(excluded.avatar_url, users.avatar_url),
           last_login_at = excluded.last_login_at
    returning user_id`
  if (row === undefined) throw new Error('the user was neither inserted nor found')
  return row.user_id
}

export async function insertSession(sql: Queries, session: Session, tokenHash: Uint8Array, at: Date): Promise<void> {
  await sql`
    insert into sessions (merchant_id, token_hash, user_id, created_at, last_used_at, expires_at)
    values (${session.merchantId}, ${tokenHash}, ${session.userId}, ${at}, ${session.lastUsedAt}, ${session.expiresAt})`
}

export async function touchSession(sql: Queries, merchantId: string, tokenHash: Uint8Array, at: Date): Promise<void> {
  await sql`update sessions set last_used_at = greatest(last_used_at, ${at})
             where merchant_id = ${merchantId} and token_hash = ${tokenHash}`
}

export async function revokeSession(sql: Queries, merchantId: string, tokenHash: Uint8Array, at: Date): Promise<void> {
  await sql`update sessions set revoked_at = coalesce(revoked_at, ${at})
             where merchant_id = ${merchantId} and token_hash = ${tokenHash}`
}
