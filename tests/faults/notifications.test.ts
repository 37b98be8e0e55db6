/** Notifications that are lost, late, early or repeated, on all three protocols. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

for (const payApi of ['v3', 'v2-md5', 'v2-hmac-sha256'] as const) {
  const shop = await startTimedShop({ payApi })
  const paidEvents = async (orderNumber: string) => {
    const rows = await shop.sql<{ cause: string }[]>`
      select cause from order_events where order_number = ${orderNumber} and kind = 'paid'`
    return rows.map(({ cause }) => cause)
  }
  const lastDelivery = async (orderNumber: string) => {
    const [attempt] = await shop.sql<{ out_trade_no: string }[]>`
      select out_trade_no from attempts where order_number = ${orderNumber}`
    const { notifications } = await shop.wechat.control<{
      notifications: { out_trade_no: string; deliveries: { outcome: string }[] }[]
    }>('/_sim/books')
    return notifications.find(({ out_trade_no }) => out_trade_no === attempt?.out_trade_no)?.deliveries.at(-1)?.outcome
  }

  test(`${payApi}: F1, P1, a notification that never comes is not needed: the sweep asks, and the order is paid within a minute`, async () => {
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 120 })
    const orderNumber = await shopper.buy()
    await shop.passTime(60)
    assert.deepEqual(await paidEvents(orderNumber), ['query'])
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })

  test(`${payApi}: F2, a notification that is a day late is acknowledged, and changes nothing`, async () => {
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.delay', { options: { seconds: 86_400 } })
    const orderNumber = await shopper.buy()
    await shop.passTime(60)
    assert.deepEqual(await paidEvents(orderNumber), ['query'])
    assert.equal(await lastDelivery(orderNumber), undefined)
    await shop.passTime(86_400)
    assert.equal(await lastDelivery(orderNumber), 'acknowledged')
    assert.deepEqual(await paidEvents(orderNumber), ['query'])
    await endsWell(shop)
  })

  test(`${payApi}: F4, a notification that arrives before the prepay call is answered pays the order`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shop.wechat.fault('notify.before-answer')
    await shopper.prepay(orderNumber).catch(() => undefined)
    await until('it is paid', async () => (await shopper.show(orderNumber)).status === 'paid')
    assert.deepEqual(await paidEvents(orderNumber), ['notify'])
    await endsWell(shop)
  })

  test(`${payApi}: F45, while we cannot reach WeChat its notifications keep orders moving, and the sweep catches up later`, async () => {
    const shopper = await Shopper.arrive(shop)
    const told = await shopper.order()
    const untold = await shopper.order()
    const [first, second] = [await shopper.prepay(told), await shopper.prepay(untold)]
    await shop.wechat.fault('call.reset', { seconds: 1800, match: { path: payApi === 'v3' ? '/v3/' : '/pay/' } })
    assert.equal((await shopper.pay(first)).errMsg, 'requestPayment:ok')
    await until('the notification pays', async () => (await shopper.show(told)).status === 'paid')
    await shop.wechat.fault('notify.drop', { seconds: 86_400 })
    assert.equal((await shopper.pay(second)).errMsg, 'requestPayment:ok')
    await shop.skip(600)
    await shop.sweeper.sweep()
    assert.equal((await shopper.show(untold)).status, 'pending')
    await shop.wechat.clearFaults()
    await shop.passTime(60)
    assert.deepEqual(await paidEvents(untold), ['query'])
    await endsWell(shop)
  })
}
