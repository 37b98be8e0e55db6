import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, isDatabaseUnavailable, type Sql } from '../connect.ts'
import { DataDirectoryInUse, EmbeddedPostgresError } from './embedded-postgres-error.ts'
import { processCommandLine } from './process-identity.ts'
import { spawnScript } from './spawn-script.ts'
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from './start-embedded-postgres.ts'

const directories: string[] = []
// After every test has stopped its databases.
after(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))))

async function temporaryDirectory(mode = 0o711): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fenpay-embedded-'))
  directories.push(directory)
  await chmod(directory, mode)
  return directory
}

async function start(t: TestContext, options: EmbeddedPostgresOptions) {
  const database = await startEmbeddedPostgres(options)
  t.after(database.stop)
  return database
}

async function using<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = connect(url, { applicationName: 'test', poolSize: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}

/** Starts PostgreSQL, runs `then` with its `database` and a `sql`, and lives on; says why when it cannot start. */
const server = (dataDir: string, then: string) => `
  import { connect } from '${import.meta.resolve('../connect.ts')}'
  import { startEmbeddedPostgres } from '${import.meta.resolve('./start-embedded-postgres.ts')}'
  process.stdin.on('end', () => process.exit()).resume()
  try {
    const database = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} })
    const sql = connect(database.url, { applicationName: 'script' })
    ${then}
  } catch (error) {
    console.log(error.code)
  }`

test('it starts, answers as a role without power, stops, and starts again with its data', async (t) => {
  const dataDir = await temporaryDirectory()
  await writeFile(join(dataDir, 'postgres.log'), Buffer.alloc(6 * 1024 * 1024, 'old log\n'))

  const first = await start(t, { dataDir })
  await using(first.url, async (sql) => {
    const [facts] = await sql`
      select current_user as role, usesuper, current_database() as database, current_setting('fsync') as fsync,
        current_setting('TimeZone') as zone, current_setting('server_encoding') as encoding, 'É' ilike 'é' as unicode
      from pg_user where usename = current_user`
    assert.deepEqual(
      { ...facts },
      {
        role: 'fenpay',
        usesuper: false,
        database: 'fenpay',
        fsync: 'on',
        zone: 'UTC',
        encoding: 'UTF8',
        unicode: true,
      },
    )
    await sql`create table kept (fen bigint)`
    await sql`insert into kept values (1)`
  })
  const wrong = new URL(first.url)
  wrong.password = 'wrong'
  await assert.rejects(
    using(wrong.href, (sql) => sql`select 1`),
    { code: '28P01' },
  )
  assert.equal((await stat(join(dataDir, 'postgres-password'))).mode & 0o777, 0o600)
  assert((await stat(join(dataDir, 'postgres.log'))).size < 1024 * 1024, 'the old log is cut')
  await Promise.all([first.stop(), first.stop()])
  assert.deepEqual(await first.exited, { code: 0, signal: null })
  await assert.rejects(
    using(first.url, (sql) => sql`select 1`),
    isDatabaseUnavailable,
  )

  const second = await start(t, { dataDir })
  const [row] = await using(second.url, (sql) => sql`select fen from kept`)
  assert.equal(row?.['fen'], 1)
})

test('F58, F50: a second server is refused; after kill -9 of the first it gets every acknowledged row', async (t) => {
  const dataDir = await temporaryDirectory()
  const writer = spawnScript(
    server(
      dataDir,
      `await sql\`create table acknowledged (fen bigint primary key)\`
       console.log(database.pid)
       for (let fen = 1; ; fen += 1) {
         await sql\`insert into acknowledged values (\${fen})\`
         console.log(fen)
       }`,
    ),
  )
  t.after(writer.kill)
  const leftover = Number(await writer.nextLine())
  await assert.rejects(startEmbeddedPostgres({ dataDir }), (error) => {
    assert(error instanceof DataDirectoryInUse)
    assert.equal(error.pid, writer.pid)
    return true
  })
  let acknowledged = 0
  while (acknowledged < 50) acknowledged = Number(await writer.nextLine())
  await writer.kill()
  assert.match((await processCommandLine(leftover)) ?? '', /postgres/, 'the database outlives its server')

  const told: string[] = []
  const { url } = await start(t, { dataDir, log: (message) => told.push(message) })
  assert.equal(await processCommandLine(leftover), undefined)
  assert.equal(told.length, 1)
  const [row] = await using(url, (sql) => sql<{ rows: number }[]>`select count(*) as rows from acknowledged`)
  assert((row?.rows ?? 0) >= acknowledged)
})

test('F58: of three servers that start at once on what a killed one left, exactly one runs', async (t) => {
  const dataDir = await temporaryDirectory()
  const killed = spawnScript(server(dataDir, `console.log('started')`))
  assert.equal(await killed.nextLine(), 'started')
  await killed.kill()
  const stopOnOrder = `console.log('started'); process.stdin.once('data', async () => {
    await sql.end(); await database.stop(); console.log('stopped') })`
  const rivals = Array.from({ length: 3 }, () => spawnScript(server(dataDir, stopOnOrder)))
  for (const rival of rivals) t.after(rival.kill)
  const answers = await Promise.all(rivals.map((rival) => rival.nextLine()))
  assert.deepEqual(answers.toSorted(), ['DATA_DIRECTORY_IN_USE', 'DATA_DIRECTORY_IN_USE', 'started'])
  const winner = rivals[answers.indexOf('started')]
  winner?.child.stdin?.write('stop\n')
  assert.equal(await winner?.nextLine(), 'stopped')
})

test('F61: Ctrl-C in a terminal reaches the server alone, which can still use its database', async (t) => {
  const dataDir = await temporaryDirectory()
  const script = spawnScript(
    server(
      dataDir,
      `process.once('SIGINT', async () => {
         await new Promise((resolve) => setTimeout(resolve, 100))
         const [row] = await sql\`select 42 as answer\`
         await sql.end()
         await database.stop()
         console.log(row.answer)
       })
       console.log(database.pid)`,
    ),
    { detached: true },
  )
  t.after(script.kill)
  await script.nextLine()
  process.kill(-script.pid, 'SIGINT')
  assert.equal(await script.nextLine(), '42')
})

test('a server killed in the middle of initdb leaves nothing that disturbs the next', async (t) => {
  const dataDir = await temporaryDirectory()
  const script = spawnScript(server(dataDir, `console.log('started')`))
  t.after(script.kill)
  while (!(await readdir(dataDir)).some((name) => name.startsWith('postgres.init-'))) await delay(5)
  await delay(100)
  await script.kill()
  assert(!(await readdir(dataDir)).includes('postgres'), 'killed before initdb was done')

  const { url } = await start(t, { dataDir, durable: false })
  await using(url, (sql) => sql`select 1`)
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.startsWith('postgres.init-')),
    [],
  )
})

test('as root under a directory of mode 700 the cluster lives elsewhere, and is found again', async (t) => {
  const parent = await temporaryDirectory(0o700)
  const dataDir = join(parent, 'data')
  const told: string[] = []
  const options = { dataDir, durable: false, log: (message: string) => told.push(message) }
  const first = await start(t, options)
  await using(first.url, (sql) => sql`create table kept ()`)
  await first.stop()

  const location = (await readFile(join(dataDir, 'postgres-location'), 'utf8').catch(() => '')).trim()
  assert.equal(location !== '', process.getuid?.() === 0)
  assert.deepEqual(
    told.map((message) => message.includes(location)),
    location === '' ? [] : [true],
  )
  const directory = location === '' ? join(dataDir, 'postgres') : location
  directories.push(directory)
  assert.equal((await stat(join(directory, 'PG_VERSION'))).isFile(), true)

  const second = await start(t, options)
  await using(second.url, (sql) => sql`select from kept`)
  await second.stop()
  if (location === '') return
  await rename(location, `${location}.away`)
  await assert.rejects(startEmbeddedPostgres(options), { code: 'CLUSTER_MISSING' })
  await rename(`${location}.away`, location)
})

test('a pid file that names another live program does not stop the start', async (t) => {
  const dataDir = await temporaryDirectory()
  await (await startEmbeddedPostgres({ dataDir, durable: false })).stop()
  const other = spawnScript(`process.stdin.resume()`)
  t.after(other.kill)
  await writeFile(join(dataDir, 'postgres/postmaster.pid'), `${other.pid}\n${dataDir}/postgres\n1700000000\n5432\n\n\n`)
  await start(t, { dataDir, durable: false })
  assert.notEqual(await processCommandLine(other.pid), undefined)
})

test('what cannot start says why, and gives the directory back', async (t) => {
  const dataDir = await temporaryDirectory()
  await (await startEmbeddedPostgres({ dataDir, durable: false })).stop()
  const settings = join(dataDir, 'postgres/postgresql.conf')
  const good = await readFile(settings, 'utf8')
  await writeFile(settings, `${good}\nno_such_setting = 1\n`)
  await assert.rejects(startEmbeddedPostgres({ dataDir, durable: false }), (error) => {
    assert(error instanceof EmbeddedPostgresError)
    assert.equal(error.code, 'START_FAILED')
    assert.match(error.message, /no_such_setting/)
    return true
  })
  await writeFile(settings, good)
  await rename(join(dataDir, 'postgres-password'), join(dataDir, 'away'))
  await assert.rejects(startEmbeddedPostgres({ dataDir, durable: false }), { code: 'PASSWORD_MISSING' })
  await rename(join(dataDir, 'away'), join(dataDir, 'postgres-password'))
  await start(t, { dataDir, durable: false })
})
