import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { lockDataDirectory } from './data-directory-lock.ts'
import { DataDirectoryInUse } from './embedded-postgres-error.ts'
import { processStartTime } from './process-identity.ts'
import { spawnScript } from './spawn-script.ts'

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fenpay-lock-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Says "ready", and when told so tries to lock and says "won" or the pid that refused it. */
const locker = (directory: string) => `
  import { lockDataDirectory } from '${import.meta.resolve('./data-directory-lock.ts')}'
  process.stdin.once('data', () => lockDataDirectory(${JSON.stringify(directory)}).then(
    () => console.log('won'),
    (error) => console.log(error.pid ?? error.stack),
  ))
  process.stdin.on('end', () => process.exit())
  console.log('ready')`

async function spawnLocker(t: TestContext, directory: string) {
  const script = spawnScript(locker(directory))
  t.after(script.kill)
  assert.equal(await script.nextLine(), 'ready')
  return script
}

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const script = spawnScript('')
  await script.kill()
  return script.pid
}

test('F58: a second owner is refused, and told the pid of the first', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await spawnLocker(t, directory)
  first.child.stdin?.write('go\n')
  assert.equal(await first.nextLine(), 'won')
  await assert.rejects(lockDataDirectory(directory), (error) => {
    assert(error instanceof DataDirectoryInUse)
    assert.equal(error.code, 'DATA_DIRECTORY_IN_USE')
    assert.equal(error.pid, first.pid)
    assert.match(error.message, new RegExp(`\\b${first.pid}\\b`))
    return true
  })
})

test('F58: the lock of a live but silent process is never taken', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await spawnLocker(t, directory)
  first.child.stdin?.write('go\n')
  assert.equal(await first.nextLine(), 'won')
  first.child.kill('SIGSTOP')
  await assert.rejects(lockDataDirectory(directory), DataDirectoryInUse)
  first.child.kill('SIGCONT')
})

test('F58: the lock of a killed process is taken over', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await spawnLocker(t, directory)
  first.child.stdin?.write('go\n')
  assert.equal(await first.nextLine(), 'won')
  await first.kill()
  await lockDataDirectory(directory)
  const lock: unknown = JSON.parse(await readFile(join(directory, 'server.lock'), 'utf8'))
  assert.deepEqual(lock, { pid: process.pid, startedAt: await processStartTime(process.pid) })
  assert.deepEqual(await readdir(directory), ['server.lock'])
})

test('F58: a live process with the same pid but another start time is not the holder', async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'server.lock'), JSON.stringify({ pid: process.ppid, startedAt: 'another' }))
  await lockDataDirectory(directory)
})

test('F58: a lock that a power failure cut short holds nobody up', async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'server.lock'), '')
  await lockDataDirectory(directory)
})

test('a lock given back leaves nothing and can be taken again', async (t) => {
  const directory = await temporaryDirectory(t)
  const unlock = await lockDataDirectory(directory)
  await unlock()
  assert.deepEqual(await readdir(directory), [])
  await lockDataDirectory(directory)
})

/** What a race starts from: nothing, a dead owner, or one who died while it took over from another dead one. */
const leftovers: Record<string, readonly string[]> = {
  'an empty directory': [],
  'a dead owner': ['server.lock'],
  'an owner who died in a takeover': ['server.lock', 'server.lock.takeover'],
}

for (const [title, files] of Object.entries(leftovers)) {
  test(`F58: of four processes that race from ${title}, exactly one wins`, async (t) => {
    for (let round = 0; round < 2; round += 1) {
      const directory = await temporaryDirectory(t)
      const dead = JSON.stringify({ pid: await deadPid(), startedAt: '1' })
      for (const file of files) await writeFile(join(directory, file), dead)
      const racers = await Promise.all(Array.from({ length: 4 }, () => spawnLocker(t, directory)))
      for (const racer of racers) racer.child.stdin?.write('go\n')
      const answers = await Promise.all(racers.map((racer) => racer.nextLine()))
      const winners = racers.filter((_, index) => answers[index] === 'won')
      assert.equal(winners.length, 1, answers.join(', '))
      await Promise.all(racers.map((racer) => racer.kill()))
    }
  })
}
