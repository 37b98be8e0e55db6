import assert from 'node:assert/strict'
import { send } from './support/answer.ts'
import { orderNumberCases } from './support/order-number-cases.ts'
import { begunOrder, paidAtWeChat, startStage } from './support/stage.ts'
import { type Attack, type Case, testTable } from './support/test-table.ts'
import { refuseV3, troubleCases } from './support/wechat-troubles.ts'

const stage = await startStage()
const shopper = await stage.shopper()
const path = '/my/orders/chkOrder'
const query = '/v3/pay/transactions/out-trade-no/'
const check = (order_number: string) => send(stage.url, path, { token: shopper.token, json: { order_number } })

/** The order is paid; while WeChat is in trouble the answer is what we know, afterwards the next check finds it paid. */
async function attackWhilePaid(attack: Attack, begin: () => unknown): Promise<void> {
  const { orderNumber } = await paidAtWeChat(stage, shopper)
  await begin()
  await attack(() => check(orderNumber))
  await stage.relay.comeUp()
  stage.relay.heal()
  await stage.wechat.clearFaults()
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
}

const faulty = (fault: string): Case => {
  return (attack) => attackWhilePaid(attack, () => stage.wechat.fault(fault, { times: 3 }))
}
const refusedWith = (status: number, code: string): Case => {
  return (attack) => attackWhilePaid(attack, () => refuseV3(stage.relay, query, status, code))
}

testTable('POST /my/orders/chkOrder', stage, {
  ...orderNumberCases(stage, path, shopper),
  'A31-not-paid': async (attack) => {
    const { orderNumber, pay } = await begunOrder(stage, shopper)
    await shopper.pay(pay, 'cancel')
    await attack(() => check(orderNumber))
  },
  'nothing-begun': async (attack) => {
    const orderNumber = await shopper.order()
    await attack(() => check(orderNumber))
  },
})

testTable('POST /my/orders/chkOrder, when WeChat says no or nothing', stage, {
  ...troubleCases(stage, query, attackWhilePaid),
  'answer-unsigned': faulty('response.unsigned'),
  'answer-forged': faulty('response.wrong-key'),
  'F8-sign-probe': faulty('response.sign-probe'),
  'F16-query-lags': faulty('query.lag'),
  'F18-not-exist': faulty('query.not-exist'),
  SIGN_ERROR: refusedWith(401, 'SIGN_ERROR'),
  NO_AUTH: refusedWith(403, 'NO_AUTH'),
  SYSTEM_ERROR: refusedWith(500, 'SYSTEM_ERROR'),
  FREQUENCY_LIMITED: refusedWith(429, 'FREQUENCY_LIMITED'),
  'answer-about-another': async (attack) => {
    const other = await paidAtWeChat(stage, shopper)
    await shopper.check(other.orderNumber)
    const { orderNumber, outTradeNo } = await begunOrder(stage, shopper)
    stage.relay.spoil(outTradeNo, stage.relay.genuineAnswer(other.outTradeNo))
    await attack(() => check(orderNumber))
  },
})
