/**
 * `purchase.mjs` is the public contract as a program: the mini program's own calls, and what they must answer.
 * It runs here as it is, against the real processes that `npm start` starts. Run it by hand against a running shop with
 * `node tests/acceptance/purchase.mjs`.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startServerProcess, startStack, stopProcess } from '../../scripts/stack.ts'

const script = fileURLToPath(new URL('purchase.mjs', import.meta.url))
const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-acceptance-'))
await chmod(dataDir, 0o711)
const stack = await startStack({ dataDir, serverPort: 0, wechatPort: 0 })
let server = stack.server
after(async () => {
  await stopProcess(server)
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
})

for (const payApi of ['v3', 'v2-md5', 'v2-hmac-sha256']) {
  test(`FENPAY_PAY_API=${payApi}: the contract's own purchase ends with ok, in both ways of login`, async () => {
    await stopProcess(server)
    const started = await startServerProcess(
      { ...stack.serverEnv, FENPAY_PAY_API: payApi },
      join(dataDir, 'server.log'),
    )
    server = started.process
    for (const login of [[], ['--plain-login']]) {
      const args = [
        script,
        '--server',
        started.serverUrl,
        '--wechat',
        stack.wechatUrl,
        '--user',
        `${payApi}${login}`,
        ...login,
      ]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      assert.match(stdout, /\nok: one purchase, paid to the fen\n$/)
    }
  })
}
