/** Money that WeChat really took although it should not: kept, flagged, and given back by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop, type TimedShop } from '../support/timed-shop.ts'

/** What is known of the money of an order that is on no order, and of its way back. */
async function suspense(shop: TimedShop, orderNumber: string) {
  return [
    ...(await shop.sql<
      { reason: string; refund: string | null; source: string | null; flag: string | null; by: string | null }[]
    >`
      select p.reason, r.status as refund, r.source, f.kind as flag, f.resolved_by as by
        from payments p
        left join refunds r using (merchant_id, transaction_id)
        left join flags f on (f.merchant_id, f.subject_id) = (p.merchant_id, p.transaction_id)
       where p.order_number = ${orderNumber} and p.disposition = 'suspense'`),
  ].map((row) => ({ ...row }))
}

for (const payApi of ['v3', 'v2-hmac-sha256'] as const) {
  const shop = await startTimedShop({ payApi })

  test(`${payApi}: F22, money that comes after the close is flagged at once, and the user has it back by itself`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    const pay = await shopper.prepay(orderNumber)
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    await shop.passTime(6 * 60)
    assert.equal((await shopper.show(orderNumber)).status, 'closed')
    await shop.wechat.fault('pay.after-close', { times: 1 })
    await shopper.pay(pay)
    await until('WeChat tells of it', async () => (await suspense(shop, orderNumber)).length === 1)
    const [known] = await suspense(shop, orderNumber)
    assert.deepEqual(known, {
      reason: 'late_payment',
      refund: 'intended',
      source: 'policy',
      flag: 'late_payment',
      by: null,
    })
    await shop.passTime(60)
    const [given] = await suspense(shop, orderNumber)
    assert.deepEqual([given?.refund, given?.by], ['succeeded', 'fenpay'])
    const order = await shopper.show(orderNumber)
    assert.deepEqual([order.status, order.refunds, order.refunded_fen], ['closed', [], 0])
    await endsWell(shop)
  })

  test(`${payApi}: F24, I2, of two payments of one order the second is flagged and given back`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    const first = await shopper.prepay(orderNumber)
    await shop.skip(6 * 60)
    await closeAtWeChat(shop, orderNumber)
    assert.equal((await shopper.check(orderNumber)).pending_reason, 'no_payment_started')
    const second = await shopper.prepay(orderNumber)
    assert.notEqual(second.package, first.package)
    await shopper.pay(second)
    assert.equal((await shopper.check(orderNumber)).status, 'paid')
    await shop.wechat.fault('pay.after-close', { times: 1 })
    await shopper.pay(first)
    await until('WeChat tells of it', async () => (await suspense(shop, orderNumber)).length === 1)
    const [known] = await suspense(shop, orderNumber)
    assert.deepEqual(
      [known?.reason, known?.refund, known?.flag],
      ['duplicate_payment', 'intended', 'duplicate_payment'],
    )
    await shop.passTime(60)
    const [given] = await suspense(shop, orderNumber)
    assert.deepEqual([given?.refund, given?.by], ['succeeded', 'fenpay'])
    const order = await shopper.show(orderNumber)
    assert.deepEqual([order.status, order.refundable_fen], ['paid', order.total_fen])
    await endsWell(shop)
  })
}

/** Somebody closes the payment in the merchant platform; the order here does not know yet. */
async function closeAtWeChat(shop: TimedShop, orderNumber: string): Promise<void> {
  const { merchant } = shop.config
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] })
  const store = createStore(shop.sql, { random: Math.random })
  const attempt = await store.reads.liveAttempt(merchant.merchantId, orderNumber)
  assert.ok(attempt)
  assert.equal((await payment.close(attempt)).outcome, 'closed')
}
