import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'

const run = promisify(execFile)

/** The user and group a child process runs as. */
export type SystemUser = { readonly uid: number; readonly gid: number }

/** The ways to add a system user: shadow-utils (most distributions), then busybox (Alpine). */
const creations: readonly (readonly [string, readonly string[]])[] = [
  ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']],
  ['adduser', ['-S', '-D', '-H', '-s', '/bin/false', 'postgres']],
]

/**
 * The user PostgreSQL runs as, or undefined for this process's own. PostgreSQL refuses to run as root, so for root it
 * is the system user `postgres`, made when missing.
 *
 * @throws {EmbeddedPostgresError} SYSTEM_USER_MISSING when there is none and none can be made.
 */
export async function postgresUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  let user = await lookUp()
  for (const [command, args] of creations) {
    if (user !== undefined) break
    // Another process may have made it in this moment: only the look-up decides.
    await run(command, [...args]).catch(() => undefined)
    user = await lookUp()
  }
  if (user === undefined) {
    throw new EmbeddedPostgresError(
      'SYSTEM_USER_MISSING',
      'PostgreSQL does not run as root, there is no system user "postgres", and neither useradd nor adduser could make ' +
        'one: make it, or start as an ordinary user, or set DATABASE_URL to a PostgreSQL server',
    )
  }
  return user
}

async function lookUp(): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout))
    return { uid: Number(uid), gid: Number(gid) }
  } catch {
    return undefined
  }
}

/** Whether the user can enter a directory, asked of the kernel: modes alone do not tell (ACLs, mounts). */
export async function canEnter(directory: string, user: SystemUser): Promise<boolean> {
  return succeeds('/bin/sh', ['-c', 'cd "$0"', directory], user)
}

/** Whether a program starts and ends well when run as the user (or as this process's own). */
export async function succeeds(program: string, args: readonly string[], user?: SystemUser): Promise<boolean> {
  try {
    await run(program, [...args], { ...user, cwd: '/' })
    return true
  } catch {
    return false
  }
}
