import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { merchantEnvironment, type SecureWechat, type SimulatedMerchant } from './merchant-environment.ts'

/**
 * The whole of Fenpay on one machine: a simulated WeChat, the server with its embedded PostgreSQL, and the phone with
 * the shop on it, each a process of its own. `npm start`, the demo and the tests all start it here.
 */
export interface Stack {
  serverUrl: string
  wechatUrl: string
  mchid: string
  appid: string
  server: ChildProcess
  wechat: ChildProcess
  phone?: { url: string; process: ChildProcess }
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
  /** Where the phone is; without it there is none. */
  phonePort?: number
  /** Put over the environment of the server. */
  env?: NodeJS.ProcessEnv
}

const root = resolve(fileURLToPath(new URL('..', import.meta.url)))
const simulatorCli = join(root, 'packages/simulator/src/cli.ts')
const serverMain = join(root, 'apps/server/src/main.ts')
const phoneCli = join(root, 'packages/phone/src/cli.ts')
const shop = join(root, 'apps/shop')
const startLimitMs = 90_000

/** Starts WeChat first, since the server is configured with the merchant that WeChat has made. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started: ChildProcess[] = []
  // The last one first: the phone asks the server, and the server asks WeChat.
  const stop = async () => {
    for (const child of started.toReversed()) await stopProcess(child)
  }
  try {
    const wechat = await startWechat(options)
    started.push(wechat.process)
    const { wechatUrl } = wechat
    const merchant = await firstMerchant(wechatUrl)
    const given = {
      ...merchantEnvironment(merchant),
      ...addresses(options, wechatUrl),
      ...(await messagePush(options, wechatUrl, merchant)),
    }
    const serverEnv = { ...process.env, ...withoutFiles(given), ...given, ...options.env }
    const server = await startServerProcess(serverEnv, join(options.dataDir, 'server.log'))
    started.push(server.process)
    const { phonePort } = options
    const phone =
      phonePort === undefined ? undefined : await startPhone({ ...options, phonePort }, server.serverUrl, wechatUrl)
    if (phone !== undefined) started.push(phone.process)
    return {
      serverUrl: server.serverUrl,
      wechatUrl,
      mchid: merchant.mchid,
      appid: merchant.apps[0]?.appid ?? '',
      server: server.process,
      wechat: wechat.process,
      ...(phone === undefined ? {} : { phone }),
      serverEnv,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts the phone with the shop on it, between a server and a WeChat that run. */
async function startPhone(
  options: StackOptions & { phonePort: number },
  serverUrl: string,
  wechatUrl: string,
): Promise<{ url: string; process: ChildProcess }> {
  const args = [phoneCli, shop, '--port', String(options.phonePort), '--api', serverUrl, '--wechat', wechatUrl]
  const child = spawnQuietly(args, process.env, join(options.dataDir, 'phone.log'))
  return { process: child, url: await readyUrl(child, 'The phone') }
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
  // Only this run's words: an old failure would be taken for a new one.
  const log = openSync(logFile, 'w')
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

async function firstMerchant(wechatUrl: string): Promise<SimulatedMerchant> {
  const response = await fetch(new URL('/_sim/merchants', wechatUrl))
  const { merchants, secure } = (await response.json()) as { merchants: SimulatedMerchant[]; secure: SecureWechat }
  const [merchant] = merchants
  if (merchant === undefined) throw new Error('the simulated WeChat has no merchant')
  return { ...merchant, secure }
}

/** Whoever has the files of a real merchant in the environment plays with the simulated one all the same. */
function withoutFiles(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.keys(given).map((name) => [`${name}_FILE`, undefined]))
}

/** Sets the message push up as one does in the console of the mini program: both sides know its keys. */
async function messagePush(
  options: StackOptions,
  wechatUrl: string,
  merchant: SimulatedMerchant,
): Promise<NodeJS.ProcessEnv> {
  const appid = merchant.apps[0]?.appid
  if (appid === undefined || options.serverPort === 0) return {}
  const response = await fetch(new URL(`/_sim/apps/${appid}/push`, wechatUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `http://127.0.0.1:${options.serverPort}/wechat/push/${appid}` }),
  })
  const push = (await response.json()) as { token: string; encoding_aes_key: string }
  return { FENPAY_PUSH_TOKEN: push.token, FENPAY_PUSH_AES_KEY: push.encoding_aes_key }
}

function addresses(options: StackOptions, wechatUrl: string): NodeJS.ProcessEnv {
  return {
    FENPAY_DATA_DIR: options.dataDir,
    FENPAY_PORT: String(options.serverPort),
    FENPAY_WECHAT_URL: wechatUrl,
    // The systems one tries webhooks with stand on this machine.
    FENPAY_WEBHOOK_ALLOW_LOOPBACK: 'yes',
  }
}
