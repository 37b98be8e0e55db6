import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import type { Sql, Transaction } from './connect.ts'

/** One numbered change of the schema. */
export type Migration = { readonly version: number; readonly title: string; readonly sql: string }

export type MigrationErrorCode =
  | 'MIGRATION_FILES_INVALID'
  | 'MIGRATION_CHANGED'
  | 'MIGRATION_FAILED'
  | 'DATABASE_TOO_NEW'

/** The schema cannot be brought to what this program needs. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: MigrationErrorCode

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * Reads the files `NNNN-title.sql` of a directory, in order.
 *
 * @throws {MigrationError} MIGRATION_FILES_INVALID unless the numbers are 1, 2, 3 … and every name has that form.
 */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name, index) => {
      const [, number, title] = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(name) ?? []
      const version = Number(number)
      if (title === undefined || version !== index + 1) {
        const wanted = `${String(index + 1).padStart(4, '0')}-title.sql`
        throw new MigrationError('MIGRATION_FILES_INVALID', `${name} in ${directory} should be named ${wanted}`)
      }
      return { version, title, sql: await readFile(join(directory, name), 'utf8') }
    }),
  )
}

/** How long a migrator waits for another one that is at work on the same migration. */
const rivalTimeout = '10min'
const lockAttempts = 5
const lockRetryMs = 500

/**
 * Brings the schema up to the last of `migrations`, each in a transaction of its own, and answers the versions it applied.
 * Any number of processes may do so at once: a version's row comes first in its transaction, so the second waits
 * for the first and then finds it done. A migration itself waits 2 s for a lock at most, lest all traffic queue behind it.
 *
 * @throws {MigrationError} DATABASE_TOO_NEW when the database has a version this program does not know;
 *   MIGRATION_CHANGED when an applied migration has another text now; MIGRATION_FAILED with the cause.
 */
export async function migrate(sql: Sql, migrations: readonly Migration[]): Promise<number[]> {
  await makeTable(sql)
  const last = migrations.at(-1)?.version ?? 0
  const [newest] = await sql<{ version: number; title: string }[]>`
    select version, title from schema_migration where version > ${last} order by version desc limit 1`
  if (newest !== undefined) {
    throw new MigrationError(
      'DATABASE_TOO_NEW',
      `the database is at version ${newest.version} (${newest.title}), this program knows ${last} at most: run the newer program`,
    )
  }
  const applied: number[] = []
  for (const migration of migrations) {
    if (await applyPatiently(sql, migration)) applied.push(migration.version)
  }
  return applied
}

async function makeTable(sql: Sql): Promise<void> {
  const [found] =
    await sql`select from pg_tables where schemaname = current_schema() and tablename = 'schema_migration'`
  if (found !== undefined) return
  await sql.begin(async (transaction) => {
    await transaction`set local lock_timeout = '10min'`
    // "if not exists" alone still fails when two sessions create at once.
    await transaction`select pg_advisory_xact_lock(hashtextextended('fenpay schema_migration', 0))`
    await transaction`
      create table if not exists schema_migration (
        version integer primary key,
        title text not null,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`
  })
}

/** A table in use gives its lock late: the migration lets the traffic pass, then tries again. */
async function applyPatiently(sql: Sql, migration: Migration): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sql.begin((transaction) => applyOnce(transaction, migration))
    } catch (error) {
      if (attempt === lockAttempts || !isLockTimeout(error)) throw error
    }
    await delay(lockRetryMs)
  }
}

function isLockTimeout(error: unknown): boolean {
  return (
    error instanceof MigrationError && error.cause instanceof postgres.PostgresError && error.cause.code === '55P03'
  )
}

/** Whether it was applied now; false when it had been before. */
async function applyOnce(transaction: Transaction, migration: Migration): Promise<boolean> {
  const { version, title } = migration
  const checksum = checksumOf(migration)
  await transaction`select set_config('lock_timeout', ${rivalTimeout}, true), set_config('statement_timeout', '0', true)`
  const inserted = await transaction`
    insert into schema_migration (version, title, checksum) values (${version}, ${title}, ${checksum})
    on conflict (version) do nothing returning version`
  if (inserted.length === 0) {
    await checkUnchanged(transaction, migration, checksum)
    return false
  }
  try {
    await transaction`set local lock_timeout = '2s'`
    await transaction.unsafe(migration.sql)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MigrationError('MIGRATION_FAILED', `migration ${version} (${title}) was not applied: ${reason}`, {
      cause,
    })
  }
  return true
}

async function checkUnchanged(transaction: Transaction, migration: Migration, checksum: string): Promise<void> {
  const { version, title } = migration
  const [row] = await transaction<
    { checksum: string }[]
  >`select checksum from schema_migration where version = ${version}`
  if (row?.checksum === checksum) return
  throw new MigrationError(
    'MIGRATION_CHANGED',
    `migration ${version} (${title}) is not the one this database was made with: restore its file, add a new migration`,
  )
}

/** Line ends do not count: a checkout on Windows may change them. */
function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql.replaceAll('\r\n', '\n')).digest('hex')
}
