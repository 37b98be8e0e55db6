import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * When a process started, as an opaque text to compare; undefined when no such process lives. A pid alone says too
 * little: it is given again to another process. A zombie is dead.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // proc(5): the name, field 2, may hold spaces and parentheses, so the count starts behind its last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    return state === undefined || state === '' || state === 'Z' || state === 'X' ? undefined : fields[19]
  }
  // Windows has no ps: a reused pid is then taken for the holder, and refused, which is the safe side.
  return process.platform === 'win32' ? signalReaches(pid) : ps(pid, 'lstart=')
}

/** The command line of a live process, arguments separated by a blank; undefined when it is gone or a zombie. */
export async function processCommandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return text === '' ? undefined : text.replaceAll('\0', ' ').trim()
  }
  return process.platform === 'win32' ? signalReaches(pid) : ps(pid, 'command=')
}

async function ps(pid: number, column: string): Promise<string | undefined> {
  // The start is printed in local time: without a fixed zone the same process would change its identity in spring.
  const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' }
  const { stdout } = await run('ps', ['-o', column, '-p', String(pid)], { env }).catch(() => ({ stdout: '' }))
  return stdout.trim() === '' ? undefined : stdout.trim()
}

function signalReaches(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
    return 'alive'
  } catch {
    return undefined
  }
}
