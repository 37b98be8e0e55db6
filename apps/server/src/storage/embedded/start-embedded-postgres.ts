import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { appRole } from '../app-role.ts'
import { connect, isDatabaseUnavailable, type Sql } from '../connect.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { lockDataDirectory } from './data-directory-lock.ts'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'
import { packagedBinaries, usableBinaries } from './postgres-binaries.ts'
import {
  type PostgresExit,
  type Postmaster,
  type PostmasterOptions,
  spawnPostmaster,
  stopLeftoverPostmaster,
  stopPostmaster,
} from './postmaster.ts'
import { postgresUser } from './system-user.ts'

/** Attempts to start: another program may take the port first, or a killed server's sessions may still be ending. */
const startAttempts = 3
const retryMs = 500
/** Recovery after a crash replays the log first, which may take its time. */
const readyTimeoutMs = 120_000
const readyPollMs = 25

export type EmbeddedPostgresOptions = {
  /** FENPAY_DATA_DIR; made when missing. One process owns it at a time. */
  readonly dataDir: string
  /** Receives plain lines worth telling an operator; default: nothing is told. */
  readonly log?: (message: string) => void
  /** `false` gives up every promise about crashes for speed: for throw-away test clusters alone. Default `true`. */
  readonly durable?: boolean
}

/** A running PostgreSQL that accepts connections. */
export type EmbeddedPostgres = {
  /** For `connect`: role `fenpay`, which owns the database `fenpay` and may create others, but is no superuser. */
  readonly url: string
  readonly pid: number
  /** Ends it: fast, after 10 s at once. Then the data directory is free again. Repeated calls share one stop. */
  readonly stop: () => Promise<void>
  /** Resolves when the process is gone, by `stop` or by itself. */
  readonly exited: Promise<PostgresExit>
}

/**
 * Starts the PostgreSQL that comes with the packages, on `<dataDir>/postgres` (made at first start) and a free loopback
 * port. It logs to `<dataDir>/postgres.log`. What a killed server left behind is cleared up first. No exit or signal
 * handler is registered: the caller calls `stop`.
 *
 * @throws {DataDirectoryInUse} when a live process owns the directory; its pid is named.
 * @throws {EmbeddedPostgresError} by `code`, when it cannot be started.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataDir, { recursive: true })
  const dataDir = await realpath(options.dataDir)
  const durable = options.durable ?? true
  const log = options.log ?? (() => undefined)
  const unlock = await lockDataDirectory(dataDir)
  try {
    const user = await postgresUser()
    const binaries = await usableBinaries(await packagedBinaries(), user)
    const cluster = await openCluster({ dataDir, binaries, user, durable, log })
    const directory = await realpath(cluster.directory)
    if (await stopLeftoverPostmaster(directory, binaries)) {
      log('stopped the PostgreSQL that a killed server had left running')
    }
    const logFile = join(dataDir, 'postgres.log')
    const postmaster = await startPostmaster({ binaries, user, directory, logFile, durable }, cluster)
    let stopping: Promise<void> | undefined
    const stop = async () => {
      await stopPostmaster(postmaster.pid, directory, binaries)
      await postmaster.exited
      await unlock()
    }
    return {
      url: urlOf('fenpay', postmaster, cluster),
      pid: postmaster.pid,
      exited: postmaster.exited,
      stop: () => {
        stopping ??= stop()
        return stopping
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

async function startPostmaster(options: PostmasterOptions, cluster: Cluster): Promise<Postmaster> {
  for (let attempt = 1; ; attempt += 1) {
    const postmaster = await spawnPostmaster(options)
    try {
      if (await becomesReady(postmaster, cluster)) return postmaster
    } catch (error) {
      await stopPostmaster(postmaster.pid, options.directory, options.binaries)
      throw error
    }
    if (attempt === startAttempts) {
      throw new EmbeddedPostgresError('START_FAILED', `PostgreSQL ended at start:\n${await postmaster.logTail()}`)
    }
    await delay(retryMs)
  }
}

/** Whether it came to answer a query; false when it ended first. */
async function becomesReady(postmaster: Postmaster, cluster: Cluster): Promise<boolean> {
  let ended = false
  postmaster.exited.then(() => {
    ended = true
  })
  const sql = connect(urlOf('postgres', postmaster, cluster), { applicationName: 'fenpay start', poolSize: 1 })
  try {
    const tooLong = AbortSignal.timeout(readyTimeoutMs)
    while (!tooLong.aborted && !ended) {
      try {
        await sql`select 1`
        await makeDatabase(sql, cluster.password)
        return true
      } catch (error) {
        if (!isDatabaseUnavailable(error)) throw error
      }
      await delay(readyPollMs)
    }
  } finally {
    await sql.end({ timeout: 1 })
  }
  if (ended) return false
  throw new EmbeddedPostgresError('START_FAILED', `PostgreSQL does not answer:\n${await postmaster.logTail()}`)
}

/** The application is no superuser: what it may not do, an injected statement may not do either. */
async function makeDatabase(sql: Sql, password: string): Promise<void> {
  const roles = await sql`select from pg_roles where rolname = 'fenpay'`
  if (roles.length === 0) await sql.unsafe(`create role fenpay login createdb password '${password}'`)
  const appRoles = await sql`select from pg_roles where rolname = ${appRole}`
  if (appRoles.length === 0) await sql.unsafe(`create role ${appRole} nologin; grant ${appRole} to fenpay`)
  const databases = await sql`select from pg_database where datname = 'fenpay'`
  if (databases.length === 0) await sql.unsafe('create database fenpay owner fenpay')
}

function urlOf(name: 'postgres' | 'fenpay', postmaster: Postmaster, cluster: Cluster): string {
  return `postgres://${name}:${cluster.password}@127.0.0.1:${postmaster.port}/${name}`
}
