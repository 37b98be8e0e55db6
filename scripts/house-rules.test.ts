import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './house-rules.ts'

const cases: [path: string, line: string, broken: boolean][] = [
  ['apps/server/src/commands/x.ts', 'const at = new Date()', true],
  ['apps/server/src/commands/x.ts', 'const at = new Date(text)', false],
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
