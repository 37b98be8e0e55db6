import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { tablesByHeading } from './support/read-table.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const testFiles = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'))
const sources = testFiles.map((name) => read(`tests/bad-input/${name}`))
const elsewhere = 'Met elsewhere'

test('every table of docs/bad-input.md is played by one test file', () => {
  const played = sources.flatMap((source) =>
    [...source.matchAll(/testTable\(\s*'([^']+)'/g)].map(([, heading]) => heading),
  )
  const headings = [...tablesByHeading().keys()].filter((heading) => heading !== elsewhere)
  assert.deepEqual(played.sort(), headings.sort())
})

test('what docs/bad-input.md says is met elsewhere is named in that file', () => {
  const rows = tablesByHeading().get(elsewhere) ?? []
  assert.ok(rows.length > 0)
  for (const [id = '', , path = ''] of rows) {
    assert.match(read(path), new RegExp(`\\b${id}\\b`), `${path} does not name ${id}`)
  }
})

test('every attack that concerns this system today is in docs/bad-input.md', () => {
  const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const document = read('docs/bad-input.md')
  const missing = [...from(1, 35), ...from(39, 43), 48, 55, 57, 60, 61].filter(
    (number) => !new RegExp(`\\bA${number}\\b`).test(document),
  )
  assert.deepEqual(missing, [])
})
