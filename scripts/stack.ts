import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/**
 * The whole of Fenpay on one machine: a simulated WeChat and the server with its embedded PostgreSQL, each a process
 * of its own. `npm start`, the demo and the tests all start it here.
 */
export interface Stack {
  serverUrl: string
  wechatUrl: string
  mchid: string
  appid: string
  server: ChildProcess
  wechat: ChildProcess
  /** The server's environment, to start a second server like it. */
  serverEnv: NodeJS.ProcessEnv
  /** Stops both and waits for their ends. */
  stop(): Promise<void>
}

export interface StackOptions {
  /** Where everything is kept: database, WeChat's books, keys, logs. */
  dataDir: string
  serverPort: number
  wechatPort: number
  /** Put over the environment of the server. */
  env?: NodeJS.ProcessEnv
}

const root = resolve(fileURLToPath(new URL('..', import.meta.url)))
const simulatorCli = join(root, 'packages/simulator/src/cli.ts')
const serverMain = join(root, 'apps/server/src/main.ts')
const startLimitMs = 90_000

/** Starts WeChat first, since the server is configured with the merchant that WeChat has made. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const wechat = await startWechat(options)
  const { wechatUrl } = wechat
  try {
    const merchant = await firstMerchant(wechatUrl)
    const serverEnv = { ...process.env, ...serverEnvironment(options, wechatUrl, merchant), ...options.env }
    const server = await startServerProcess(serverEnv, join(options.dataDir, 'server.log'))
    return {
      serverUrl: server.serverUrl,
      wechatUrl,
      mchid: merchant.mchid,
      appid: merchant.apps[0]?.appid ?? '',
      server: server.process,
      wechat: wechat.process,
      serverEnv,
      async stop() {
        // The server first: it may still be asking WeChat.
        await stopProcess(server.process)
        await stopProcess(wechat.process)
      },
    }
  } catch (error) {
    await stopProcess(wechat.process)
    throw error
  }
}

/** Starts the simulated WeChat of a stack alone. */
export async function startWechat(options: StackOptions): Promise<{ process: ChildProcess; wechatUrl: string }> {
  const args = [simulatorCli, '--port', String(options.wechatPort), '--data-dir', join(options.dataDir, 'wechat')]
  const child = spawnQuietly(args, process.env, join(options.dataDir, 'wechat.log'))
  const wechatUrl = await readyUrl(child, 'The simulated WeChat')
  return { process: child, wechatUrl }
}

/** Starts one server process and waits until it takes requests. */
export async function startServerProcess(
  env: NodeJS.ProcessEnv,
  logFile: string,
): Promise<{ process: ChildProcess; serverUrl: string }> {
  const child = spawnQuietly([serverMain], env, logFile)
  const serverUrl = await readyUrl(child, 'The server')
  return { process: child, serverUrl }
}

/** Asks a process to stop and waits until it is gone. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  await gone
}

/**
 * In a process group of its own, so that Ctrl-C reaches only the one who starts it, who then stops it in order. Over
 * the IPC channel it says when it is ready, and notices when its parent is gone.
 */
function spawnQuietly(args: string[], env: NodeJS.ProcessEnv, logFile: string): ChildProcess {
  mkdirSync(resolve(logFile, '..'), { recursive: true })
  const log = openSync(logFile, 'a')
  const child = spawn(process.execPath, args, { cwd: root, env, detached: true, stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  Object.assign(child, { logFile })
  return child
}

function readyUrl(child: ChildProcess & { logFile?: string }, name: string): Promise<string> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      fail(new Error(`${name} was not ready within ${startLimitMs / 1000} s; see ${child.logFile}`))
      child.kill('SIGTERM')
    }, startLimitMs)
    child.once('message', (message: { ready?: string }) => {
      clearTimeout(timer)
      done(message.ready ?? '')
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      const log = readFileSync(child.logFile ?? '', 'utf8')
        .trim()
        .split('\n')
        .slice(-15)
        .join('\n')
      fail(new Error(`${name} ended with exit code ${code}:\n${log}`))
    })
  })
}

interface SimulatedMerchant {
  mchid: string
  name: string
  api_v2_key: string
  api_v3_key: string
  certificate: { serial_no: string; private_key_pem: string }
  wechatpay_public_key: { id: string; public_key_pem: string }
  apps: { appid: string; secret: string }[]
}

async function firstMerchant(wechatUrl: string): Promise<SimulatedMerchant> {
  const response = await fetch(new URL('/_sim/merchants', wechatUrl))
  const { merchants } = (await response.json()) as { merchants: SimulatedMerchant[] }
  const [merchant] = merchants
  if (merchant === undefined) throw new Error('the simulated WeChat has no merchant')
  return merchant
}

/** What a person would put into .env to point the server at this WeChat. */
function serverEnvironment(options: StackOptions, wechatUrl: string, merchant: SimulatedMerchant): NodeJS.ProcessEnv {
  return {
    FENPAY_DATA_DIR: options.dataDir,
    FENPAY_PORT: String(options.serverPort),
    FENPAY_WECHAT_URL: wechatUrl,
    FENPAY_MCHID: merchant.mchid,
    FENPAY_API_V2_KEY: merchant.api_v2_key,
    FENPAY_API_V3_KEY: merchant.api_v3_key,
    FENPAY_MERCHANT_SERIAL_NO: merchant.certificate.serial_no,
    FENPAY_MERCHANT_PRIVATE_KEY: merchant.certificate.private_key_pem,
    FENPAY_WECHATPAY_PUBLIC_KEY_ID: merchant.wechatpay_public_key.id,
    FENPAY_WECHATPAY_PUBLIC_KEY: merchant.wechatpay_public_key.public_key_pem,
    FENPAY_APPID: merchant.apps[0]?.appid,
    FENPAY_APP_SECRET: merchant.apps[0]?.secret,
  }
}

/** Waits until something is true, for at most `limitMs`. */
export async function until(what: string, check: () => Promise<boolean> | boolean, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`)
    await delay(50)
  }
}
