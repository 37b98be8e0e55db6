import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { canEnter, type SystemUser } from './system-user.ts'

const run = promisify(execFile)

/** A database cluster on disk: its directory, and the password of its roles. */
export type Cluster = { readonly directory: string; readonly password: string }

export type ClusterOptions = {
  readonly dataDir: string
  readonly binaries: PostgresBinaries
  readonly user: SystemUser | undefined
  readonly durable: boolean
  readonly log: (message: string) => void
  /** Where clusters are put that cannot live in `dataDir`. */
  readonly fallbackDir?: string
}

/**
 * Finds the cluster of a data directory, or makes it. It lives in `<dataDir>/postgres`, its password in
 * `<dataDir>/postgres-password`. When the system user cannot enter `dataDir`, it lives below `fallbackDir`, and
 * `<dataDir>/postgres-location` says where. Call it under the lock of the data directory.
 *
 * @throws {EmbeddedPostgresError} CLUSTER_MISSING, PASSWORD_MISSING, INITDB_FAILED.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { dataDir } = options
  const inside = join(dataDir, 'postgres')
  const pointer = join(dataDir, 'postgres-location')
  const pointed = (await readFile(pointer, 'utf8').catch(() => '')).trim()
  if (pointed !== '' && !(await isCluster(pointed))) {
    throw new EmbeddedPostgresError(
      'CLUSTER_MISSING',
      `${pointer} says the database is in ${pointed}, but it is not there: bring it back from a backup, ` +
        'or delete that file to start with an empty database',
    )
  }
  const existing = pointed !== '' ? pointed : (await isCluster(inside)) ? inside : undefined
  const password = await readOrMakePassword(dataDir, existing !== undefined)
  if (existing !== undefined) return { directory: existing, password }

  if (options.user === undefined || (await canEnter(dataDir, options.user))) {
    await makeCluster(options, inside, password)
    return { directory: inside, password }
  }
  const directory = await fallbackDirectory(options.fallbackDir ?? '/var/lib/fenpay')
  options.log(`PostgreSQL's user cannot enter ${dataDir}: the database is kept in ${directory}, as ${pointer} says`)
  await makeCluster(options, directory, password)
  await writeDurably(pointer, `${directory}\n`)
  return { directory, password }
}

async function isCluster(directory: string): Promise<boolean> {
  return stat(join(directory, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}

async function fallbackDirectory(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o755 })
  return join(await realpath(parent), randomBytes(8).toString('hex'))
}

async function readOrMakePassword(dataDir: string, clusterExists: boolean): Promise<string> {
  const path = join(dataDir, 'postgres-password')
  const found = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (found !== '') return found
  if (clusterExists) {
    throw new EmbeddedPostgresError(
      'PASSWORD_MISSING',
      `${path} is missing or empty, and the database of this directory cannot be opened without it: bring it back`,
    )
  }
  const password = randomBytes(24).toString('hex')
  await writeDurably(path, `${password}\n`)
  return password
}

/** Complete on disk before it has its name. */
async function writeDurably(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`
  await rm(draft, { force: true })
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  await rename(draft, path)
}

/** Runs initdb beside, and renames: a cluster that has its name is complete, whenever the process dies. */
async function makeCluster(options: ClusterOptions, directory: string, password: string): Promise<void> {
  const { binaries, user } = options
  await removeUnfinished(directory)
  const draft = await mkdtemp(`${directory}.init-`)
  try {
    const passwordFile = join(draft, 'password')
    await writeFile(passwordFile, password, { mode: 0o600 })
    if (user !== undefined) await Promise.all([draft, passwordFile].map((path) => chown(path, user.uid, user.gid)))
    const args = ['-D', join(draft, 'data'), '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    const sync = options.durable ? [] : ['--no-sync']
    await run(binaries.initdb, [...args, ...locale, ...sync], { ...user, cwd: '/', env: { LC_ALL: 'C' } })
    await rename(join(draft, 'data'), directory)
  } catch (cause) {
    const output = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause)
    throw new EmbeddedPostgresError('INITDB_FAILED', `PostgreSQL could not make ${directory}: ${output}`, { cause })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function removeUnfinished(directory: string): Promise<void> {
  const parent = join(directory, '..')
  for (const name of await readdir(parent)) {
    const path = join(parent, name)
    if (path.startsWith(`${directory}.init-`)) await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }
}
