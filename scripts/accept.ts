/**
 * `npm run accept -- <script> <pay api>`: runs a contract script, with `--server` and `--wechat`, against a fresh stack
 * on free ports, in both ways of login. Its exit code is the script's.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStack } from './stack.ts'

const [script, payApi = 'v3'] = process.argv.slice(2)
if (script === undefined) throw new Error('usage: npm run accept -- <script> [v3|v2-md5|v2-hmac-sha256]')

const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-accept-'))
await chmod(dataDir, 0o711)
let exitCode = 0
const stack = await startStack({ dataDir, serverPort: 0, wechatPort: 0, env: { FENPAY_PAY_API: payApi } })
try {
  for (const login of [[], ['--plain-login']]) {
    console.log(`\n${payApi} ${login.join('') || 'login with user information'}`)
    const run = spawn(process.execPath, [script, '--server', stack.serverUrl, '--wechat', stack.wechatUrl, ...login], {
      stdio: 'inherit',
    })
    exitCode ||= await new Promise<number>((done) => run.once('exit', (code) => done(code ?? 1)))
  }
} finally {
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
}
process.exit(exitCode)
