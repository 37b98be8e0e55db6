import { send } from './support/answer.ts'
import { orderNumberCases } from './support/order-number-cases.ts'
import { begunOrder, paidAtWeChat, startStage } from './support/stage.ts'
import { testTable } from './support/test-table.ts'
import { movableWorld } from './support/world.ts'

const clock = movableWorld()
const stage = await startStage({ payApi: 'v2-md5', world: clock, env: { FENPAY_ORDER_TTL_SECONDS: '10800' } })
const shopper = await stage.shopper()
const path = '/my/orders/req_unifiedorder'
const prepay = (order_number: string) => send(stage.url, path, { token: shopper.token, json: { order_number } })

/** Both clocks, ours and WeChat's. */
async function pass(seconds: number): Promise<void> {
  clock.advance(seconds)
  await stage.wechat.advance(seconds)
}

testTable('POST /my/orders/req_unifiedorder', stage, {
  ...orderNumberCases(stage, path, shopper),
  'order-paid': async (attack) => {
    const { orderNumber } = await paidAtWeChat(stage, shopper)
    await shopper.check(orderNumber)
    await attack(() => prepay(orderNumber))
  },
  'order-closed': async (attack) => {
    const orderNumber = await shopper.order()
    await stage.api.cancelOrder(shopper.token, orderNumber)
    await attack(() => prepay(orderNumber))
  },
  'order-closing': async (attack) => {
    const { orderNumber } = await begunOrder(stage, shopper)
    await stage.api.cancelOrder(shopper.token, orderNumber)
    await attack(() => prepay(orderNumber))
  },
  'prepay-id-old': async (attack) => {
    const { orderNumber } = await begunOrder(stage, shopper)
    await pass(2 * 60 * 60 - 4 * 60)
    await attack(() => prepay(orderNumber))
  },
  'order-expired': async (attack) => {
    const orderNumber = await shopper.order()
    await pass(3 * 60 * 60)
    await attack(() => prepay(orderNumber))
  },
})
