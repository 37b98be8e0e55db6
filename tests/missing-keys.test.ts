/** The keys of a protocol were taken out of the configuration while payments begun over it are open. */
import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { readConfig } from '@fenpay/server'
import { saveMerchant } from '../apps/server/src/storage/merchants.ts'
import { createSealer } from '../apps/server/src/storage/seal.ts'
import { merchantEnvironment } from '../scripts/merchant-environment.ts'
import { endsWell } from './support/ends-well.ts'
import { masterKey } from './support/outbox-parts.ts'
import { refusedWith, Shopper } from './support/shop.ts'
import { hireStaff } from './support/staff.ts'
import { startTimedShop, sweeperOf } from './support/timed-shop.ts'

const shop = await startTimedShop({
  env: { FENPAY_MASTER_KEY: masterKey.toString('base64') },
  http: { sleep: async () => {} },
})
const complete = merchantEnvironment(await shop.wechat.firstMerchant())

/** Another server has started with this, and the shop's own has read the keys anew since. */
async function configure(env: NodeJS.ProcessEnv) {
  const { merchant } = readConfig({ ...complete, ...env })
  await saveMerchant(shop.sql, createSealer(createSecretKey(masterKey), randomBytes), merchant)
  await shop.skip(31)
  return merchant
}

const withoutV3 = {
  FENPAY_PAY_API: 'v2-md5',
  FENPAY_API_V3_KEY: '',
  FENPAY_MERCHANT_SERIAL_NO: '',
  FENPAY_MERCHANT_PRIVATE_KEY: '',
  FENPAY_MERCHANT_CERTIFICATE: '',
}

for (const [payApi, without, keys] of [
  ['v3', withoutV3, 'FENPAY_API_V3_KEY, FENPAY_MERCHANT_SERIAL_NO and FENPAY_MERCHANT_PRIVATE_KEY'],
  ['v2-hmac-sha256', { FENPAY_PAY_API: 'v3', FENPAY_API_V2_KEY: '' }, 'FENPAY_API_V2_KEY'],
] as const) {
  test(`a payment begun over ${payApi} waits while the keys of ${payApi} are not configured, and goes on when they are`, async () => {
    await configure({ FENPAY_PAY_API: payApi })
    const shopper = await Shopper.arrive(shop)
    const [begun, asked, given] = [await shopper.order(), await shopper.order(), await shopper.order()]
    await shopper.prepay(begun)
    await shopper.prepay(given)
    const paid = await shopper.buy()
    assert.equal((await shopper.check(paid)).status, 'paid')
    await shop.wechat.fault('call.reset', { seconds: 60 })
    await assert.rejects(shopper.prepay(asked), refusedWith('wechat_unreachable'))
    await shop.wechat.clearFaults()
    await shop.api.askRefund(shopper.token, { order_number: paid, reason: '面凉了' })
    await hireStaff(shop, shop.world).accept(paid)

    const merchant = await configure(without)
    for (const orderNumber of [begun, asked]) {
      const answer = await fetch(new URL('/my/orders/req_unifiedorder', shop.server.url), {
        method: 'POST',
        headers: { authorization: shopper.token, 'content-type': 'application/json' },
        body: JSON.stringify({ order_number: orderNumber }),
      })
      assert.equal(answer.status, 503)
      assert.equal(answer.headers.get('retry-after'), '600', 'no client repeats it within seconds')
      const problem = await answer.text()
      assert.match(problem, /"payment_not_configured"/)
      assert.doesNotMatch(problem, /FENPAY_/, 'what the operator has to do is not told to the user')
      const { status, pending_reason } = await shopper.check(orderNumber)
      assert.deepEqual([status, pending_reason], ['pending', 'wechat_unreachable'])
    }
    assert.equal((await shop.api.cancelOrder(shopper.token, given)).status, 'closing')
    assert.equal(shop.log().filter((line) => line.includes(`Configure ${keys} again`)).length, 1)

    // An order or refund that a sweep cannot look at fails it; one that it would look at again at once is due.
    await shop.skip(40)
    await sweeperOf({ ...shop, config: { ...shop.config, merchant } }, shop.world).sweep()
    const due = await shop.sql`select from orders where next_check_at <= ${shop.world.now()}`
    assert.equal(due.length, 0)
    const [refund] = await shop.sql`select status, problem from refunds where order_number = ${paid}`
    assert.deepEqual({ ...refund }, { status: 'unknown', problem: `the keys of ${payApi} are not configured` })

    await configure({})
    for (const orderNumber of [begun, asked]) {
      await shopper.pay(await shopper.prepay(orderNumber))
      assert.equal((await shopper.check(orderNumber)).status, 'paid')
    }
    // WeChat closes no order of the last five minutes.
    await shop.passTime(300)
    assert.equal((await shopper.check(given)).status, 'closed')
    const { refunded_fen, total_fen } = await shopper.show(paid)
    assert.equal(refunded_fen, total_fen)
    await endsWell(shop)
  })
}
