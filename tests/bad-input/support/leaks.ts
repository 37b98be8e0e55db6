import assert from 'node:assert/strict'
import type { Answer } from './answer.ts'

/** What an answer never shows (A55): a stack, SQL, a file of this program, an address behind it. */
const telling = [
  /\n\s+at /,
  /\.[tj]s\b/,
  /node:|node_modules|FST_ERR/,
  new RegExp(process.cwd()),
  /\/tmp\//,
  /\b(select|insert into|update|delete from)\b.*\b(from|values|set|where)\b/i,
  /violates|constraint|relation "|syntax error|sqlstate|postgres/i,
  /ECONN|ETIMEDOUT|EPIPE|127\.0\.0\.1:\d/,
  /PRIVATE KEY/,
]

export function assertNoLeak(answer: Answer, secrets: Iterable<string>): void {
  const everything = `${[...answer.headers].map((header) => header.join(': ')).join('\n')}\n\n${answer.text}`
  for (const pattern of telling) assert.doesNotMatch(everything, pattern)
  for (const secret of secrets) assert.ok(!everything.includes(secret), 'the answer holds a secret')
}
