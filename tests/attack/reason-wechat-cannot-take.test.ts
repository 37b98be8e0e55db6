/** What a user writes as the reason of a refund must not stand in the way of the money. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { hireStaff } from '../support/staff.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shops = { v3: await startTimedShop(), 'v2-md5': await startTimedShop({ payApi: 'v2-md5' }) }

for (const payApi of ['v3', 'v2-md5'] as const) {
  const shop = shops[payApi]
  const staff = hireStaff(shop, shop.world)

  for (const [what, reason] of [
    ['an emoji and a character that is none in XML', '面\uFFFE凉了😡'],
    ['nothing that WeChat takes', '😡😡'],
  ] as const) {
    test(`${payApi}: P5, a refund whose reason has ${what} comes to WeChat, and the user reads the reason as it was written`, async () => {
      const shopper = await Shopper.arrive(shop)
      const orderNumber = await shopper.buy()
      await shopper.check(orderNumber)
      await shopper.api.askRefund(shopper.token, { order_number: orderNumber, reason })
      await staff.accept(orderNumber)
      await shop.passTime(120)
      const { refunds, refunded_fen, total_fen } = await shopper.show(orderNumber)
      assert.deepEqual(
        refunds.map((refund) => [refund.status, refund.reason]),
        [['succeeded', reason]],
      )
      assert.equal(refunded_fen, total_fen)
      await endsWell(shop)
    })
  }
}
