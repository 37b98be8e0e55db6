import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Queries } from './store.ts'

/** An invariant of the database that does not hold, with the rows that show it. */
export interface BrokenInvariant {
  /** Its id, `I1` and so on. */
  id: string
  /** The sentence that is not true. */
  what: string
  rows: unknown[]
}

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

async function readInvariants(): Promise<{ id: string; what: string; query: string }[]> {
  const [, ...parts] = (await readFile(file, 'utf8')).split(/^-- (?=I\d+: )/m)
  return parts.map((part) => {
    const [head = '', ...query] = part.split('\n')
    const [id = '', what = ''] = head.split(': ')
    return { id, what, query: query.join('\n').trim() }
  })
}
