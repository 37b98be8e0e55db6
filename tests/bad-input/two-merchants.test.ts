import { createLogger, readConfig, realWorld, startServer } from '@fenpay/server'
import { merchantEnvironment, type SimulatedMerchant } from '../../scripts/merchant-environment.ts'
import { send } from './support/answer.ts'
import { outTradeNoOf, startStage } from './support/stage.ts'
import { testTable } from './support/test-table.ts'

const stage = await startStage()
const second = await stage.wechat.control<SimulatedMerchant>('/_sim/merchants', {})
const config = readConfig({ ...stage.env, ...merchantEnvironment(second) })
// A start writes the merchant of its environment into the database; from then on every server there serves both.
const logger = createLogger('silent')
await (await startServer({ config, databaseUrl: stage.database.url, world: realWorld, logger })).stop()

const shopper = await stage.shopper()
const { code } = await stage.wechat.login(config.merchant.apps[0]?.appid ?? '', 'shopper of the second')
const { token } = await stage.api.login({ code, appid: config.merchant.apps[0]?.appid ?? '' })

async function paidOrderOfTheSecond(): Promise<{ orderNumber: string; outTradeNo: string }> {
  const { order_number } = await stage.api.submitOrder(token, { items: [{ sku: 'tea-egg', quantity: 1 }] })
  const { pay } = await stage.api.prepayOrder(token, order_number)
  await stage.wechat.requestPayment(config.merchant.apps[0]?.appid ?? '', 'shopper of the second', pay)
  return { orderNumber: order_number, outTradeNo: await outTradeNoOf(stage, order_number) }
}

testTable('POST /wechat/notify/v3/:merchant_id, with two merchants', stage, {
  'A22-known-keys': async (attack) => {
    const first = await paidOrderOfTheSecond()
    const genuine = await stage.notification(first.outTradeNo)
    await send(stage.url, genuine.path, genuine)
    const { outTradeNo } = await paidOrderOfTheSecond()
    const { headers, body } = await stage.notification(outTradeNo)
    await attack(() => send(stage.url, `/wechat/notify/v3/${stage.merchant.mchid}`, { headers, body }))
  },
})

testTable('Any address of a user, with two merchants', stage, {
  'A33-order-of-another-merchant': async (attack) => {
    const { orderNumber } = await paidOrderOfTheSecond()
    const json = { order_number: orderNumber }
    await attack(() => send(stage.url, `/my/orders/${orderNumber}`, { method: 'GET', token: shopper.token }))
    for (const action of ['req_unifiedorder', 'chkOrder', 'cancel']) {
      await attack(() => send(stage.url, `/my/orders/${action}`, { token: shopper.token, json }))
    }
  },
  'A66-token': async (attack) => {
    const moved = shopper.token.replace(stage.merchant.mchid, second.mchid)
    await attack(() => send(stage.url, '/my/orders', { method: 'GET', token: moved }))
  },
})
