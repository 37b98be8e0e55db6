import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Ending, problem, ScriptedPhone, silence } from '../test/scripted-phone.ts'

const found = { statusCode: 200, data: { products: [] } }

/** A shop whose first answers are these; then it works. */
function after(...endings: Ending[]): ScriptedPhone {
  return new ScriptedPhone(() => endings.shift() ?? found)
}

for (const [what, ending] of [
  ['silence', silence],
  ['too many requests at once', { errMsg: 'request:fail', errno: 600007 }],
  ['an old base library without errno', { errMsg: 'request:fail timeout' }],
  ['a database that is away', problem(503, 'database_unavailable')],
  ['an answer of WeChat that is missing', problem(504, 'wechat_unreachable')],
  ['an answer of WeChat that could not be verified', problem(502, 'wechat_unverified')],
  ['a gateway without the server', { statusCode: 502, data: '<html>' }],
] as const) {
  test(`a call goes on after ${what}`, async () => {
    const phone = after(ending, ending, ending)
    assert.deepEqual(await phone.start().products(), { products: [] })
    assert.equal(phone.sent.length, 4)
  })
}

for (const [what, ending, code] of [
  ['a domain that is not in the list', { errMsg: 'request:fail url not in domain list', errno: 600002 }, 'network'],
  ['an error of the server', problem(500, 'internal'), 'internal'],
  ['a refusal of WeChat', problem(502, 'wechat_refused'), 'wechat_refused'],
  ['an order of somebody else', problem(404, 'order_not_found'), 'order_not_found'],
  ['a portal that answers everything', { statusCode: 200, data: '<html>' }, 'unexpected_answer'],
  ['an answer of nothing', { statusCode: 200, data: null }, 'unexpected_answer'],
] as const) {
  test(`${what} is told at once`, async () => {
    const phone = after(ending)
    await assert.rejects(phone.start().products(), { name: 'FenpayError', code })
    assert.equal(phone.sent.length, 1)
  })
}

test("after the fourth try the failure is told, with WeChat's own words", async () => {
  const phone = after(silence, silence, silence, silence)
  await assert.rejects(phone.start().products(), { code: 'network', errMsg: 'request:fail interrupted', errno: 600003 })
  assert.equal(phone.sent.length, 4)
})

test('property: the gaps grow, whatever the dice say', async () => {
  const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  await fc.assert(
    fc.asyncProperty(fc.array(dice, { minLength: 3, maxLength: 3 }), async (draws) => {
      const phone = after(silence, silence, silence)
      await phone.start({ random: () => draws.pop() ?? 0 }).products()
      const [first = 0, second = 0, third = 0] = phone.waitsMs
      assert.ok(first >= 250 && first <= second && second <= third && third <= 2000)
    }),
    { numRuns: 50 },
  )
})

test('a server that asks for some seconds gets them, whatever the case of its header', async () => {
  const phone = after(problem(503, 'database_unavailable', { 'Retry-After': '3' }))
  await phone.start().products()
  assert.deepEqual(phone.waitsMs, [3000])
})

test('a server that asks for a minute is left alone', async () => {
  const phone = after(problem(429, 'rate_limited', { 'retry-after': '60' }))
  await assert.rejects(phone.start().products(), { code: 'rate_limited', retryAfterSeconds: 60 })
  assert.equal(phone.sent.length, 1)
})

test('a date in retry-after counts as nothing', async () => {
  const phone = after(problem(503, 'database_unavailable', { 'retry-after': 'Tue, 24 Nov 2026 17:00:00 GMT' }))
  await phone.start({ random: () => 0.5 }).products()
  assert.deepEqual(phone.waitsMs, [375])
})
