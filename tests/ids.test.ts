import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

test('every id that a test carries in its name is on the list of docs/ids.md', async () => {
  const list = await readFile(`${root}/docs/ids.md`, 'utf8')
  const known = new Set([...list.matchAll(/^\| ([IPFA]\d+) \|/gm)].map((match) => match[1]))
  const unknown: string[] = []
  for await (const file of glob('{packages,apps,tests}/**/*.test.ts', {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  })) {
    const source = await readFile(`${root}/${file}`, 'utf8')
    for (const [, name] of source.matchAll(/\btest\(\s*[`'"]([^`'"]*)/g)) {
      for (const [id] of (name ?? '').matchAll(/\b[IPFA]\d{1,2}\b/g)) if (!known.has(id)) unknown.push(`${file}: ${id}`)
    }
  }
  assert.ok(known.size > 150)
  assert.deepEqual(unknown, [])
})
