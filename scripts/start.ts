/** `npm start`: a shop where one can pay, on this machine, until Ctrl-C. */
import { join, resolve } from 'node:path'
import { startStack } from './stack.ts'

const dataDir = resolve(process.env['FENPAY_DATA_DIR'] ?? '.fenpay')
const port = (name: string, fallback: number) => {
  const text = process.env[name] ?? String(fallback)
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65535) return Number(text)
  console.error(`${name} is ${JSON.stringify(text)}; it takes a port number from 0 to 65535`)
  process.exit(1)
}

// npm and its shell may be ended without a word to us; what they started ends with them.
const parent = process.ppid
let stopAll: () => void = () => process.exit(0)
setInterval(() => {
  if (process.ppid !== parent) stopAll()
}, 500).unref()

try {
  const startedAt = Date.now()
  console.log('Starting the simulated WeChat, PostgreSQL, the server and the phone …')
  const stack = await startStack({
    dataDir,
    serverPort: port('FENPAY_PORT', 3000),
    wechatPort: port('WECHAT_SIM_PORT', 3001),
    phonePort: port('FENPAY_PHONE_PORT', 3002),
  })
  console.log(`
  Fenpay is ready (${((Date.now() - startedAt) / 1000).toFixed(1)} s).

    Open this         ${stack.phone?.url}

    Shop API          ${stack.serverUrl}/products
    API docs          ${stack.serverUrl}/docs
    Simulated WeChat  ${stack.wechatUrl}/_sim
    Merchant          mchid ${stack.mchid}, appid ${stack.appid}, ${process.env['FENPAY_PAY_API'] ?? 'v3'}
    Data and logs     ${dataDir} (${join(dataDir, 'server.log')})

  See one purchase step by step:  npm run demo
  Stop with Ctrl-C.
`)
  let stopping = false
  const stop = async (exitCode: number) => {
    if (stopping) return
    stopping = true
    console.log('Stopping …')
    await stack.stop()
    process.exit(exitCode)
  }
  stopAll = () => void stop(0)
  process.on('SIGINT', () => void stop(0))
  process.on('SIGTERM', () => void stop(0))
  process.on('SIGHUP', () => void stop(0))
  for (const [name, child] of [
    ['server', stack.server],
    ['simulated WeChat', stack.wechat],
  ] as const) {
    child.once('exit', (code, signal) => {
      if (stopping) return
      console.error(`The ${name} ended by itself (${signal ?? `exit code ${code}`}); see the logs in ${dataDir}.`)
      void stop(1)
    })
  }
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
