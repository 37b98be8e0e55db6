import type { Avatar, StoredProfile } from '../ports.ts'
import type { Queries } from './store.ts'

export async function findProfile(
  sql: Queries,
  merchantId: string,
  userId: string,
): Promise<StoredProfile | undefined> {
  const [row] = await sql<{ nickname: string | null; sealed_phone: Uint8Array | null; avatar_id: string | null }[]>`
    select u.nickname, u.sealed_phone, a.avatar_id
      from users u left join avatars a using (merchant_id, user_id)
     where u.merchant_id = ${merchantId} and u.user_id = ${userId}`
  if (row === undefined) return undefined
  return {
    nickname: row.nickname ?? undefined,
    sealedPhone: row.sealed_phone ?? undefined,
    avatarId: row.avatar_id ?? undefined,
  }
}

export async function setNickname(sql: Queries, merchantId: string, userId: string, nickname: string): Promise<void> {
  await sql`update users set nickname = ${nickname} where merchant_id = ${merchantId} and user_id = ${userId}`
}

export async function setPhone(
  sql: Queries,
  merchantId: string,
  userId: string,
  sealedPhone: Uint8Array,
): Promise<void> {
  await sql`update users set sealed_phone = ${sealedPhone} where merchant_id = ${merchantId} and user_id = ${userId}`
}

/** The new picture takes the place of the old one. */
export async function setAvatar(sql: Queries, merchantId: string, userId: string, avatar: Avatar): Promise<void> {
  await sql`
    insert into avatars (merchant_id, avatar_id, user_id, content_type, content)
    values (${merchantId}, ${avatar.avatarId}, ${userId}, ${avatar.contentType}, ${avatar.content})
    on conflict (merchant_id, user_id) do update
       set avatar_id = excluded.avatar_id, content_type = excluded.content_type, content = excluded.content`
}

export async function findAvatar(sql: Queries, merchantId: string, avatarId: string): Promise<Avatar | undefined> {
  const [row] = await sql<{ content_type: Avatar['contentType']; content: Uint8Array }[]>`
    select content_type, content from avatars where merchant_id = ${merchantId} and avatar_id = ${avatarId}`
  return row && { avatarId, contentType: row.content_type, content: row.content }
}
