/** The end of an order that is not paid: WeChat is asked, told and asked again before anything is given away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'
import { seenMessages } from '../support/wechat-log.ts'

for (const payApi of ['v3', 'v2-hmac-sha256'] as const) {
  const shop = await startTimedShop({ payApi })
  const closePath = payApi === 'v3' ? '/close' : '/pay/closeorder'
  const queryPath = payApi === 'v3' ? '/out-trade-no/' : '/pay/orderquery'
  const freeStock = async () =>
    (await shop.api.products()).products.find((product) => product.sku === 'soy-milk')?.stock ?? 0
  const numberOf = async (orderNumber: string) => {
    const attempts = await shop.sql<{ out_trade_no: string }[]>`
      select out_trade_no from attempts where order_number = ${orderNumber}`
    assert.equal(attempts.length, 1)
    return attempts[0]?.out_trade_no ?? ''
  }
  /** The calls of a kind about an order: v3 has its number in the path, v2 in the body. */
  const calls = async (path: string, orderNumber: string) => {
    const number = await numberOf(orderNumber)
    const seen = await seenMessages(shop.wechat, path)
    return seen.filter((call) => call.path.includes(number) || call.body.includes(number))
  }
  const stateAtWeChat = async (orderNumber: string) => {
    const number = await numberOf(orderNumber)
    return (await shop.wechat.books()).orders.find((order) => order.out_trade_no === number)?.trade_state
  }
  const statusOf = async (orderNumber: string) => {
    const [order] = await shop.sql<{ status: string }[]>`
      select status from orders where order_number = ${orderNumber}`
    return order?.status
  }
  const begun = async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order('soy-milk', 1)
    return { shopper, orderNumber, pay: await shopper.prepay(orderNumber) }
  }

  test(`${payApi}: F17, whoever is typing the password at the expiry is not interrupted: no close is sent before WeChat says NOTPAY`, async () => {
    const { shopper, orderNumber } = await begun()
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.wechat.fault('query.userpaying', { seconds: 900 })
    await shop.passTime(600)
    assert.deepEqual(await calls(closePath, orderNumber), [])
    assert.equal(await statusOf(orderNumber), 'closing')
    await shop.passTime(600)
    assert.equal(await statusOf(orderNumber), 'closed')
    assert.equal(await stateAtWeChat(orderNumber), 'CLOSED')
    const looks = (await calls(queryPath, orderNumber)).filter(({ path }) => !path.endsWith('/close'))
    // Before the close, and once more after it: only what is seen then decides.
    assert.match(looks.at(-2)?.response_body ?? '', /NOTPAY/)
    assert.match(looks.at(-1)?.response_body ?? '', /CLOSED/)
    await endsWell(shop)
  })

  test(`${payApi}: F18, an order that WeChat denies knowing, although it does, is closed at WeChat all the same before its stock is free`, async () => {
    const before = await freeStock()
    const { shopper, orderNumber } = await begun()
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.wechat.fault('query.not-exist', { seconds: 1200 })
    await shop.passTime(240)
    assert.deepEqual([await statusOf(orderNumber), await freeStock()], ['closing', before - 1])
    await shop.passTime(240)
    assert.equal(await stateAtWeChat(orderNumber), 'CLOSED')
    await shop.wechat.clearFaults()
    await shop.passTime(1200)
    assert.deepEqual([await statusOf(orderNumber), await freeStock()], ['closed', before])
    await endsWell(shop)
  })

  test(`${payApi}: F18, money behind a query that does not know the order is found when it does, and was never given away`, async () => {
    const before = await freeStock()
    await shop.wechat.fault('notify.drop', { seconds: 7200 })
    await shop.wechat.fault('query.not-exist', { seconds: 2400 })
    const { shopper, orderNumber, pay } = await begun()
    assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
    await shop.passTime(2300)
    assert.deepEqual([await statusOf(orderNumber), await freeStock()], ['pending', before - 1])
    await shop.wechat.clearFaults()
    await shop.passTime(600)
    assert.deepEqual([await statusOf(orderNumber), await freeStock()], ['paid', before - 1])
    await endsWell(shop)
  })

  test(`${payApi}: F21, while a close has no effect its stock is held and WeChat is asked twice a minute at most, until CLOSED is seen`, async () => {
    const before = await freeStock()
    const { shopper, orderNumber } = await begun()
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.wechat.fault('close.success-but-notpay', { seconds: 1200 })
    await shop.passTime(900)
    const closes = await calls(closePath, orderNumber)
    assert.ok(closes.length >= 2 && closes.length <= 24, `${closes.length} closes in ten minutes`)
    assert.deepEqual([await statusOf(orderNumber), await freeStock()], ['closing', before - 1])
    await shop.wechat.clearFaults()
    await shop.passTime(600)
    assert.deepEqual([await statusOf(orderNumber), await freeStock()], ['closed', before])
    await endsWell(shop)
  })

  test(`${payApi}: F21, P1, who pays after a close that had no effect has paid, and it is seen within a minute`, async () => {
    const before = await freeStock()
    const { shopper, orderNumber, pay } = await begun()
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.wechat.fault('close.success-but-notpay', { seconds: 900 })
    await shop.passTime(600)
    await shop.wechat.fault('notify.drop', { seconds: 300 })
    assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
    await shop.passTime(60)
    assert.deepEqual([await statusOf(orderNumber), await freeStock()], ['paid', before - 1])
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })

  test(`${payApi}: F23, no close is sent within five minutes of the last prepay, whatever asks for it`, async () => {
    const { shopper, orderNumber } = await begun()
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    for (let look = 0; look < 5; look++) {
      await shop.passTime(58)
      await shopper.check(orderNumber)
      await shopper.api.cancelOrder(shopper.token, orderNumber)
    }
    assert.deepEqual(await calls(closePath, orderNumber), [])
    await shop.passTime(60)
    assert.equal((await calls(closePath, orderNumber)).length, 1)
    assert.equal(await statusOf(orderNumber), 'closed')
    await endsWell(shop)
  })

  test(`${payApi}: F73, of payments around the second of the expiry WeChat decides, and each order ends as it says`, async () => {
    await shop.wechat.fault('notify.drop', { seconds: 60 * 60 })
    const orders = await Promise.all([-3, -2, -1, 0, 1].map(async (offset) => ({ ...(await begun()), offset })))
    const expiryOf = async (orderNumber: string) => {
      const [order] = await shop.sql<{ expires_at: Date }[]>`
        select expires_at from orders where order_number = ${orderNumber}`
      return order?.expires_at.getTime() ?? 0
    }
    for (const { shopper, orderNumber, pay, offset } of orders) {
      const seconds = Math.floor((await expiryOf(orderNumber)) / 1000) + offset - shop.world.now().getTime() / 1000
      if (seconds > 0) await shop.skip(Math.floor(seconds))
      const sweeping = shop.sweeper.sweep()
      await shopper.pay(pay)
      await sweeping
    }
    await shop.wechat.clearFaults()
    await shop.passTime(20 * 60)
    for (const { orderNumber } of orders) {
      const state = await stateAtWeChat(orderNumber)
      assert.deepEqual(
        [state, await statusOf(orderNumber)],
        state === 'SUCCESS' ? [state, 'paid'] : ['CLOSED', 'closed'],
      )
    }
    await endsWell(shop)
  })
}
