import { isDatabaseUnavailable, type Sql } from './connect.ts'

/** The role the server works as: it may add to the history of money, and never change it (I8). */
export const appRole = 'fenpay_app'

/** History: rows are added, and that is all. The triggers say so too; the role says it to whoever finds a way around them. */
const appendOnly = [
  'ledger_postings',
  'ledger_entries',
  'payments',
  'order_events',
  'stock_settlements',
  'refund_lines',
  'master_key',
]
/** Kept by the database's own functions. */
const readOnly = ['ledger_balances', 'schema_migration']

/**
 * Gives the role its rights on every table there is; run by the owner after each migration. The role itself is made
 * where the owner may do so, else by the database's administrator:
 * `create role fenpay_app nologin; grant fenpay_app to <owner>`.
 * @returns the role to connect as, or undefined when there is none: then triggers alone guard the history
 */
export async function grantAppRole(sql: Sql): Promise<string | undefined> {
  await makeRole(sql)
  if ((await usableAppRole(sql)) === undefined) return undefined
  await sql.begin(async (tx) => {
    // Two servers that start at once would change the same rows of the catalogue.
    await tx`select pg_advisory_xact_lock(hashtext('fenpay grants'))`
    await tx.unsafe(`
      grant usage on schema public to ${appRole};
      grant select, insert, update, delete on all tables in schema public to ${appRole};
      revoke update, delete, truncate on ${appendOnly.join(', ')} from ${appRole};
      revoke insert, update, delete, truncate on ${readOnly.join(', ')} from ${appRole};
    `)
  })
  return appRole
}

/** The role, if there is one that this login may work as. */
export async function usableAppRole(sql: Sql): Promise<string | undefined> {
  const [usable] = await sql<{ member: boolean }[]>`
    select pg_has_role(current_user, oid, 'set') as member from pg_roles where rolname = ${appRole}`
  return usable?.member === true ? appRole : undefined
}

async function makeRole(sql: Sql): Promise<void> {
  const found = await sql`select from pg_roles where rolname = ${appRole}`
  if (found.length > 0) return
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(`create role ${appRole} nologin`)
      await tx.unsafe(`grant ${appRole} to current_user with set true`)
    })
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error
    // Not allowed, or another server was faster: whether it can be used is asked next.
  }
}
