import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readCatalogueFile } from './catalogue-file.ts'
import { ConfigError } from './config.ts'

const directory = await mkdtemp(join(tmpdir(), 'fenpay-catalogue-'))
after(() => rm(directory, { recursive: true }))

const soup = {
  sku: 'soup',
  name: '汤',
  description: '',
  category: '汤',
  kind: 'physical',
  price_fen: 900,
  stock: 5,
}

async function read(content: unknown): Promise<Awaited<ReturnType<typeof readCatalogueFile>>> {
  const path = join(directory, 'catalogue.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return readCatalogueFile(path)
}

async function problemsOf(content: unknown): Promise<readonly string[]> {
  const error = await read(content).then(
    () => assert.fail('it was read'),
    (thrown: unknown) => thrown,
  )
  assert(error instanceof ConfigError)
  return error.problems
}

test('a catalogue is read with its prices in fen', async () => {
  const { price_fen: priceFen, ...rest } = soup
  assert.deepEqual(await read([soup]), [{ ...rest, priceFen }])
  assert.deepEqual(await read([]), [])
})

test('every wrong place of a catalogue is named at once, with its rule', async () => {
  assert.deepEqual(
    await problemsOf([
      soup,
      { ...soup, sku: 'a b', price_fen: 9.5 },
      { ...soup, sku: 'egg', kind: 'magic', colour: 'red' },
    ]),
    [
      'FENPAY_CATALOGUE_FILE /1/sku must match pattern "^[A-Za-z0-9_-]{1,64}$"',
      'FENPAY_CATALOGUE_FILE /1/price_fen must be integer',
      'FENPAY_CATALOGUE_FILE /2 must NOT have additional properties: colour',
      'FENPAY_CATALOGUE_FILE /2/kind must be equal to one of the allowed values: physical, virtual',
    ],
  )
})

test('a sku that is in a catalogue twice is refused: one of the two prices would be lost', async () => {
  assert.deepEqual(await problemsOf([soup, { ...soup, price_fen: 800 }]), [
    'FENPAY_CATALOGUE_FILE has the sku soup twice',
  ])
})

test('a catalogue that is no JSON, or not there, cannot be read', async () => {
  for (const [problem] of [await problemsOf('[{'), await problemsOf('')])
    assert.match(String(problem), /^FENPAY_CATALOGUE_FILE cannot be read: /)
  await assert.rejects(readCatalogueFile(join(directory, 'none.json')), /cannot be read: ENOENT/)
})
