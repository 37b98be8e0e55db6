import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { adapters, rules, violations } from './house-rules.ts'

const cases: [path: string, line: string, broken: boolean][] = [
  ['apps/server/src/commands/x.ts', 'const at = new Date()', true],
  ['apps/server/src/commands/x.ts', 'const at = new Date(text)', false],
  ['apps/server/src/commands/x.ts', 'const at = Date.now()', true],
  ['packages/wechat/src/x.ts', 'const share = Math.random()', true],
  ['packages/contract/src/x.ts', 'const id = randomUUID()', true],
  ['packages/simulator/src/x.ts', 'const id = crypto.randomUUID()', true],
  ['packages/simulator/src/engine/x.ts', 'setInterval(tick, 1000)', true],
  ['apps/server/src/commands/x.ts', 'const clock = Date.now', true],
  ['packages/wechat/src/pay-v3/x.ts', 'await fetch(url)', true],
  ['apps/server/src/commands/x.ts', 'const startedMs = performance.now()', true],
  ['apps/server/src/commands/x.ts', "import { randomBytes } from 'node:crypto'", true],
  ['apps/server/src/commands/x.ts', 'world.randomBytes(16)', false],
  ['apps/server/src/commands/x.ts', 'setTimeout(() => go(), 100)', true],
  ['packages/simulator/src/engine/x.ts', "import { setTimeout as sleep } from 'node:timers/promises'", true],
  ['packages/wechat/src/pay-v3/x.ts', 'setImmediate(go)', true],
  ['apps/server/src/jobs/repeat.ts', "import { setTimeout as delay } from 'node:timers/promises'", false],
  ['apps/server/src/commands/x.test.ts', 'await delay(setTimeout(go, 1))', false],
  ['apps/server/src/world.ts', 'now: () => new Date(),', false],
  ['apps/server/src/gateway/x.ts', 'await fetch(url)', true],
  ['apps/server/src/gateway/x.ts', 'options.fetch(url)', false],
  ['packages/contract/src/x.ts', 'parseFloat(yuan)', true],
  ['apps/server/src/http/x.ts', 'await sql`select 1`', true],
  ['apps/server/src/storage/x.ts', 'await sql`select 1`', false],
  ['apps/server/src/domain/x.ts', 'if (error.statusCode === 404)', true],
  ['packages/wechat/src/x.ts', 'rejectUnauthorized: false', true],
  ['tests/x.test.ts', "test.skip('later')", true],
  ['tests/x.test.ts', "test('is not skipped')", false],
]

test('each house rule finds what it forbids, and nothing else', () => {
  for (const [path, line, broken] of cases) assert.equal(violations(path, line).length > 0, broken, `${path}: ${line}`)
})

test('each named adapter is there, and would break a rule if it were not named', () => {
  const injected = rules.slice(0, 2)
  for (const path of Object.keys(adapters)) {
    if (/(main|cli)\.ts$/.test(path)) continue
    const lines = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8').split('\n')
    assert(
      lines.some((line) => injected.some(({ forbidden }) => forbidden.test(line))),
      `${path} needs no exception`,
    )
  }
})
