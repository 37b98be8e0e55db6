import assert from 'node:assert/strict'
import { send } from './support/answer.ts'
import { outTradeNoOf, startStage } from './support/stage.ts'
import { type Attack, type Case, testTable } from './support/test-table.ts'
import { refuseV3, troubleCases } from './support/wechat-troubles.ts'

const stage = await startStage()
const shopper = await stage.shopper()
const jsapi = '/v3/pay/transactions/jsapi'
const prepay = (order_number: string) =>
  send(stage.url, '/my/orders/req_unifiedorder', { token: shopper.token, json: { order_number } })

function refusedWith(status: number, code: string): Case {
  return async (attack) => {
    const orderNumber = await shopper.order()
    refuseV3(stage.relay, jsapi, status, code, '说明')
    const answer = await attack(() => prepay(orderNumber))
    const { wechat } = JSON.parse(answer.text) as { wechat?: unknown }
    // A refusal of the one number that was sent is passed on in WeChat's words.
    if (answer.status === 502 && code !== 'ORDER_CLOSED') assert.deepEqual(wechat, { code, message: '说明' })
  }
}

/** Whatever happened to the first call, the second one goes on with the same number, and the order can be paid. */
async function attackThenGoOn(attack: Attack, begin: () => unknown): Promise<void> {
  const orderNumber = await shopper.order()
  await begin()
  await attack(() => prepay(orderNumber))
  const number = await outTradeNoOf(stage, orderNumber)
  await stage.relay.comeUp()
  stage.relay.heal()
  await stage.wechat.clearFaults()
  const { errMsg } = await shopper.pay(await shopper.prepay(orderNumber))
  assert.equal(errMsg, 'requestPayment:ok')
  assert.equal(await outTradeNoOf(stage, orderNumber), number)
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
}

function faulty(fault: string, times: number): Case {
  return (attack) => attackThenGoOn(attack, () => stage.wechat.fault(fault, { times, match: { path: jsapi } }))
}

/** The payer pays before our call is answered, and the answer is lost. */
async function paidBeforeTheAnswer(): Promise<string> {
  const orderNumber = await shopper.order()
  await stage.wechat.fault('notify.before-answer', {})
  stage.relay.spoil(jsapi, 'half body')
  await prepay(orderNumber)
  stage.relay.heal()
  return orderNumber
}

testTable('POST /my/orders/req_unifiedorder, when WeChat (v3) says no or nothing', stage, {
  'ORDERPAID-query-lags': async (attack) => {
    const orderNumber = await paidBeforeTheAnswer()
    await stage.wechat.fault('query.lag', {})
    await attack(() => prepay(orderNumber))
    assert.equal((await shopper.check(orderNumber)).status, 'paid')
  },
  NO_AUTH: refusedWith(403, 'NO_AUTH'),
  PARAM_ERROR: refusedWith(400, 'PARAM_ERROR'),
  SIGN_ERROR: refusedWith(401, 'SIGN_ERROR'),
  APPID_MCHID_NOT_MATCH: refusedWith(400, 'APPID_MCHID_NOT_MATCH'),
  MCH_NOT_EXISTS: refusedWith(400, 'MCH_NOT_EXISTS'),
  RULE_LIMIT: refusedWith(403, 'RULE_LIMIT'),
  'unknown-code': refusedWith(400, 'SOMETHING_NEW'),
  OUT_TRADE_NO_USED: refusedWith(403, 'OUT_TRADE_NO_USED'),
  INVALID_REQUEST: refusedWith(400, 'INVALID_REQUEST'),
  SYSTEM_ERROR: refusedWith(500, 'SYSTEM_ERROR'),
  FREQUENCY_LIMITED: refusedWith(429, 'FREQUENCY_LIMITED'),
  ORDER_CLOSED: refusedWith(400, 'ORDER_CLOSED'),
  ORDERPAID: async (attack) => {
    const orderNumber = await paidBeforeTheAnswer()
    await attack(() => prepay(orderNumber))
  },
  ...troubleCases(stage, jsapi, attackThenGoOn),
  'answer-unsigned': faulty('response.unsigned', 3),
  'answer-forged': faulty('response.wrong-key', 3),
  'F8-sign-probe': faulty('response.sign-probe', 3),
  'F8-sign-probe-once': async (attack) => {
    const orderNumber = await shopper.order()
    await stage.wechat.fault('response.sign-probe', {})
    await attack(() => prepay(orderNumber))
  },
  'database-lost-midway': async (attack) => {
    const orderNumber = await shopper.order()
    stage.relay.spoil(jsapi, 'silence')
    await attack(async () => {
      const answer = prepay(orderNumber)
      while ((await stage.sql`select 1 from attempts where order_number = ${orderNumber}`).length === 0);
      await stage.database.shut()
      const received = await answer
      await stage.database.open()
      return received
    })
  },
})
