/** `npm run demo`: one purchase, each message of it explained, against a stack of its own that is gone afterwards. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Page } from './demo/page.ts'
import { type PayApi, type Protocol, payApis } from './demo/protocol.ts'
import { payV2 } from './demo/protocol-v2.ts'
import { payV3 } from './demo/protocol-v3.ts'
import { playPurchase } from './demo/purchase.ts'
import { startStack } from './stack.ts'

const usage = `npm run demo -- [options]

  --pay-api <name>  v3 (default), v2-md5 or v2-hmac-sha256
  --all             all three, one after the other
  --full            shorten no signature, key or ciphertext, and break no line
  --help`

const protocols: Record<PayApi, Protocol> = {
  v3: payV3,
  'v2-md5': payV2('MD5'),
  'v2-hmac-sha256': payV2('HMAC-SHA256'),
}

function readOptions(): { chosen: readonly PayApi[]; full: boolean } {
  const { values } = parseArgs({
    options: {
      'pay-api': { type: 'string', default: 'v3' },
      all: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const payApi = payApis.find((known) => known === values['pay-api'])
  if (payApi === undefined) throw new Error(`--pay-api is ${values['pay-api']}; it takes ${payApis.join(', ')}`)
  return { chosen: values.all ? payApis : [payApi], full: values.full }
}

/** The world of the demo is its own, whatever the shell is set up for. */
function forgetSettings(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('FENPAY_') || name === 'DATABASE_URL' || name === 'NODE_ENV') delete process.env[name]
  }
}

async function play(page: Page, payApi: PayApi, signal: AbortSignal): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-demo-'))
  try {
    // Started as root, PostgreSQL runs as another user, who has to pass through.
    await chmod(dataDir, 0o711)
    console.log('\nStarting a simulated WeChat, PostgreSQL and the server, for this demo alone …')
    const stack = await startStack({ dataDir, serverPort: 0, wechatPort: 0, env: { FENPAY_PAY_API: payApi } })
    try {
      signal.throwIfAborted()
      await playPurchase(page, stack, protocols[payApi], signal)
    } finally {
      await stack.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const stopping = new AbortController()
// The reader has gone, as in `npm run demo | head`: what was started is stopped all the same.
process.stdout.on('error', () => stopping.abort())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return
    process.exitCode = 128 + constants.signals[signal]
    console.error('\nStopping …')
    stopping.abort()
  })
}

try {
  const { chosen, full } = readOptions()
  forgetSettings()
  const page = new Page((line) => console.log(line), full)
  for (const payApi of chosen) {
    await play(page, payApi, stopping.signal)
    stopping.signal.throwIfAborted()
  }
  const others = payApis.filter((name) => !chosen.includes(name))
  console.log(`
  Look closer:  npm run demo -- --full   nothing shortened, to copy and to check by hand${others
    .map((name) => `\n                npm run demo -- --pay-api ${name}`)
    .join('')}
                npm start                a shop to write your own mini program against

  paid (已支付) over ${chosen.join(', ')}. Everything that was started is stopped and deleted.`)
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
