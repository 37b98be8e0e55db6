import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DataDirectoryInUse } from './embedded-postgres-error.ts'
import { processStartTime } from './process-identity.ts'

type Holder = { readonly pid: number; readonly startedAt: string }

/**
 * Takes `<dataDir>/server.lock` for this process and answers the function that gives it back. Of any number of
 * processes that try at once, exactly one gets it. The lock of a process that no longer lives, or whose pid now belongs
 * to a process with another start time, is taken over; that of a live process never, however silent it is.
 *
 * @throws {DataDirectoryInUse} when a live process holds the directory.
 */
export async function lockDataDirectory(dataDir: string): Promise<() => Promise<void>> {
  const path = join(dataDir, 'server.lock')
  const startedAt = (await processStartTime(process.pid)) ?? ''
  await acquire(path, JSON.stringify({ pid: process.pid, startedAt } satisfies Holder))
  return () => rm(path, { force: true })
}

async function acquire(path: string, mine: string): Promise<void> {
  // Written beside and then linked: the lock appears complete or not at all, and link refuses an existing name.
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  await writeFile(draft, mine)
  try {
    while (!(await linked(draft, path))) {
      const found = await readFile(path, 'utf8').catch(() => undefined)
      if (found === undefined) continue
      await refuseLive(path, found)
      if (await takeOver(path, found, draft, mine)) return
    }
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Replaces the dead holder `found`. Two processes may both have seen it dead, and the slower must not replace the
 * faster: the right to replace is itself a lock of this kind, and under it the file is read once more.
 */
async function takeOver(path: string, found: string, draft: string, mine: string): Promise<boolean> {
  const guard = `${path}.takeover`
  await acquire(guard, mine)
  try {
    const now = await readFile(path, 'utf8').catch(() => undefined)
    if (now !== found) return false
    await rename(draft, path)
    return true
  } finally {
    await rm(guard, { force: true })
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** The live process that owns the data directory; undefined when nobody does. */
export async function dataDirectoryOwner(dataDir: string): Promise<number | undefined> {
  const found = await readFile(join(dataDir, 'server.lock'), 'utf8').catch(() => '')
  return (await liveHolder(found))?.pid
}

async function refuseLive(path: string, found: string): Promise<void> {
  const holder = await liveHolder(found)
  if (holder !== undefined) throw new DataDirectoryInUse(dirname(path), holder.pid)
}

async function liveHolder(found: string): Promise<Holder | undefined> {
  const holder = parseHolder(found)
  return holder !== undefined && (await processStartTime(holder.pid)) === holder.startedAt ? holder : undefined
}

/** A lock that cannot be read names nobody: it was cut short by a power failure, whose processes are gone. */
function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return undefined
    const { pid, startedAt } = value
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined
  } catch {
    return undefined
  }
}
