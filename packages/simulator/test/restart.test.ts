import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DirectoryInUseError, JournalError, type Simulator, StartRefusedError, startSimulator } from '../src/index.ts'
import { type BackEnd, newNumber, Stage, startBackEnd } from './stage.ts'
import { control, type MerchantConfig } from './wechat-client.ts'

const root = mkdtempSync(join(tmpdir(), 'fenpay-simulator-'))
let directories = 0
const newDirectory = (): string => join(root, String(++directories))
after(() => rmSync(root, { recursive: true }))

let backEnd: BackEnd
before(async () => {
  backEnd = await startBackEnd()
})
after(() => backEnd.close())

async function stageAt(url: string): Promise<Stage> {
  const { merchants } = (await control(url, 'merchants')).json as unknown as { merchants: MerchantConfig[] }
  return new Stage(url, backEnd, merchants[0] ?? assert.fail('no merchant'), async () => {})
}

/** The books without the counts of calls, which begin anew with each process. */
async function booksOf(stage: Stage): Promise<object> {
  const { orders, payments, notifications } = (await stage.control('books')).json
  return { orders, payments, notifications }
}

describe('a restart', () => {
  let running: Simulator | undefined
  afterEach(async () => {
    await running?.close()
    running = undefined
  })
  const start = async (dataDir: string): Promise<Stage> => {
    running = await startSimulator({ port: 0, dataDir })
    return stageAt(running.url)
  }

  it('keeps merchants, people, orders, payments, deliveries and the clock', async () => {
    const dataDir = newDirectory()
    const first = await start(dataDir)
    await control(first.url, 'merchants', { name: '别家' })
    await first.advance(3600)
    const paid = await first.pay('RSA')
    await first.delivered(paid)
    const open = newNumber()
    const prepayId = await first.prepay('MD5', open)
    const books = await booksOf(first)
    const { merchants, secure } = (await first.control('merchants')).json
    const openid = await first.openid()
    await running?.close()

    const second = await start(dataDir)
    assert.deepEqual(await booksOf(second), books)
    const again = (await second.control('merchants')).json
    assert.deepEqual(again['merchants'], merchants)
    assert.equal(again['secure']?.['ca_pem'], secure?.['ca_pem'])
    assert.equal((await second.control('clock')).json['advanced_seconds'], 3600)
    assert.equal(await second.openid(), openid)
    const { json } = await second.requestPayment(second.payParameters('MD5', prepayId), 'confirm')
    assert.equal(json['errMsg'], 'requestPayment:ok')
    await second.delivered(open)
  })

  it('goes on with the notifications that were waiting', async () => {
    const dataDir = newDirectory()
    const first = await start(dataDir)
    await first.fault('notify.drop', { times: 3 })
    const outTradeNo = await first.pay('RSA')
    await first.advance(31)
    assert.equal((await first.deliveries(outTradeNo)).length, 3)
    await running?.close()
    const second = await start(dataDir)
    await second.advance(31)
    const deliveries = await second.deliveries(outTradeNo)
    assert.deepEqual(
      deliveries.map(({ outcome }) => outcome),
      ['not-sent', 'not-sent', 'not-sent', 'acknowledged'],
    )
  })

  it('ignores a last line that was cut off, and refuses one in the middle that cannot be read', async () => {
    const dataDir = newDirectory()
    const first = await start(dataDir)
    const outTradeNo = await first.pay('MD5')
    await running?.close()
    const path = join(dataDir, 'books.jsonl')
    appendFileSync(path, '[["orders",{"mchid":"19000')
    const second = await start(dataDir)
    assert.equal((await second.order(outTradeNo))?.['trade_state'], 'SUCCESS')
    await running?.close()
    assert.doesNotMatch(readFileSync(path, 'utf8'), /"19000$/)
    writeFileSync(path, `garbage\n${readFileSync(path, 'utf8')}`)
    running = undefined
    await assert.rejects(start(dataDir), (error) => error instanceof JournalError && /line 1 of /.test(error.message))
  })
})

describe('a data directory', () => {
  it('is refused to a second simulator, with the first one’s pid', async () => {
    const dataDir = newDirectory()
    const first = await startSimulator({ port: 0, dataDir })
    await assert.rejects(startSimulator({ port: 0, dataDir }), (error) => {
      assert.ok(error instanceof DirectoryInUseError)
      assert.equal(error.pid, process.pid)
      assert.match(error.message, new RegExp(`process ${process.pid}`))
      return true
    })
    await first.close()
    await (await startSimulator({ port: 0, dataDir })).close()
  })

  it('is taken over from a dead process, also when its pid lives on in another one', async () => {
    const dataDir = newDirectory()
    await (await startSimulator({ port: 0, dataDir })).close()
    const left = [{ pid: 2 ** 22 + 1, startedAt: '1' }, { pid: process.ppid, startedAt: '1' }, 'half-written {']
    for (const content of left) {
      writeFileSync(join(dataDir, 'lock'), typeof content === 'string' ? content : JSON.stringify(content))
      await (await startSimulator({ port: 0, dataDir })).close()
    }
  })

  it('is free again after a start that failed', async () => {
    const dataDir = newDirectory()
    const first = await startSimulator({ port: 0 })
    const port = Number(new URL(first.url).port)
    await assert.rejects(startSimulator({ port, dataDir }), { code: 'EADDRINUSE' })
    await (await startSimulator({ port: 0, dataDir })).close()
    await first.close()
  })
})

describe('a start is refused', () => {
  it('on an address that others reach, and in production (A52, F80)', async () => {
    await assert.rejects(startSimulator({ port: 0, host: '0.0.0.0' }), StartRefusedError)
    const { NODE_ENV: before } = process.env
    process.env['NODE_ENV'] = 'production'
    try {
      await assert.rejects(startSimulator({ port: 0 }), StartRefusedError)
    } finally {
      if (before === undefined) delete process.env['NODE_ENV']
      else process.env['NODE_ENV'] = before
    }
  })
})

describe('the command', () => {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
  const children: ChildProcess[] = []
  // A test that fails half-way leaves nothing running.
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })
  const run = (args: string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; output: () => string } => {
    const child = fork(cli, args, { silent: true, env: { ...process.env, ...env } })
    children.push(child)
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
    return { child, output: () => text }
  }
  const started = async ({ child, output }: ReturnType<typeof run>): Promise<string> => {
    while (!output().includes('books in')) {
      if (child.exitCode !== null) assert.fail(output())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return /http:\S+/.exec(output())?.[0] ?? assert.fail(output())
  }
  const ended = async ({ child }: ReturnType<typeof run>): Promise<number | null> => {
    // Who was killed has a signal in place of a code.
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode
  }

  it('loses nothing that it answered when it is killed with -9 in the middle of its work', async () => {
    const dataDir = newDirectory()
    const first = run(['--port', '0', '--data-dir', dataDir])
    const stage = await stageAt(await started(first))
    const paid: string[] = []
    const buy = async (): Promise<void> => {
      for (;;) paid.push(await stage.pay('MD5'))
    }
    const buyers = Promise.allSettled([buy(), buy(), buy(), buy()])
    while (paid.length < 40) await new Promise((resolve) => setTimeout(resolve, 5))
    first.child.kill('SIGKILL')
    await buyers
    await ended(first)

    const second = run(['--port', '0', '--data-dir', dataDir])
    const again = await stageAt(await started(second))
    const { json } = await again.control('books')
    const known = new Map(
      (json['orders'] as unknown as { out_trade_no: string; trade_state: string }[]).map((row) => [
        row.out_trade_no,
        row.trade_state,
      ]),
    )
    assert.ok(paid.length >= 40)
    for (const outTradeNo of paid) assert.equal(known.get(outTradeNo), 'SUCCESS', outTradeNo)
    for (const outTradeNo of paid) await again.delivered(outTradeNo)
    second.child.kill('SIGTERM')
    assert.equal(await ended(second), 0)
  })

  it('ends with 1 and one line when it cannot start', async () => {
    const dataDir = newDirectory()
    const first = run(['--port', '0', '--data-dir', dataDir])
    const url = await started(first)
    const cases: readonly [args: string[], env: NodeJS.ProcessEnv, message: RegExp][] = [
      [['--port', new URL(url).port, '--data-dir', newDirectory()], {}, /the port is in use/],
      [['--port', '0', '--data-dir', dataDir], {}, new RegExp(`in use by process ${first.child.pid}`)],
      [['--port', '0'], { NODE_ENV: 'production' }, /NODE_ENV is production/],
      [['--port', 'x'], {}, /--port must be a number/],
      [['--bogus'], {}, /--bogus/],
    ]
    for (const [args, env, message] of cases) {
      const refused = run(args, env)
      assert.equal(await ended(refused), 1)
      assert.match(refused.output(), message)
      assert.equal(refused.output().trim().split('\n').length, 1)
    }
    first.child.disconnect()
    assert.equal(await ended(first), 0, 'it ends with the process that started it')
  })

  it('explains itself', async () => {
    const help = run(['--help'])
    assert.equal(await ended(help), 0)
    assert.match(help.output(), /--data-dir <path>/)
  })
})
