import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { faultTable } from '../src/index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

it('the README lists the faults that there are, with their ids and options', () => {
  const listed = readme
    .slice(readme.indexOf('## Faults'), readme.indexOf('need no fault here'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, name = '', ids = '', what = '', options = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
      const found = [...options.matchAll(/`(\w+)` \(("[^"]*"|[^;)]*)/g)].map(([, option, value]) => [option, value])
      return { name: name.replaceAll('`', ''), ids, what, options: Object.fromEntries(found) as object }
    })
  const known = faultTable.map(({ name, ids, what, options }) => ({
    name,
    ids: ids.join(', '),
    what,
    options: Object.fromEntries(
      Object.entries(options).map(([option, { default: value }]) => [option, JSON.stringify(value)]),
    ),
  }))
  assert.deepEqual(listed, known)
})

it('every row of the reliability list that concerns WeChat and the network is a fault, or says why it needs none', () => {
  const range = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `F${from + index}`)
  const played = faultTable.flatMap(({ ids }) => ids)
  const excused = [...readme.slice(readme.indexOf('need no fault here')).matchAll(/^\| (F\d+) \| \S/gm)].map(
    ([, id]) => id ?? '',
  )
  assert.deepEqual(
    excused.filter((id) => played.includes(id)),
    [],
  )
  const known = new Set([...played, ...excused])
  const missing = [...range(1, 36), ...range(40, 48)].filter((id) => !known.has(id))
  assert.deepEqual(missing, [])
})
