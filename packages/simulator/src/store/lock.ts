import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Thrown when another living process holds the directory. */
export class DirectoryInUseError extends Error {
  readonly code = 'directory_in_use'
  readonly pid: number

  constructor(directory: string, pid: number) {
    super(`${directory} is in use by process ${pid}; stop that process or choose another data directory`)
    this.pid = pid
  }
}

interface Holder {
  readonly pid: number
  /** When that process started, so that a reused pid is not taken for it; empty where the system does not tell. */
  readonly startedAt: string
}

/**
 * Takes `directory` for this process and answers the function that gives it back. The lock of a dead process is taken
 * over. Throws {@link DirectoryInUseError}.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, 'lock')
  const draft = join(directory, `lock.${process.pid}`)
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies Holder))
  try {
    while (!tryLink(draft, path)) evictDeadHolder(directory, path)
  } finally {
    rmSync(draft, { force: true })
  }
  return () => rmSync(path, { force: true })
}

// A hard link appears with its content, so nobody reads a lock that is half written.
function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

function evictDeadHolder(directory: string, path: string): void {
  const seen = readHolder(path)
  if (!seen) return
  if (isAlive(seen)) throw new DirectoryInUseError(directory, seen.pid)
  const aside = `${path}.stale-${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  // Between reading and renaming, another process may have taken over first: then its lock goes back.
  const moved = readHolder(aside)
  if (moved && isAlive(moved)) tryLink(aside, path)
  rmSync(aside, { force: true })
}

function readHolder(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number') {
      return { pid: value.pid, startedAt: 'startedAt' in value ? String(value.startedAt) : '' }
    }
    return { pid: 0, startedAt: '' }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    if (error instanceof SyntaxError) return { pid: 0, startedAt: '' }
    throw error
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
  return startedAt === '' || startOf(pid) === startedAt
}

/** Field 22 of /proc/<pid>/stat, counted after the command, which may hold blanks. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
