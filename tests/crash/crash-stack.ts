import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiClient } from '@fenpay/contract'
import { connect, type Sql } from '../../apps/server/src/storage/connect.ts'
import { type StackOptions, startServerProcess, startStack, startWechat, stopProcess } from '../../scripts/stack.ts'
import { apiAt, Wechat } from '../support/shop.ts'
import { restartablePort } from './free-port.ts'

/** What can be killed. */
export type Victim = 'server' | 'wechat' | 'database'

/** A server and a simulated WeChat as processes of their own, which may be killed and started again where they were. */
export class CrashStack {
  readonly api: ApiClient
  readonly wechat: Wechat
  readonly appid: string
  readonly #options: StackOptions
  readonly #serverEnv: NodeJS.ProcessEnv
  #server: ChildProcess
  #wechatProcess: ChildProcess

  private constructor(options: StackOptions, stack: Awaited<ReturnType<typeof startStack>>) {
    this.#options = options
    this.#serverEnv = stack.serverEnv
    this.#server = stack.server
    this.#wechatProcess = stack.wechat
    this.api = apiAt(stack.serverUrl)
    this.wechat = new Wechat({ url: stack.wechatUrl })
    this.appid = stack.appid
  }

  /** Without DATABASE_URL in `env` the database is the embedded one in `dataDir`, durable as in production. */
  static async start(dataDir: string, env: NodeJS.ProcessEnv): Promise<CrashStack> {
    const options = {
      dataDir,
      serverPort: await restartablePort(),
      wechatPort: await restartablePort(),
      env: { DATABASE_URL: undefined, FENPAY_LOG_LEVEL: 'warn', FENPAY_RATE_LIMIT_PER_MINUTE: '1000000', ...env },
    }
    return new CrashStack(options, await startStack(options))
  }

  /** Kills with SIGKILL. Where the database alone is killed, the server has to end by itself. */
  async kill(victim: Victim): Promise<void> {
    if (victim === 'database') process.kill(await this.#postmasterPid(), 'SIGKILL')
    else await killHard(victim === 'server' ? this.#server : this.#wechatProcess)
  }

  /** Starts whatever is dead or, since its database was killed, about to be; answers when all take requests again. */
  async restart(killed: readonly Victim[]): Promise<void> {
    const server = async () => {
      if (killed.includes('database')) await ended(this.#server)
      await this.startServer()
    }
    const wechat = async () => {
      this.#wechatProcess = (await startWechat(this.#options)).process
    }
    await Promise.all([
      killed.includes('server') || killed.includes('database') ? server() : undefined,
      killed.includes('wechat') ? wechat() : undefined,
    ])
  }

  /** What the server was started with. */
  get serverEnv(): Readonly<NodeJS.ProcessEnv> {
    return this.#serverEnv
  }

  /** Starts the server, which is not running, with `env` put over its environment. */
  async startServer(env: NodeJS.ProcessEnv = {}): Promise<void> {
    Object.assign(this.#serverEnv, env)
    this.#server = (await startServerProcess(this.#serverEnv, join(this.#options.dataDir, 'server.log'))).process
  }

  /** Stops the server in order. */
  stopServer(): Promise<void> {
    return stopProcess(this.#server)
  }

  async stop(): Promise<void> {
    await stopProcess(this.#server)
    await stopProcess(this.#wechatProcess)
  }

  /** A look into the embedded database, which has another port after each start. */
  async lookInside<Result>(look: (sql: Sql) => Promise<Result>): Promise<Result> {
    const port = (await this.#postmasterFile())[3]
    const password = (await readFile(join(this.#options.dataDir, 'postgres-password'), 'utf8')).trim()
    const sql = connect(`postgres://fenpay:${password}@127.0.0.1:${port}/fenpay`, { applicationName: 'test' })
    try {
      return await look(sql)
    } finally {
      await sql.end({ timeout: 5 })
    }
  }

  async #postmasterPid(): Promise<number> {
    return Number((await this.#postmasterFile())[0])
  }

  /** Line 1 is the pid, line 4 the port. */
  async #postmasterFile(): Promise<string[]> {
    return (await readFile(join(this.#options.dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  }
}

async function killHard(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function ended(child: ChildProcess): Promise<void> {
  if (isAlive(child)) await once(child, 'exit')
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
