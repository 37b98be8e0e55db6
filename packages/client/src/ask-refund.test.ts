import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem, ScriptedPhone, type SentRequest, silence } from '../test/scripted-phone.ts'

const orderNumber = '01HZX3N6M8J5T9Q2W4E7R1Y0PA'
const wish = { orderNumber, reason: '面坨了', items: [{ sku: 'beef-noodles', quantity: 1 }] }
const path = '/my/orders/ask_refund'
const open = problem(409, 'refund_request_open')
const asked = { statusCode: 200, data: { order_number: orderNumber, refund_request: { status: 'open' } } }

/** A server whose answers to ask_refund are these, one after the other. */
function answering(...answers: (typeof open)[]) {
  return new ScriptedPhone((request: SentRequest) => {
    if (request.path === '/users/wxlogin') return { statusCode: 200, data: { token: 'token' } }
    return request.path === path ? (answers.shift() ?? silence) : asked
  })
}

test('a wish is sent in the words of the API, items only where some are chosen', async () => {
  const phone = answering(asked, asked)
  const fenpay = phone.start()
  assert.equal((await fenpay.askRefund(wish)).refund_request?.status, 'open')
  await fenpay.askRefund({ orderNumber, reason: '等太久' })
  assert.deepEqual(
    phone.sentTo(path).map(({ data }) => JSON.parse(JSON.stringify(data))),
    [
      { order_number: orderNumber, reason: '面坨了', items: wish.items },
      { order_number: orderNumber, reason: '等太久' },
    ],
  )
})

for (const [what, lost] of [
  ['silence', silence],
  ['a proxy that gave up', problem(504, 'wechat_unreachable')],
] as const) {
  test(`after ${what}, an open request is the one that was asked for, and the order tells it`, async () => {
    const phone = answering(lost, open)
    assert.equal((await phone.start().askRefund(wish)).refund_request?.status, 'open')
    assert.equal(phone.sentTo(`/my/orders/${orderNumber}`).length, 1)
  })
}

test('a request that was open before is a refusal, also after a new login', async () => {
  await assert.rejects(answering(open).start().askRefund(wish), { code: 'refund_request_open' })
  const loggedInAnew = answering(problem(401, 'login_required'), open)
  await assert.rejects(loggedInAnew.start().askRefund(wish), { code: 'refund_request_open' })
})

test('without an order number nothing is sent', async () => {
  const phone = answering(asked)
  await assert.rejects(phone.start().askRefund({ ...wish, orderNumber: '' }), { code: 'misuse' })
  assert.deepEqual(phone.sent, [])
})
