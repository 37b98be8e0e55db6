#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { type SimulatorOptions, startSimulator } from './simulator.ts'

const usage = `fenpay-wechat-sim: WeChat's servers on a laptop

  --port <number>         default 3001, 0 takes a free one
  --secure-port <number>  https with client certificates, default port + 2, or a free one
  --second-port <number>  a second address for the same WeChat, default none
  --host <address>        a loopback address, default 127.0.0.1
  --data-dir <path>       where the books are kept, default .fenpay/wechat
  --help`

const fail = (message: string): never => {
  console.error(`fenpay-wechat-sim: ${message}`)
  process.exit(1)
}

function readOptions(): SimulatorOptions & { dataDir: string } {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '3001' },
      'secure-port': { type: 'string' },
      'second-port': { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      'data-dir': { type: 'string', default: '.fenpay/wechat' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const { port, 'secure-port': securePort, 'second-port': secondPort } = values
  return {
    port: toPort('--port', port),
    ...(securePort === undefined ? {} : { securePort: toPort('--secure-port', securePort) }),
    ...(secondPort === undefined ? {} : { secondPort: toPort('--second-port', secondPort) }),
    host: values.host,
    dataDir: values['data-dir'],
  }
}

function toPort(name: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new Error(`${name} must be a number from 0 to 65535, not ${text}`)
}

interface Listing {
  readonly merchants: readonly { readonly mchid: string; readonly apps: readonly { readonly appid: string }[] }[]
}

try {
  const options = readOptions()
  const simulator = await startSimulator({ ...options, log: (line) => console.error(line) })
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    simulator.close().then(
      () => process.exit(0),
      (error: unknown) => fail(String(error)),
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('disconnect', stop)
  const { merchants } = (await (await fetch(`${simulator.url}/_sim/merchants`)).json()) as Listing
  const [merchant] = merchants
  console.log(`WeChat, simulated, at ${simulator.url}  (controls: ${simulator.url}/_sim)`)
  console.log(`merchant ${merchant?.mchid}  app ${merchant?.apps[0]?.appid}  books in ${options.dataDir}`)
  // A program that started this one over an IPC channel learns that it can begin.
  if (process.connected) process.send?.({ ready: simulator.url })
} catch (error) {
  const busy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  const message = error instanceof Error ? error.message : String(error)
  fail(
    busy
      ? `the port is in use by another program; choose another one with --port or --secure-port, or WECHAT_SIM_PORT for npm start`
      : message,
  )
}
