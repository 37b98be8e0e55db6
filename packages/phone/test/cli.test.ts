import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kiosk } from './stage.ts'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function textOf(stream: Readable | null): Promise<string> {
  let text = ''
  for await (const chunk of stream?.setEncoding('utf8') ?? []) text += chunk
  return text
}

function start(...args: string[]): { child: ChildProcess; ready: Promise<string>; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const [out, err] = [textOf(child.stdout), textOf(child.stderr)]
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ended = Promise.all([exited, out, err]).then(([code, ...texts]) => ({ code, out: texts[0], err: texts[1] }))
  const ready = new Promise<string>((resolve, reject) => {
    child.once('message', ({ ready: url }: { ready: string }) => resolve(url))
    ended.then(({ err: text }) => reject(new Error(text)))
  })
  ready.catch(() => {
    // Told by who waits for it.
  })
  return { child, ready, ended }
}

test('it serves the phone, says where, and ends on SIGTERM, SIGINT and when its parent is gone', async () => {
  const ends: ((child: ChildProcess) => void)[] = [
    (child) => child.kill('SIGTERM'),
    (child) => child.kill('SIGINT'),
    (child) => child.disconnect(),
  ]
  for (const end of ends) {
    const { child, ready, ended } = start(kiosk, '--port', '0', '--wechat', 'http://127.0.0.1:9')
    const url = await ready
    assert.equal((await fetch(url)).status, 200)
    end(child)
    const { code, out } = await ended
    assert.equal(code, 0)
    assert.match(out, /^The phone is at http:\/\/127\.0\.0\.1:\d+\n$/)
    await assert.rejects(fetch(url))
  }
})

test('a busy port, a wrong folder and wrong options end it with one line', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const busy = String((other.address() as AddressInfo).port)
  const cases: [args: string[], line: RegExp][] = [
    [[kiosk, '--port', busy], /the port is in use by another program; choose another one with --port/],
    [[tmpdir(), '--port', '0'], /is no mini program: it has neither app\.json nor project\.config\.json/],
    [[], /give the folder of one mini program/],
    [[kiosk, '--port', 'x'], /--port must be a number/],
    [[kiosk, '--port', '0', '--host', '0.0.0.0'], /host must be one of/],
    [[kiosk, '--port', '0', '--wechat', 'nowhere'], /wechatUrl is no http address: nowhere/],
    [[kiosk, '--nonsense'], /Unknown option '--nonsense'/],
  ]
  for (const [args, line] of cases) {
    const { code, out, err } = await start(...args).ended
    assert.equal(code, 1, args.join(' '))
    assert.equal(out, '')
    assert.match(err, line)
    assert.match(err, /^fenpay-phone: .*\n$/)
  }
  await new Promise((resolve) => other.close(resolve))
})

test('--help tells every option', async () => {
  const { code, out } = await start('--help').ended
  assert.equal(code, 0)
  for (const option of ['--port', '--host', '--wechat', '--api']) assert.ok(out.includes(option), option)
})
