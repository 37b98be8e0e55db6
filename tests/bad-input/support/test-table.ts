import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, errorCatalogue, type Problem } from '@fenpay/contract'
import type { Answer } from './answer.ts'
import { differenceInWords, footprint } from './footprint.ts'
import { assertNoLeak } from './leaks.ts'
import { type Row, readTable } from './read-table.ts'
import type { Stage } from './stage.ts'

/** Sends the bad input and checks the answer and what stays behind against the row. */
export type Attack = (send: () => Promise<Answer>) => Promise<Answer>

/** Plays one row: prepares what it needs, then calls `attack` with what sends the bad input. */
export type Case = (attack: Attack) => Promise<unknown>

/**
 * One test for every row of the table under `heading` in docs/bad-input.md, and one that the two lists are the same:
 * a row without a test or a test without a row fails.
 */
export function testTable(heading: string, stage: Stage, cases: Record<string, Case>): void {
  const rows = readTable(heading)
  test(`${heading}: the rows of docs/bad-input.md are the tests of this file`, () => {
    assert.deepEqual(Object.keys(cases).sort(), rows.map((row) => row.id).sort())
  })
  for (const row of rows) {
    const play = cases[row.id]
    if (play === undefined) continue
    test(`${row.id}: ${heading} with ${row.sent} is answered ${row.status} ${row.code}`, async () => {
      let attacked = false
      try {
        await play(async (send) => {
          attacked = true
          return checkedAnswer(heading, stage, row, send)
        })
      } finally {
        stage.relay.heal()
      }
      assert.ok(attacked, 'the case never sent its bad input')
    })
  }
}

async function checkedAnswer(heading: string, stage: Stage, row: Row, send: () => Promise<Answer>): Promise<Answer> {
  const before = await footprint(stage.sql, stage.wechat)
  const answer = await send()
  const after = await footprint(stage.sql, stage.wechat)
  assert.equal(answer.status, row.status, answer.text)
  assertNoLeak(answer, stage.secrets)
  if (heading.startsWith('POST /wechat/notify')) assertNotifyAnswer(heading, row, answer)
  else if (row.status >= 400 && row.code !== '–') assertProblem(row, answer)
  else if (row.status >= 400) assert.equal(answer.text, '')
  else assert.equal(pendingReasonOf(answer) ?? '–', row.code)
  assert.equal(differenceInWords(before, after), row.staysBehind)
  return answer
}

/** Why an order is still open, which is no error; undefined for every other answer. */
function pendingReasonOf(answer: Answer): string | undefined {
  return answer.text === '' ? undefined : (JSON.parse(answer.text) as { pending_reason?: string }).pending_reason
}

const problemFields = ['type', 'title', 'status', 'code', 'detail', 'request_id', 'problems', 'wechat']

/** RFC 9457, with the catalogue's words, a request id that is in the header too, and nothing besides. */
export function assertProblem(row: Pick<Row, 'status' | 'code'>, answer: Answer): void {
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json(;|$)/)
  const problem = JSON.parse(answer.text) as Problem
  assert.equal(problem.code, row.code, answer.text)
  assert.equal(problem.status, row.status)
  const { title, advice, status } = errorCatalogue[problem.code as ErrorCode]
  assert.equal(status, row.status, 'the catalogue has another status for this code')
  assert.equal(problem.title, title)
  assert.ok(problem.detail.endsWith(advice), problem.detail)
  assert.match(problem.request_id, /^[0-9A-HJKMNP-TV-Z]{26}$/)
  assert.equal(answer.headers.get('x-request-id'), problem.request_id)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.deepEqual(
    Object.keys(problem).filter((name) => !problemFields.includes(name)),
    [],
  )
}

/** WeChat's own forms: v2 XML, v3 JSON; a success of v3 has no body. */
function assertNotifyAnswer(heading: string, row: Row, answer: Answer): void {
  const refused = row.status >= 400
  if (heading.includes('v2')) {
    const [code, message] = refused ? ['FAIL', row.code] : ['SUCCESS', 'OK']
    const xml = `<xml><return_code><![CDATA[${code}]]></return_code><return_msg><![CDATA[${message}]]></return_msg></xml>`
    assert.equal(answer.text, xml)
  } else if (refused) assert.deepEqual(JSON.parse(answer.text), { code: 'FAIL', message: row.code })
  else assert.equal(answer.text, '')
}
