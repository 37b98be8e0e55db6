import type { Sql } from './connect.ts'

/** Keeps this fingerprint unless there is one already. @returns the one that is kept, of two at once the first one's */
export async function keepFingerprint(sql: Sql, fingerprint: Uint8Array): Promise<Uint8Array> {
  await sql`insert into master_key (fingerprint) values (${fingerprint}) on conflict do nothing`
  return (await keptFingerprint(sql)) ?? fingerprint
}

/** The fingerprint of the key that this database was first used with; undefined before the first start. */
export async function keptFingerprint(sql: Sql): Promise<Uint8Array | undefined> {
  const [row] = await sql<{ fingerprint: Uint8Array }[]>`select fingerprint from master_key`
  return row?.fingerprint
}
