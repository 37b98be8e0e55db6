import { readLimit } from './read-amount.ts'

/** The newest rows of a list; `more` is what to say below them when there are older ones, else nothing. */
export interface Newest<Row> {
  rows: Row[]
  more: string[]
}

/** Reads as many rows as `--limit` allows, and one more to know whether there are more. @throws CliFailure wrong_use */
export async function readNewest<Row>(
  limit: string,
  read: (limit: number) => Promise<readonly Row[]>,
): Promise<Newest<Row>> {
  const wanted = readLimit(limit)
  const found = await read(wanted + 1)
  return {
    rows: found.slice(0, wanted),
    more: found.length > wanted ? [`The newest ${wanted}; there are more: --limit <n>`] : [],
  }
}
