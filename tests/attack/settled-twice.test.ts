/** F28: a refund that WeChat could not deliver, and several people who pay the user by other means. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { settleAbnormalRefund } from '../../apps/server/src/commands/settle-abnormal-refund.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { connect } from '../../apps/server/src/storage/connect.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { sendToOwnCard } from '../support/send-to-own-card.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchant } = shop.config
const { merchantId } = merchant
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now })
const store = createStore(shop.sql, { random: Math.random })
const { world } = shop

async function abnormalRefund() {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  await shop.wechat.fault('refund.abnormal', { times: 1 })
  const by = { source: 'staff', actor: 'staff:eve' } as const
  const refund = await refundOrder({ store, payment, world }, merchantId, orderNumber, { reason: '面凉了' }, by)
  await shop.passTime(120)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'abnormal')
  return { shopper, orderNumber, number: refund.outRefundNo }
}

const openFlags = async (orderNumber: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind }) => kind)
}

test('F28, I9: of six people on two servers who say that they paid the user one is believed, and the books tell it once', async () => {
  const { shopper, orderNumber, number } = await abnormalRefund()
  const other = connect(shop.databaseUrl, { applicationName: 'the other server' })
  const stores = [store, createStore(other, { random: Math.random })]
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      settleAbnormalRefund({ store: stores[index % 2] ?? store, world }, merchantId, number, {
        note: '现金',
        by: `staff:${index}`,
      }),
    ),
  )
  await other.end({ timeout: 1 })
  const told = outcomes.map((outcome) => (outcome.outcome === 'refused' ? outcome.code : outcome.outcome)).sort()
  assert.deepEqual(told, [...Array<string>(5).fill('refund_not_abnormal'), 'settled'])
  const order = await shopper.show(orderNumber)
  assert.deepEqual([order.refunded_fen, order.refundable_fen], [order.total_fen, 0])
  assert.deepEqual(await openFlags(orderNumber), [])
  await shop.passTime(60)
  await endsWell(shop)
})

test('F28: what WeChat delivers after all, when a person has paid already, is flagged and changes nothing', async () => {
  const { shopper, orderNumber, number } = await abnormalRefund()
  await settleAbnormalRefund({ store, world }, merchantId, number, { note: '现金', by: 'staff:eve' })
  await sendToOwnCard(shop, number)
  await shop.passTime(180)
  assert.deepEqual(await openFlags(orderNumber), ['refund_contradiction'])
  const order = await shopper.show(orderNumber)
  assert.deepEqual(
    order.refunds.map(({ status, amount_fen }) => [status, amount_fen]),
    [['succeeded', order.total_fen]],
  )
  assert.equal(order.refunded_fen, order.total_fen)
  await endsWell(shop)
})
