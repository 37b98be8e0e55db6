/** Starting and stopping, as an operator meets it: real processes, real signals. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '../scripts/until.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-processes-'))
await chmod(dataDir, 0o711)
after(() => rm(dataDir, { recursive: true, force: true }))

interface Run {
  child: ChildProcess
  output: () => string
  exitCode: Promise<number | null>
}

function run(script: string, env: NodeJS.ProcessEnv): Run {
  const child = spawn(process.execPath, [join(root, script)], { cwd: root, env: { ...process.env, ...env } })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk))
  return { child, output: () => text, exitCode: new Promise((done) => child.once('close', done)) }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function postgresPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

const start = { FENPAY_DATA_DIR: dataDir, FENPAY_PORT: '0', WECHAT_SIM_PORT: '0', FENPAY_PHONE_PORT: '0' }

test('npm start says where everything is, whatever real merchant is configured; Ctrl-C ends it with 0 and leaves no process behind', async () => {
  const stack = run('scripts/start.ts', { ...start, FENPAY_API_V3_KEY_FILE: '/run/secrets/api-v3-key' })
  await until('it is ready', () => stack.output().includes('Fenpay is ready'), 60_000)
  const url = /Shop API\s+(\S+)\/products/.exec(stack.output())?.[1] ?? ''
  assert.equal((await fetch(`${url}/readyz`)).status, 200)
  const pids = [await postgresPid(), Number((await readFile(join(dataDir, 'server.lock'), 'utf8')).match(/\d+/)?.[0])]
  assert.deepEqual(pids.map(isAlive), [true, true])

  const second = run('scripts/start.ts', start)
  assert.equal(await second.exitCode, 1, 'F58: a second one on the same data is refused')
  assert.match(second.output(), /in use by process \d+/)

  stack.child.kill('SIGINT')
  assert.equal(await stack.exitCode, 0)
  assert.deepEqual(pids.map(isAlive), [false, false])
})

test('F61: a signal in the middle of the start ends it as well, PostgreSQL included', async () => {
  const stack = run('scripts/start.ts', start)
  await until('PostgreSQL is up', async () => (await postgresPid().catch(() => 0)) > 0, 60_000)
  const pid = await postgresPid()
  stack.child.kill('SIGTERM')
  await stack.exitCode
  await until('PostgreSQL is gone', () => !isAlive(pid))
})

test('SIGTERM to npm itself ends everything that npm start has started', async () => {
  const npm = spawn('npm', ['start'], { cwd: root, env: { ...process.env, ...start } })
  let text = ''
  npm.stdout.on('data', (chunk: Buffer) => (text += chunk))
  await until('it is ready', () => text.includes('Fenpay is ready'), 60_000)
  const pids = [await postgresPid(), Number((await readFile(join(dataDir, 'server.lock'), 'utf8')).match(/\d+/)?.[0])]
  npm.kill('SIGTERM')
  await until('all is gone', () => !pids.some(isAlive), 30_000)
})

test('a port that is taken is said in one line, with what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => other.once('listening', done))
  const address = other.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const stack = run('scripts/start.ts', { ...start, FENPAY_PORT: port })
  const exitCode = await stack.exitCode
  other.close()
  assert.equal(exitCode, 1)
  assert.match(
    stack.output(),
    new RegExp(`Port ${port} is taken by another program. Choose another one with FENPAY_PORT.`),
  )
})

test('a server without configuration says everything that is missing at once', async () => {
  const server = run('apps/server/src/main.ts', { FENPAY_DATA_DIR: dataDir })
  assert.equal(await server.exitCode, 1)
  for (const name of [
    'FENPAY_MCHID',
    'FENPAY_APPID',
    'FENPAY_APP_SECRET',
    'FENPAY_API_V3_KEY',
    'FENPAY_MERCHANT_PRIVATE_KEY',
  ]) {
    assert.ok(server.output().includes(name), name)
  }
  assert.doesNotMatch(server.output(), /\n\s+at /, 'no stack')
})
