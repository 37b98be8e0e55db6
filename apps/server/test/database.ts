import { randomBytes } from 'node:crypto'
import { existsSync, statfsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, afterEach } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { connect, type Sql } from '../src/storage/connect.ts'
import { startEmbeddedPostgres } from '../src/storage/embedded/start-embedded-postgres.ts'

/** A PostgreSQL for tests: an address whose role may create databases, and the function that ends it and removes it. */
export type TestCluster = { readonly url: string; readonly stop: () => Promise<void> }

/** An empty database of its own for one test file, and a pool on it. Both are closed when the file has run. */
export type TestDatabase = { readonly url: string; readonly sql: Sql }

const prefix = 'fenpay-test-'

/** Files in memory, where the system has them: to make and drop a database costs a tenth there. */
const memory = '/dev/shm'
const memoryBytesMin = 2 ** 30

/** Starts a throw-away embedded PostgreSQL, in memory where there is room; nothing in it survives a crash. */
export async function startTestCluster(): Promise<TestCluster> {
  await removeAbandonedClusters()
  const dataDir = await mkdtemp(join(hasMemory() ? memory : tmpdir(), prefix))
  // As root the database runs under another user, who must be able to pass.
  await chmod(dataDir, 0o711)
  const { url, stop } = await startEmbeddedPostgres({ dataDir, durable: false })
  return {
    url,
    stop: async () => {
      await stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function hasMemory(): boolean {
  if (!existsSync(memory)) return false
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize >= memoryBytesMin
}

/** Ends and removes the clusters of test runs that were killed: their databases run on, and nobody would stop them. */
async function removeAbandonedClusters(): Promise<void> {
  const directories = [tmpdir(), memory].filter((directory) => existsSync(directory))
  const found = await Promise.all(
    directories.map(async (directory) => (await readdir(directory)).map((name) => ({ directory, name }))),
  )
  for (const { directory, name } of found.flat()) {
    const dataDir = join(directory, name)
    // Without a lock a cluster is only now being made, or removed.
    if (!name.startsWith(prefix) || !existsSync(join(dataDir, 'server.lock'))) continue
    try {
      await (await startEmbeddedPostgres({ dataDir, durable: false })).stop()
      await rm(dataDir, { recursive: true, force: true })
    } catch {
      // Its owner lives, or another run is removing it.
    }
  }
}

/**
 * Makes an empty database for the calling test file: on the server `FENPAY_TEST_DATABASE_URL` names (any PostgreSQL; its
 * role must be allowed to create databases), otherwise on a cluster of its own. Call it at the top of the file, once.
 * Afterwards the database is dropped, or kept for a look when a test failed and the server outlives the file.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env['FENPAY_TEST_DATABASE_URL']
  const cluster = serverUrl === undefined ? await startTestCluster() : undefined
  const url = new URL(cluster?.url ?? serverUrl ?? '')
  const admin = connect(url.href, { applicationName: 'fenpay test set-up', poolSize: 1 })
  const file = basename(process.argv[1] ?? 'test', '.test.ts').replaceAll(/[^a-z0-9]+/g, '_')
  const name = `test_${file.slice(0, 40)}_${randomBytes(4).toString('hex')}`
  await admin`create database ${admin(name)}`
  url.pathname = `/${name}`
  const sql = connect(url.href, { applicationName: name })

  let failed = false
  afterEach((context) => {
    failed ||= 'passed' in context && !context.passed
  })
  after(async () => {
    await sql.end({ timeout: 5 })
    if (failed && cluster === undefined) process.stderr.write(`a test failed: its database ${name} is kept\n`)
    else await dropDatabase(admin, name)
    await admin.end({ timeout: 5 })
    await cluster?.stop()
  })
  return { url: url.href, sql }
}

/** PostgreSQL's own vacuum may be in it for a moment, which only a superuser may send away. */
async function dropDatabase(admin: Sql, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin`drop database ${admin(name)} with (force)`
      return
    } catch (error) {
      if (attempt === 50 || !(error instanceof postgres.PostgresError) || error.code !== '42501') throw error
      await delay(100)
    }
  }
}
