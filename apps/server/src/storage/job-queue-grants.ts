import type { Sql } from './connect.ts'

/** pg-boss keeps its jobs in a schema of its own; its tables are the owner's. */
export const jobSchema = 'pgboss'

/** Lets the role the server works as put jobs into the queue, inside its own transactions, and nothing else. */
export async function grantJobQueue(sql: Sql, role: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('fenpay grants'))`
    await tx.unsafe(`
      grant usage on schema ${jobSchema} to ${role};
      grant select, insert on all tables in schema ${jobSchema} to ${role};
      grant execute on all functions in schema ${jobSchema} to ${role};
    `)
  })
}
