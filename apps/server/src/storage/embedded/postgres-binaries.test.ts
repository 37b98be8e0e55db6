import assert from 'node:assert/strict'
import { chmod, cp, lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type PostgresBinaries, packagedBinaries, usableBinaries } from './postgres-binaries.ts'
import { postgresUser, succeeds } from './system-user.ts'

/** A copy of the platform's package in a directory of mode 700. */
async function copyOfPackage(t: TestContext): Promise<{ parent: string; root: string; binaries: PostgresBinaries }> {
  const parent = await mkdtemp(join(tmpdir(), 'fenpay-binaries-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const { postgres, initdb, pgCtl } = await packagedBinaries()
  const root = join(parent, 'package')
  await cp(dirname(dirname(dirname(postgres))), root, { recursive: true, verbatimSymlinks: true })
  const inCopy = (path: string) => join(root, 'native/bin', basename(path))
  return { parent, root, binaries: { postgres: inCopy(postgres), initdb: inCopy(initdb), pgCtl: inCopy(pgCtl) } }
}

test('library links that a skipped install script did not make are made at start', async (t) => {
  const { root, binaries } = await copyOfPackage(t)
  const links: { target: string }[] = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'))
  await Promise.all(links.map(({ target }) => rm(join(root, target), { force: true })))
  assert.equal(await succeeds(binaries.initdb, ['--version']), links.length === 0)

  assert.deepEqual(await usableBinaries(binaries, undefined), binaries)
  for (const { target } of links) assert((await lstat(join(root, target))).isSymbolicLink(), target)
  for (const program of Object.values(binaries)) assert(await succeeds(program, ['--version']), program)
})

test('programs that the system user cannot reach are copied once to a place it can', async (t) => {
  const { parent, binaries } = await copyOfPackage(t)
  const cacheParent = await mkdtemp(join(tmpdir(), 'fenpay-cache-'))
  t.after(() => rm(cacheParent, { recursive: true, force: true }))
  await chmod(cacheParent, 0o755)
  const cache = join(cacheParent, 'fenpay')
  const user = await postgresUser()
  if (user === undefined) {
    assert.deepEqual(await usableBinaries(binaries, user, cache), binaries)
    return
  }
  const usable = await Promise.all([1, 2].map(() => usableBinaries(binaries, user, cache)))
  assert(usable.every(({ postgres }) => postgres.startsWith(cache)))
  assert.equal((await readdir(cache)).length, 1, 'two at once leave one copy')
  for (const program of Object.values(usable[0] ?? {})) assert(await succeeds(program, ['--version'], user), program)

  await chmod(parent, 0o711)
  assert.deepEqual(await usableBinaries(binaries, user, cache), binaries)
})

test('programs that do not run at all are reported with what to do', async (t) => {
  const { root, binaries } = await copyOfPackage(t)
  await rm(join(root, 'native/lib'), { recursive: true })
  await assert.rejects(usableBinaries(binaries, undefined), { code: 'BINARIES_UNUSABLE', message: /DATABASE_URL/ })
})
