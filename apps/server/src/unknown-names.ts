/** Names of ours that other programs read: `npm start`, the tests, the acceptance script. */
const readElsewhere = ['FENPAY_PHONE_PORT', 'FENPAY_URL', 'FENPAY_TEST_DATABASE_URL', 'FENPAY_CRASH_SEED']

/** A line for each name of ours that nobody reads: misspelt, it would be a default without a word. */
export function unknownNames(given: readonly string[], read: readonly string[]): string[] {
  const known = [...read, ...readElsewhere].filter((name) => name.startsWith(prefix))
  return given
    .filter((name) => name.startsWith(prefix) && !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known)
      return `${name} is not known; ${meant === undefined ? 'see docs/configuration.md' : `did you mean ${meant}?`}`
    })
}

const prefix = 'FENPAY_'

/** The known name with the fewest changes; undefined where more than half of it would have to change. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const byDistance = known
    .map((candidate) => ({ candidate, changes: distance(name, candidate) }))
    .filter(({ candidate, changes }) => 2 * changes <= Math.max(name.length, candidate.length) - prefix.length)
    .sort((a, b) => a.changes - b.changes)
  return byDistance[0]?.candidate
}

/** How many letters have to be put in, taken out or replaced to make one text of the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (const [at, wanted] of [...to].entries()) {
      const replaced = (row[at] ?? 0) + (letter === wanted ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
