import type { Sql } from './connect.ts'

/** The last migration that this database has; 0 when it has none of ours. */
export async function schemaVersion(sql: Sql): Promise<number> {
  const [found] = await sql<{ there: boolean }[]>`select to_regclass('schema_migration') is not null as there`
  if (found?.there !== true) return 0
  const [row] = await sql<{ version: number | null }[]>`select max(version) as version from schema_migration`
  return row?.version ?? 0
}
