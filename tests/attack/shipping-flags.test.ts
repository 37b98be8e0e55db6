/** Flags about shipping: they end when nothing is left to ship, and come when it turns out that something is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MiniProgramClient } from '@fenpay/wechat'
import { deliverDueOutbox } from '../../apps/server/src/commands/deliver-outbox.ts'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { shipOrder } from '../../apps/server/src/commands/ship-order.ts'
import { watchOverdue } from '../../apps/server/src/commands/watch-money.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { outboxParts } from '../support/outbox-parts.ts'
import { payLate } from '../support/pay-late.ts'
import { appidOf, Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const token = 'pushtoken0123456789'
const aesKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const shop = await startTimedShop({ env: { FENPAY_PUSH_TOKEN: token, FENPAY_PUSH_AES_KEY: aesKey } })
const { merchantId } = shop.config.merchant
const appid = appidOf(shop.config)
const parts = outboxParts(shop.sql, shop.world)
const signal = new AbortController().signal
const hour = 60 * 60

async function paidOrder(): Promise<{ orderNumber: string; transactionId: string }> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  const [row] = await shop.sql<{ transaction_id: string }[]>`
    select transaction_id from orders where order_number = ${orderNumber}`
  return { orderNumber, transactionId: row?.transaction_id ?? '' }
}

async function refund(orderNumber: string): Promise<void> {
  const ports = { ...parts, payment: { canRefund: async () => true } }
  const by = { source: 'staff', actor: 'staff:eve' } as const
  await refundOrder(ports, merchantId, orderNumber, { reason: '不要了' }, by)
}

/** What a server does by itself. */
async function work(): Promise<void> {
  await shop.sweeper.sweep()
  await deliverDueOutbox(parts, signal)
  await watchOverdue(parts)
}

const openFlags = async (orderNumber: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind }) => kind)
}

test('an order that nobody shipped is flagged, and once its money is given back nobody is asked to ship it any more', async () => {
  const { orderNumber } = await paidOrder()
  await shop.skip(37 * hour)
  await work()
  assert.deepEqual(await openFlags(orderNumber), ['shipping_due'])
  await refund(orderNumber)
  await work()
  await shop.skip(60)
  await work()
  assert.deepEqual(await openFlags(orderNumber), [])
  await endsWell(shop)
})

test('where WeChat is told of no shipping any more, an order of before is not asked to be shipped for it', async () => {
  const { orderNumber } = await paidOrder()
  await shop.sql`update merchants set shipping_management = false`
  await shop.skip(37 * hour)
  await work()
  assert.deepEqual(await openFlags(orderNumber), [])
  await shop.sql`update merchants set shipping_management = true`
})

test('shipping that was given up before the money went back needs nobody any more', async () => {
  const { orderNumber } = await paidOrder()
  parts.answers.shipping = async () => ({ outcome: 'refused', error: '10060031' })
  await shipOrder(parts, merchantId, orderNumber, { how: 'pickup' })
  await work()
  assert.deepEqual(await openFlags(orderNumber), ['outbox_dead'])
  await refund(orderNumber)
  await work()
  await shop.skip(60)
  await work()
  assert.deepEqual(await openFlags(orderNumber), [])
})

test('F29: an order whose refund was on its way when shipping was due, and came to nothing, is flagged', async () => {
  const { orderNumber } = await paidOrder()
  await shop.skip(35 * hour)
  await shop.wechat.fault('refund.closed', { times: 1 })
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { arrives_after_seconds: 24 * hour })
  await refund(orderNumber)
  await shop.skip(2 * hour)
  await work()
  assert.deepEqual(await openFlags(orderNumber), [])
  await shop.skip(24 * hour)
  await work()
  await shop.skip(hour)
  await work()
  assert.deepEqual(await openFlags(orderNumber), ['refund_failed', 'shipping_due'])
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { arrives_after_seconds: 3 })
})

test('shipping that WeChat refused and that staff then entered in its console needs nobody any more', async () => {
  await shop.wechat.control(`/_sim/apps/${appid}/push`, {
    url: `${shop.server.url}/wechat/push/${appid}`,
    token,
    encoding_aes_key: aesKey,
  })
  const { orderNumber, transactionId } = await paidOrder()
  await shop.skip(60)
  parts.answers.shipping = async () => ({ outcome: 'refused', error: '10060026' })
  await shipOrder(parts, merchantId, orderNumber, { how: 'pickup' })
  await work()
  assert.deepEqual(await openFlags(orderNumber), ['outbox_dead'])
  await enterInConsole(orderNumber, transactionId)
  await shop.skip(30)
  await until('it is told', async () => {
    const [row] = await shop.sql<{ status: string }[]>`select status from shipments where order_number = ${orderNumber}`
    return row?.status === 'uploaded'
  })
  await work()
  assert.deepEqual(await openFlags(orderNumber), [])
})

test('F22, F27: WeChat wants money shipped that came for a closed order and cannot be given back yet: nobody is asked to ship that', async () => {
  const orderNumber = await payLate(shop, 'refund.not-enough', { times: 1000 })
  await until('the money is known', async () => (await openFlags(orderNumber)).includes('late_payment'))
  await work()
  await shop.skip(49 * hour)
  await until('WeChat has told', async () => {
    const pushes =
      await shop.sql`select 1 from push_inbox where event = 'trade_manage_remind_shipping' and verdict is not null`
    return pushes.length > 0
  })
  assert.deepEqual(await openFlags(orderNumber), ['late_payment', 'refund_waiting_funds'])
})

async function enterInConsole(orderNumber: string, transactionId: string): Promise<void> {
  const [app] = shop.config.merchant.apps
  const [order] = await shop.sql<{ openid: string }[]>`select openid from orders where order_number = ${orderNumber}`
  const client = new MiniProgramClient({ appid, secret: app?.secret ?? '', baseUrls: [shop.wechat.url] })
  await client.uploadShippingInfo({
    order_key: { order_number_type: 2, transaction_id: transactionId },
    logistics_type: 4,
    delivery_mode: 1,
    shipping_list: [{ item_desc: '牛肉面*1' }],
    upload_time: new Date(shop.world.now().getTime() + 8 * hour * 1000).toISOString().replace('Z', '+08:00'),
    payer: { openid: order?.openid ?? '' },
  })
}
