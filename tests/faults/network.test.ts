/** A host that is down, and a line that loses and delays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '../crash/seeded-random.ts'
import { breakingFetch } from '../support/breaking-fetch.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

for (const payApi of ['v3', 'v2-md5', 'v2-hmac-sha256'] as const) {
  const wechat = breakingFetch()
  const baseUrls = ['http://api.invalid', 'http://api2.invalid']
  const shop = await startTimedShop({ payApi, http: { fetch: wechat.fetch, baseUrls } })
  wechat.target = shop.wechat.url

  test(`${payApi}: F41, F42, with the first host down every purchase goes through the second, and soon without trying the first`, async () => {
    wechat.rule = (host) => (host === 'api.invalid' ? 'refuse' : undefined)
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const orders = []
    for (let purchase = 0; purchase < 10; purchase++) orders.push(await shopper.buy('tea-egg', 1))
    await shop.passTime(60)
    const paid = await shop.sql`select from orders where order_number = any(${orders}) and status = 'paid'`
    assert.equal(paid.length, 10)
    const inVain = wechat.calls.filter((host) => host === 'api.invalid').length
    assert.ok(inVain <= 16, `${inVain} calls to a host that is down`)
    wechat.rule = () => undefined
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })

  test(`${payApi}: F42, an order whose call was cut before or after it took effect goes on under the same number`, async () => {
    for (const cut of ['refuse', 'lose'] as const) {
      const shopper = await Shopper.arrive(shop)
      const orderNumber = await shopper.order('tea-egg', 1)
      wechat.rule = () => cut
      await assert.rejects(shopper.prepay(orderNumber))
      wechat.rule = () => undefined
      assert.equal((await shopper.pay(await shopper.prepay(orderNumber))).errMsg, 'requestPayment:ok')
      await shop.passTime(60)
      assert.equal((await shopper.show(orderNumber)).status, 'paid')
      const attempts = await shop.sql`select from attempts where order_number = ${orderNumber}`
      assert.equal(attempts.length, 1)
    }
    await endsWell(shop)
  })

  test(`${payApi}: F47, P1, half an hour of lost messages and jitter breaks nothing, and who has paid is paid within a minute`, async () => {
    const shopper = await Shopper.arrive(shop)
    const random = seededRandom(20260501)
    const chance = (share: number) => random.integer(1, 1000) <= share * 1000
    wechat.rule = () => (chance(0.02) ? 'lose' : chance(0.02) ? 'refuse' : undefined)
    for (let round = 0; round < 6; round++) {
      const orders: string[] = []
      while (orders.length < 4) orders.push(await shopper.order('tea-egg', 1))
      await Promise.all(
        orders.map(async (orderNumber) => {
          await delay(random.integer(0, 60))
          if (chance(0.2)) await shop.wechat.fault('notify.drop')
          const pay = await shopper.prepay(orderNumber).catch(() => shopper.prepay(orderNumber))
          assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
        }),
      )
      await shop.passTime(60)
      const paid = await shop.sql`select from orders where order_number = any(${orders}) and status = 'paid'`
      assert.equal(paid.length, orders.length)
      await shop.skip(240)
    }
    wechat.rule = () => undefined
    await endsWell(shop)
  })
}
