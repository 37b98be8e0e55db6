#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { type PhoneOptions, startPhone } from './server/start-phone.ts'

const usage = `fenpay-phone <folder>: a phone in the browser that runs a native WeChat mini program

  <folder>          where app.json is, or project.config.json
  --port <number>   default 3002, 0 takes a free one
  --host <address>  a loopback address, default 127.0.0.1
  --wechat <url>    the simulated WeChat, default http://127.0.0.1:3001
  --api <url>       the mini program's back end, default http://127.0.0.1:3000
  --help`

const fail = (message: string): never => {
  console.error(`fenpay-phone: ${message}`)
  process.exit(1)
}

function readOptions(): PhoneOptions {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '3002' },
      host: { type: 'string', default: '127.0.0.1' },
      wechat: { type: 'string', default: 'http://127.0.0.1:3001' },
      api: { type: 'string', default: 'http://127.0.0.1:3000' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const [folder, ...more] = positionals
  if (folder === undefined || more.length > 0) {
    throw new Error('give the folder of one mini program, such as: fenpay-phone apps/shop')
  }
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, not ${values.port}`)
  }
  return { folder, port: Number(values.port), host: values.host, wechatUrl: values.wechat, apiUrl: values.api }
}

try {
  const phone = await startPhone({ ...readOptions(), log: (line) => console.error(line) })
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    phone.close().then(
      () => process.exit(0),
      (error: unknown) => fail(String(error)),
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('disconnect', stop)
  console.log(`The phone is at ${phone.url}`)
  // A program that started this one over an IPC channel learns that it can begin.
  process.send?.({ ready: phone.url })
} catch (error) {
  const busy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  const message = error instanceof Error ? error.message : String(error)
  fail(busy ? 'the port is in use by another program; choose another one with --port' : message)
}
