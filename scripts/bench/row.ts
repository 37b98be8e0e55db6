import type { Reference } from './reference.ts'
import { type Summary, summaryOf } from './summary.ts'

/** One line of the table, with what the machine took for the least that can be done beside it. */
export interface Row {
  what: string
  times: Summary
  reference: Reference
  /** What was promised, and whether that was kept. */
  verdict: string
}

/** A promise about the times of one kind, in words and as a question. */
export interface Promised {
  words: string
  isKept(times: Summary): boolean
}

export function rowOf(what: string, times: readonly number[], reference: Reference, promised: Promised): Row {
  const summary = summaryOf(times)
  const isKept = promised.isKept(summary) ? 'kept' : 'not kept'
  return { what, times: summary, reference, verdict: `promised: ${promised.words} (${isKept})` }
}
