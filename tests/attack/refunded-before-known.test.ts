/** F19: whoever hears first of a payment of which something was given back outside Fenpay, it is never left unsaid. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleOrder } from '../../apps/server/src/commands/settle-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import type { PaymentGateway } from '../../apps/server/src/ports.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { refusedWith, Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchant } = shop.config
const { merchantId } = merchant
const store = createStore(shop.sql, { random: Math.random })
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] })

const openFlags = async (orderNumber: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind }) => kind)
}

/** Paid at WeChat, and some of it given back in the merchant platform, while nothing was told here. */
async function paidAndRefunded() {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  await shop.wechat.fault('notify.drop', { seconds: 3600 })
  await shopper.pay(pay)
  const attempt = await store.reads.liveAttempt(merchantId, orderNumber)
  assert.ok(attempt)
  await shop.wechat.control('/_sim/refunds', { out_trade_no: attempt.outTradeNo, amount: 100 })
  return { shopper, orderNumber, attempt }
}

test('F19: a refund made outside is flagged also where a new try to pay found the payment', async () => {
  const { shopper, orderNumber } = await paidAndRefunded()
  // The prepay_id is no more valid, so WeChat is asked for one, and says that the number is paid.
  await shop.sql`update attempts set prepay_expires_at = now() where order_number = ${orderNumber}`
  await assert.rejects(shopper.prepay(orderNumber), refusedWith('order_already_paid'))
  await shop.wechat.clearFaults()
  assert.equal((await shopper.show(orderNumber)).status, 'paid')
  assert.deepEqual(await openFlags(orderNumber), ['external_refund'])
  await endsWell(shop)
})

test('F60: a process that ends between the payment and the list of its refunds leaves the flag behind', async () => {
  const { shopper, orderNumber, attempt } = await paidAndRefunded()
  const order = await store.reads.order(merchantId, (await userOf(orderNumber)) ?? '', orderNumber)
  assert.ok(order)
  const killed: PaymentGateway = { ...payment, listRefunds: () => Promise.reject(new Error('killed')) }
  await assert.rejects(settleOrder({ store, payment: killed, world: shop.world }, order), /killed/)
  await shop.wechat.clearFaults()
  await shop.passTime(60)
  assert.equal((await shopper.show(orderNumber)).status, 'paid')
  assert.ok(attempt)
  assert.deepEqual(await openFlags(orderNumber), ['external_refund'])
  await endsWell(shop)
})

async function userOf(orderNumber: string): Promise<string | undefined> {
  const [row] = await shop.sql<{ user_id: string }[]>`select user_id from orders where order_number = ${orderNumber}`
  return row?.user_id
}
