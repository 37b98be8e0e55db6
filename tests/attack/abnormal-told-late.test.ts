/** F28: a refund that WeChat could not deliver, what WeChat tells of it late, and a person who looks away too early. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { settleAbnormalRefund } from '../../apps/server/src/commands/settle-abnormal-refund.ts'
import { settleRefund } from '../../apps/server/src/commands/settle-refund.ts'
import type { FlagKind } from '../../apps/server/src/domain/flag.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { sendToOwnCard } from '../support/send-to-own-card.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchant } = shop.config
const { merchantId } = merchant
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] })
const store = createStore(shop.sql, { random: Math.random })
const { world } = shop

async function paidOrder() {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  return { shopper, orderNumber }
}

async function refund(orderNumber: string): Promise<string> {
  const by = { source: 'staff', actor: 'staff:eve' } as const
  const made = await refundOrder({ store, payment, world }, merchantId, orderNumber, { reason: '面凉了' }, by)
  return made.outRefundNo
}

async function abnormalRefund() {
  const { shopper, orderNumber } = await paidOrder()
  await shop.wechat.fault('refund.abnormal', { times: 1 })
  const number = await refund(orderNumber)
  await shop.passTime(120)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'abnormal')
  return { shopper, orderNumber, number }
}

const openFlags = async (orderNumber: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind }) => kind)
}

/** A flag whose reason stands is not settled by hand any more; one may have been before. */
const settleAsBefore = (kind: FlagKind, number: string) =>
  store.transaction((tx) => tx.resolveFlag(merchantId, kind, number, 'staff:eve', 'seen', world.now()))

const statusOf = async (outRefundNo: string) =>
  (await store.transaction((tx) => tx.findRefund(merchantId, outRefundNo)))?.status

test('F28, F43: that a refund is abnormal, told once more after it was mended, lets nobody pay the user a second time', async () => {
  const { orderNumber, number } = await abnormalRefund()
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { arrives_after_seconds: 7 * 86_400 })
  await sendToOwnCard(shop, number)
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { arrives_after_seconds: 3 })
  await shop.passTime(2 * 3600)
  assert.deepEqual(await openFlags(orderNumber), [])
  const [attempt] = await shop.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  await shop.wechat.control('/_sim/notify/resend', { out_trade_no: attempt?.out_trade_no, out_refund_no: number })
  assert.deepEqual(await openFlags(orderNumber), [])
  const paid = await settleAbnormalRefund({ store, world }, merchantId, number, { note: '现金', by: 'staff:eve' })
  assert.equal(paid.outcome, 'refused')
  await endsWell(shop)
})

test('F28: an abnormal refund whose flag somebody settled without paying the user is flagged again', async () => {
  const { orderNumber, number } = await abnormalRefund()
  await settleAsBefore('refund_abnormal', number)
  assert.deepEqual(await openFlags(orderNumber), [])
  await shop.passTime(2 * 3600)
  assert.deepEqual(await openFlags(orderNumber), ['refund_abnormal'])
  await endsWell(shop)
})

test('F27: a refund that still waits for funds is flagged again when somebody settled its flag', async () => {
  const { orderNumber } = await paidOrder()
  await shop.wechat.fault('refund.not-enough', { seconds: 86_400 })
  const number = await refund(orderNumber)
  await shop.passTime(60)
  assert.deepEqual(await openFlags(orderNumber), ['refund_waiting_funds'])
  await settleAsBefore('refund_waiting_funds', number)
  await shop.passTime(2 * 3600)
  assert.deepEqual(await openFlags(orderNumber), ['refund_waiting_funds'])
  await shop.wechat.clearFaults()
  await shop.passTime(2 * 3600)
  assert.deepEqual(await openFlags(orderNumber), [])
  await endsWell(shop)
})

test('F28, F43, F64: an answer of before the refund became abnormal, in a slow hand, does not make it processing again', async () => {
  const { orderNumber } = await paidOrder()
  await shop.wechat.fault('refund.abnormal', { times: 1 })
  const number = await refund(orderNumber)
  await shop.sweeper.sweep()
  const asked = await store.transaction((tx) => tx.findRefund(merchantId, number))
  assert.ok(asked?.status === 'processing')
  const early = await payment.queryRefund(asked)
  assert.ok(early.outcome === 'known' && early.evidence.state === 'processing')
  await shop.passTime(120)
  assert.deepEqual(await openFlags(orderNumber), ['refund_abnormal'])

  const slow = { ...payment, queryRefund: async () => early }
  await settleRefund({ store, payment: slow, world }, asked)
  assert.equal(await statusOf(number), 'abnormal')
  assert.deepEqual(await openFlags(orderNumber), ['refund_abnormal'])
  await endsWell(shop)
})

test('F28, F43, F64: an answer of before an abnormal refund was mended, in a slow hand, lets nobody pay the user a second time', async () => {
  const { number } = await abnormalRefund()
  const asked = await store.transaction((tx) => tx.findRefund(merchantId, number))
  assert.ok(asked)
  const early = await payment.queryRefund(asked)
  assert.ok(early.outcome === 'known' && early.evidence.state === 'abnormal')
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { arrives_after_seconds: 7 * 86_400 })
  await sendToOwnCard(shop, number)
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { arrives_after_seconds: 3 })
  await shop.passTime(2 * 3600)
  assert.equal(await statusOf(number), 'processing')

  const slow = { ...payment, queryRefund: async () => early }
  await settleRefund({ store, payment: slow, world }, asked)
  assert.equal(await statusOf(number), 'processing')
  const paid = await settleAbnormalRefund({ store, world }, merchantId, number, { note: '现金', by: 'staff:eve' })
  assert.equal(paid.outcome, 'refused')
  await endsWell(shop)
})
