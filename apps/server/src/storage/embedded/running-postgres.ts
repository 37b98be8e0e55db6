import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { dataDirectoryOwner } from './data-directory-lock.ts'

/** A server that has just begun may still be starting its PostgreSQL. */
const startingMs = 30_000
const pollMs = 100

/**
 * The address of the embedded PostgreSQL that another live process keeps in this data directory, once it is ready;
 * undefined when nobody does, so that it may be started.
 */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  for (let waitedMs = 0; waitedMs <= startingMs; waitedMs += pollMs) {
    if ((await dataDirectoryOwner(dataDir)) === undefined) return undefined
    const port = await readyPort(dataDir)
    const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8').catch(() => '')).trim()
    if (port !== undefined && password !== '') return `postgres://fenpay:${password}@127.0.0.1:${port}/fenpay`
    await delay(pollMs)
  }
  return undefined
}

/** PostgreSQL writes where it listens, and that it is ready, into the lines 4 and 8 of its pid file. */
async function readyPort(dataDir: string): Promise<string | undefined> {
  const pointed = (await readFile(join(dataDir, 'postgres-location'), 'utf8').catch(() => '')).trim()
  const directory = await realpath(pointed === '' ? join(dataDir, 'postgres') : pointed).catch(() => undefined)
  if (directory === undefined) return undefined
  const lines = (await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const port = lines[3]?.trim()
  return lines[7]?.trim() === 'ready' && port !== undefined && /^[0-9]+$/.test(port) ? port : undefined
}
