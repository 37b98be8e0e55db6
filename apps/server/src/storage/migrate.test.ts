import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { testDatabase } from '../../test/database.ts'
import { connect, type Sql } from './connect.ts'
import { spawnScript } from './embedded/spawn-script.ts'
import { type Migration, migrate, readMigrations } from './migrate.ts'

const { sql: admin, url } = await testDatabase()

/** Slow, and two statements: rivals have time to meet, and half a migration would show. */
const sample: readonly Migration[] = [
  { version: 1, title: 'orders', sql: 'create table orders (id bigint primary key); select pg_sleep(0.1)' },
  { version: 2, title: 'first-order', sql: 'insert into orders values (1); insert into orders values (2)' },
  { version: 3, title: 'remark', sql: `alter table orders add remark text; update orders set remark = '好'` },
]

let schemas = 0

/** A pool, and its address, on an empty schema of its own. */
async function emptySchema(t: TestContext): Promise<{ sql: Sql; address: string }> {
  schemas += 1
  const schema = `schema_${schemas}`
  await admin`create schema ${admin(schema)}`
  const address = new URL(url)
  address.searchParams.set('search_path', schema)
  const sql = connect(address.href, { applicationName: 'test', poolSize: 20 })
  t.after(() => sql.end())
  return { sql, address: address.href }
}

const versions = (sql: Sql) =>
  sql`select version from schema_migration order by version`.then((rows) => rows.map((row) => row['version']))

test('from empty all migrations are applied in order, and again none', async (t) => {
  const { sql } = await emptySchema(t)
  assert.deepEqual(await migrate(sql, sample.slice(0, 2)), [1, 2])
  assert.deepEqual(await migrate(sql, sample), [3])
  assert.deepEqual(await migrate(sql, sample), [])
  assert.deepEqual(await versions(sql), [1, 2, 3])
  const rows = await sql`select id, remark from orders order by id`
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      { id: 1, remark: '好' },
      { id: 2, remark: '好' },
    ],
  )
})

test('twenty connections at once apply each migration once', async (t) => {
  const { sql } = await emptySchema(t)
  const applied = await Promise.all(Array.from({ length: 20 }, () => migrate(sql, sample)))
  assert.deepEqual(applied.flat().toSorted(), [1, 2, 3])
  assert.equal((await sql`select from orders`).length, 2)
})

test('F62: processes that start together apply each migration once', async (t) => {
  const { sql, address } = await emptySchema(t)
  const script = `
    import { connect } from '${import.meta.resolve('./connect.ts')}'
    import { migrate } from '${import.meta.resolve('./migrate.ts')}'
    const sql = connect(${JSON.stringify(address)}, { applicationName: 'script' })
    await sql\`select 1\`
    console.log('ready')
    process.stdin.once('data', async () => {
      console.log(await migrate(sql, ${JSON.stringify(sample)}).then(JSON.stringify, String))
      await sql.end()
      process.exit()
    })`
  const rivals = Array.from({ length: 4 }, () => spawnScript(script))
  for (const rival of rivals) t.after(rival.kill)
  for (const rival of rivals) assert.equal(await rival.nextLine(), 'ready')
  for (const rival of rivals) rival.child.stdin?.write('go\n')
  const answers = await Promise.all(rivals.map(async (rival): Promise<unknown> => JSON.parse(await rival.nextLine())))
  assert.deepEqual(answers.flat().toSorted(), [1, 2, 3])
  assert.deepEqual(await versions(sql), [1, 2, 3])
})

test('a database that is newer than the program is refused, and left as it is', async (t) => {
  const { sql } = await emptySchema(t)
  await migrate(sql, sample)
  await assert.rejects(migrate(sql, sample.slice(0, 2)), { code: 'DATABASE_TOO_NEW', message: /version 3 \(remark\)/ })
  assert.deepEqual(await versions(sql), [1, 2, 3])
})

test('an applied migration whose text has changed is refused; its line ends may change', async (t) => {
  const { sql } = await emptySchema(t)
  const [first] = sample
  assert(first !== undefined)
  await migrate(sql, [{ ...first, sql: '-- orders\ncreate table orders ()' }])
  assert.deepEqual(await migrate(sql, [{ ...first, sql: '-- orders\r\ncreate table orders ()' }]), [])
  await assert.rejects(migrate(sql, [{ ...first, sql: '-- order\ncreate table orders ()' }]), {
    code: 'MIGRATION_CHANGED',
    message: /migration 1 \(orders\)/,
  })
})

test('a migration that fails leaves nothing of itself, and those before it', async (t) => {
  const { sql } = await emptySchema(t)
  const broken = { version: 2, title: 'broken', sql: 'insert into orders values (1); insert into orders values (1)' }
  await assert.rejects(migrate(sql, [...sample.slice(0, 1), broken]), {
    code: 'MIGRATION_FAILED',
    message: /migration 2 \(broken\).*duplicate key/,
  })
  assert.deepEqual(await versions(sql), [1])
  assert.equal((await sql`select from orders`).length, 0)
  assert.deepEqual(await migrate(sql, sample), [2, 3])
})

test('F55: a migration waits 2 s for a table in use, lets the traffic pass, and comes again', async (t) => {
  const { sql } = await emptySchema(t)
  await migrate(sql, sample.slice(0, 2))
  const holder = sql.begin(async (transaction) => {
    await transaction`insert into orders values (3)`
    await delay(2_300)
  })
  const migrating = migrate(sql, sample)
  await Promise.all([holder, migrating])
  assert.deepEqual(await migrating, [3])
})

test('files are read in order, and a gap or a wrong name is refused', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fenpay-migrations-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, '0002-second.sql'), 'select 2')
  await writeFile(join(directory, 'README.md'), '')
  await assert.rejects(readMigrations(directory), { code: 'MIGRATION_FILES_INVALID', message: /0001-title\.sql/ })
  await writeFile(join(directory, '0001-first.sql'), 'select 1')
  assert.deepEqual(await readMigrations(directory), [
    { version: 1, title: 'first', sql: 'select 1' },
    { version: 2, title: 'second', sql: 'select 2' },
  ])
  await writeFile(join(directory, '0003_third.sql'), '')
  await assert.rejects(readMigrations(directory), { code: 'MIGRATION_FILES_INVALID' })
})
