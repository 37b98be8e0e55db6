import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { BrokenInvariant } from '../ports.ts'
import type { Sql } from './connect.ts'
import type { Queries } from './store.ts'

const file = fileURLToPath(new URL('./invariants.sql', import.meta.url))

/**
 * Runs every query of `invariants.sql` in one statement, hence on one snapshot: it may be asked while the server works.
 * @returns the invariants that do not hold; nothing when all is well
 */
export async function checkInvariants(sql: Queries): Promise<BrokenInvariant[]> {
  const invariants = await readInvariants()
  const found = await sql.unsafe<{ place: number; row: unknown }[]>(
    invariants
      .map(({ query }, place) => `select ${place} as place, to_jsonb(found) as row from (${query}) found`)
      .join('\nunion all\n'),
  )
  return invariants.flatMap(({ id, what }, place) => {
    const rows = found.filter((violation) => violation.place === place).map(({ row }) => row)
    return rows.length === 0 ? [] : [{ id, what, rows }]
  })
}

/** The same on a database of any size: it reads every row, which may take longer than a statement of the shop may. */
export async function checkInvariantsPatiently(sql: Sql): Promise<BrokenInvariant[]> {
  const { broken } = await sql.begin('read only', async (tx) => {
    await tx`set local statement_timeout = '2min'`
    return { broken: await checkInvariants(tx) }
  })
  return broken
}

/** What is checked, in the order of the file. */
export async function readInvariants(): Promise<{ id: string; what: string; query: string }[]> {
  const [, ...parts] = (await readFile(file, 'utf8')).split(/^-- (?=I\d+: )/m)
  return parts.map((part) => {
    const [head = '', ...query] = part.split('\n')
    const [id = '', what = ''] = head.split(': ')
    return { id, what, query: query.join('\n').trim() }
  })
}
