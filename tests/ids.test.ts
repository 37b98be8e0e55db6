import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Each test name of the project with the file it is in. */
async function testNames(): Promise<{ file: string; name: string }[]> {
  const names: { file: string; name: string }[] = []
  for await (const file of glob('{packages,apps,tests}/**/*.test.ts', {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  })) {
    const source = await readFile(`${root}/${file}`, 'utf8')
    for (const [, name = ''] of source.matchAll(/\btest\(\s*[`'"]([^`'"]*)/g)) names.push({ file, name })
  }
  return names
}

test('every id that a test carries in its name is on the list of docs/ids.md', async () => {
  const list = await readFile(`${root}/docs/ids.md`, 'utf8')
  const known = new Set([...list.matchAll(/^\| ([IPFA]\d+) \|/gm)].map((match) => match[1]))
  const unknown: string[] = []
  for (const { file, name } of await testNames()) {
    for (const [id] of name.matchAll(/\b[IPFA]\d{1,2}\b/g)) if (!known.has(id)) unknown.push(`${file}: ${id}`)
  }
  assert.ok(known.size > 150)
  assert.deepEqual(unknown, [])
})

test('docs/reliability.md has a row for each fault, with tests that carry its id, or the reason why there is none', async () => {
  const text = await readFile(`${root}/docs/reliability.md`, 'utf8')
  const rows = [...text.matchAll(/^\| (F\d+) \| [^|]+ \| ([^|]+) \|$/gm)].map(([, id = '', proof = '']) => ({
    id,
    proof,
  }))
  assert.deepEqual(
    rows.map(({ id }) => id),
    Array.from({ length: 80 }, (_, index) => `F${index + 1}`),
  )
  const tested = new Map<string, string>()
  for (const { file, name } of await testNames()) {
    for (const [id] of name.matchAll(/\bF\d{1,2}\b/g)) tested.set(id, file)
  }
  for (const { id, proof } of rows) {
    if (proof.startsWith('not covered: ')) {
      assert.equal(tested.get(id), undefined, `${id} is said not to be covered, and a test carries it`)
      continue
    }
    const files = [...proof.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file = '']) => file)
    assert.ok(files.length > 0, `${id} names neither a test nor a reason`)
    for (const file of files) {
      assert.match(await readFile(`${root}/${file}`, 'utf8'), new RegExp(`\\b${id}\\b`), `${file} does not carry ${id}`)
    }
  }
})
