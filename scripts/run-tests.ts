/**
 * Runs the test files, all of them or those whose path contains one of the arguments:
 *   npm run unit -- prepay-order
 * One PostgreSQL serves the whole run; give DATABASE_URL to run it on a server of yours (a role that may create databases).
 */
import { spawn } from 'node:child_process'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { startTestCluster } from '../apps/server/test/database.ts'

const wanted = process.argv.slice(2)
const files: string[] = []
for await (const file of glob('{packages,apps,tests,scripts}/**/*.test.ts', {
  exclude: (name) => name === 'node_modules' || name === 'dist',
})) {
  if (wanted.length === 0 || wanted.some((part) => file.includes(part))) files.push(file)
}
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(', ')}`)
  process.exit(1)
}

const given = process.env['DATABASE_URL']
const cluster = given === undefined ? await startTestCluster() : undefined
const { DATABASE_URL: _, ...env } = process.env
// Three at once on two cores: a file often waits for processes, timers and WeChat's clock.
const runner = spawn(process.execPath, ['--test', '--test-concurrency=3', '--test-timeout=600000', ...files.sort()], {
  stdio: 'inherit',
  env: {
    ...env,
    FENPAY_TEST_DATABASE_URL: cluster?.url ?? given,
    // Hundreds of processes load the same modules: compiled once, each starts in half the time.
    NODE_COMPILE_CACHE: join(import.meta.dirname, '../node_modules/.cache/compiled'),
  },
})
const forward = (signal: NodeJS.Signals) => runner.kill(signal)
process.on('SIGINT', forward).on('SIGTERM', forward)
const code = await new Promise<number | null>((done) => runner.once('exit', done))
await cluster?.stop()
process.exit(code ?? 1)
