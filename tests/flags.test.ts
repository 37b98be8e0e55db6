/** Flags that settle themselves, and flags that would say the same thing twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refundOrder } from '../apps/server/src/commands/refund-order.ts'
import { reportKeyAlarm } from '../apps/server/src/commands/report-key-alarm.ts'
import { watchOverdue } from '../apps/server/src/commands/watch-money.ts'
import { createStore } from '../apps/server/src/storage/store.ts'
import { until } from '../scripts/until.ts'
import { endsWell } from './support/ends-well.ts'
import { Shopper } from './support/shop.ts'
import { startTimedShop, sweeperOf } from './support/timed-shop.ts'

const shop = await startTimedShop({ payApi: 'v2-md5' })
const { merchantId } = shop.config.merchant
const store = createStore(shop.sql, { random: Math.random })
const openFlags = async () => {
  const rows = await shop.sql<{ kind: string; subject_id: string }[]>`
    select kind, subject_id from flags where resolved_at is null order by kind`
  return rows.map(({ kind, subject_id }) => `${kind} ${subject_id}`)
}

/** A paid order whose refund is decided and not yet sent. */
async function intendedRefund() {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await until('it is paid', async () => (await shopper.show(orderNumber)).status === 'paid')
  const ports = { store, world: shop.world, payment: { canRefund: async () => true } }
  const by = { source: 'staff', actor: 'staff:eve' } as const
  const { outRefundNo } = await refundOrder(ports, merchantId, orderNumber, { reason: '面凉了' }, by)
  return { shopper, orderNumber, outRefundNo }
}

test('F36: a refused key that was flagged by an earlier process is settled by the first call that WeChat accepts, in its protocol', async () => {
  for (const key of ['v2-md5', 'v3'] as const) {
    const alarm = { kind: 'merchant_key_refused', key, isOn: true, evidence: {} } as const
    await reportKeyAlarm({ store, world: shop.world }, merchantId, alarm)
  }
  const shopper = await Shopper.arrive(shop)
  await shopper.prepay(await shopper.order())
  await shop.skip(60)
  await sweeperOf(shop, shop.world).sweep()
  await until('it is settled', async () => (await openFlags()).length === 1)
  assert.deepEqual(await openFlags(), [`merchant_key_refused ${merchantId} v3`])
})

test('P6: a refund that cannot be sent for want of a certificate is flagged as such, and not as unknown beside it', async () => {
  const { outRefundNo } = await intendedRefund()
  const { merchant } = shop.config
  const { certificate: _, ...keys } = merchant.keys
  const bare = { ...shop, config: { ...shop.config, merchant: { ...merchant, keys } } }
  await shop.skip(11 * 60)
  await sweeperOf(bare, shop.world).sweep()
  await watchOverdue({ store, world: shop.world })
  const mine = (await openFlags()).filter((flag) => flag.endsWith(outRefundNo))
  assert.deepEqual(mine, [`refund_not_configured ${outRefundNo}`])
})

test('P5: a refund that WeChat took on and that has no result for a day is flagged, and its result settles the flag', async () => {
  const { shopper, orderNumber, outRefundNo } = await intendedRefund()
  await shop.wechat.fault('notify.drop', { seconds: 2 * 24 * 60 * 60 })
  await shop.sweeper.sweep()
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'processing')
  const mine = async () => (await openFlags()).filter((flag) => flag.endsWith(outRefundNo))
  // For a day nobody looks, as when the server stands still.
  await shop.skip(24 * 60 * 60 - 60)
  await watchOverdue({ store, world: shop.world })
  assert.deepEqual(await mine(), [])
  await shop.skip(120)
  await watchOverdue({ store, world: shop.world })
  assert.deepEqual(await mine(), [`refund_overdue ${outRefundNo}`])
  await shop.sweeper.sweep()
  await watchOverdue({ store, world: shop.world })
  assert.deepEqual(await mine(), [])
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
  await shop.wechat.clearFaults()
  await endsWell(shop)
})
