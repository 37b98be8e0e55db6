import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { processCommandLine } from './process-identity.ts'
import type { SystemUser } from './system-user.ts'

const run = promisify(execFile)

const pollMs = 20
const fastStopMs = 10_000
const immediateStopMs = 5_000
const logBytesMax = 5 * 1024 * 1024

/** How a PostgreSQL ended: its exit code, or the signal that ended it. */
export type PostgresExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** A PostgreSQL that was spawned; it may not accept connections yet. */
export type Postmaster = {
  readonly pid: number
  readonly port: number
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<PostgresExit>
  /** The end of what it has logged since it was spawned. */
  readonly logTail: () => Promise<string>
}

export type PostmasterOptions = {
  readonly binaries: PostgresBinaries
  readonly user: SystemUser | undefined
  /** The cluster's real path: the next start recognises the process by it. */
  readonly directory: string
  readonly logFile: string
  readonly durable: boolean
}

/**
 * Spawns PostgreSQL on a free loopback port, in a process group of its own: Ctrl-C in a terminal goes to the whole group,
 * and would stop the database before the server has drained.
 */
export async function spawnPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const port = await freePort()
  const log = await open(options.logFile, 'a', 0o600)
  if ((await log.stat()).size > logBytesMax) await log.truncate()
  const logStart = (await log.stat()).size
  const args = ['-D', options.directory, '-p', String(port), ...settingArguments(options.durable)]
  let child: ChildProcess
  let exited: Promise<PostgresExit>
  try {
    child = spawn(options.binaries.postgres, args, {
      ...options.user,
      cwd: '/',
      // Nothing of this process's environment: it may hold keys.
      env: { LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    })
    // At once: one that cannot start may be gone before anything else here goes on.
    exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    await once(child, 'spawn')
  } finally {
    await log.close()
  }
  return { pid: child.pid ?? 0, port, exited, logTail: () => readTail(options.logFile, logStart) }
}

function settingArguments(durable: boolean): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'log_timezone=UTC',
    'logging_collector=off',
    'log_destination=stderr',
    // Without durability it is a test's, which has more servers on it than anybody else would.
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300']),
  ]
  return settings.flatMap((setting) => ['-c', setting])
}

/** Stops a PostgreSQL: fast (sessions are ended, a checkpoint is written), after 10 s at once (the log is replayed later). */
export async function stopPostmaster(pid: number, directory: string, binaries: PostgresBinaries): Promise<void> {
  await signal(pid, 'INT', binaries)
  if (await isGone(pid, directory, fastStopMs)) return
  await signal(pid, 'QUIT', binaries)
  await isGone(pid, directory, immediateStopMs)
}

/**
 * Ends the PostgreSQL that a killed server left behind on the cluster. Call it under the lock of the data directory.
 * A pid file whose process is another program is removed: PostgreSQL would take that program for itself and refuse.
 */
export async function stopLeftoverPostmaster(directory: string, binaries: PostgresBinaries): Promise<boolean> {
  const pidFile = join(directory, 'postmaster.pid')
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10)
  if (!(pid > 0)) return false
  if (await isPostmasterOf(pid, directory)) {
    await stopPostmaster(pid, directory, binaries)
    return true
  }
  if ((await processCommandLine(pid)) !== undefined) await rm(pidFile, { force: true })
  return false
}

async function isPostmasterOf(pid: number, directory: string): Promise<boolean> {
  const commandLine = await processCommandLine(pid)
  // Windows tells no command line: every live process counts, and PostgreSQL's own check stands behind it.
  if (process.platform === 'win32') return commandLine !== undefined
  return commandLine?.includes(`postgres -D ${directory} `) ?? false
}

async function isGone(pid: number, directory: string, timeoutMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += pollMs) {
    if (!(await isPostmasterOf(pid, directory))) return true
    await delay(pollMs)
  }
  return false
}

async function signal(pid: number, name: 'INT' | 'QUIT', binaries: PostgresBinaries): Promise<void> {
  if (process.platform === 'win32') {
    // Windows has no such signals; PostgreSQL listens for them on a pipe of its own.
    await run(binaries.pgCtl, ['kill', name, String(pid)]).catch(() => undefined)
    return
  }
  try {
    process.kill(pid, `SIG${name}`)
  } catch {
    // It is gone already.
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

async function readTail(path: string, start: number): Promise<string> {
  const text = (await readFile(path)).subarray(start).toString('utf8')
  return text.trim().split('\n').slice(-15).join('\n')
}
