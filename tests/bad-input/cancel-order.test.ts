import assert from 'node:assert/strict'
import { send } from './support/answer.ts'
import { orderNumberCases } from './support/order-number-cases.ts'
import { begunOrder, paidAtWeChat, startStage } from './support/stage.ts'
import { testTable } from './support/test-table.ts'
import { refuseV3, troubleCases } from './support/wechat-troubles.ts'

const stage = await startStage()
const shopper = await stage.shopper()
const path = '/my/orders/cancel'
const query = '/v3/pay/transactions/out-trade-no/'
const cancel = (order_number: string) => send(stage.url, path, { token: shopper.token, json: { order_number } })

testTable('POST /my/orders/cancel', stage, {
  ...orderNumberCases(stage, path, shopper),
  'order-paid': async (attack) => {
    const { orderNumber } = await paidAtWeChat(stage, shopper)
    await shopper.check(orderNumber)
    await attack(() => cancel(orderNumber))
  },
  'F20-paid-just-now': async (attack) => {
    const { orderNumber } = await paidAtWeChat(stage, shopper)
    await attack(() => cancel(orderNumber))
  },
  twice: async (attack) => {
    const orderNumber = await shopper.order()
    await cancel(orderNumber)
    await attack(() => cancel(orderNumber))
  },
  'twice-while-closing': async (attack) => {
    const { orderNumber } = await begunOrder(stage, shopper)
    await cancel(orderNumber)
    await attack(() => cancel(orderNumber))
  },
})

testTable('POST /my/orders/cancel, when WeChat says no or nothing', stage, {
  ...troubleCases(stage, query, async (attack, begin) => {
    const { orderNumber } = await paidAtWeChat(stage, shopper)
    await begin()
    await attack(() => cancel(orderNumber))
    await stage.relay.comeUp()
    stage.relay.heal()
    assert.equal((await shopper.check(orderNumber)).status, 'paid', 'the payment still counts')
  }),
  NO_AUTH: async (attack) => {
    const { orderNumber } = await begunOrder(stage, shopper)
    refuseV3(stage.relay, query, 403, 'NO_AUTH')
    await attack(() => cancel(orderNumber))
  },
})
