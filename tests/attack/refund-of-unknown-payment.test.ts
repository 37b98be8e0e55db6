/** F6, F76: WeChat vouches for a refund of money that nobody here has ever heard of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { Shopper, startShop } from '../support/shop.ts'

const shop = await startShop()
const { merchant } = shop.config
const { merchantId } = merchant
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [shop.wechat.url] })
const store = createStore(shop.sql, { random: Math.random })

test('F6, F76: a refund of a payment that is unknown here is flagged once, and WeChat is told to come again', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  await shopper.prepay(orderNumber)
  const ours = await store.reads.liveAttempt(merchantId, orderNumber)
  assert.ok(ours)
  // Another system takes money with the same merchant number; its payment is told elsewhere.
  const theirs = { ...ours, outTradeNo: 'OTHER-SYSTEM-1' }
  const prepaid = await payment.prepay(theirs)
  assert.ok(prepaid.outcome === 'prepaid')
  await shop.wechat.fault('notify.drop', { seconds: 86_400, match: { about: 'payment' } })
  await shopper.pay(await payment.paymentParameters(theirs, prepaid.prepayId))
  const found = await payment.query(theirs)
  assert.ok(found.outcome === 'paid')
  const { transactionId, amountFen, outTradeNo } = found.evidence
  await payment.refund({
    ...ours,
    outRefundNo: 'OTHER-REFUND-1',
    transactionId,
    outTradeNo,
    orderNumber: undefined,
    status: 'intended',
    amountFen: ours.totalFen,
    totalFen: ours.totalFen,
    reason: '别处退款',
    source: 'external',
    createdBy: 'another system',
    refusal: undefined,
    refundId: undefined,
    acceptedAt: undefined,
    successTime: undefined,
    correctionBy: undefined,
    correctionRefusal: undefined,
  })
  assert.equal(amountFen, ours.totalFen)
  const refused = () => shop.sql`select 1 from notify_inbox where verdict = 'refused' and reason = 'payment_unknown'`
  await shop.wechat.advance(120)
  await until('WeChat has told of it twice', async () => {
    await shop.wechat.advance(60)
    return (await refused()).length >= 2
  })
  const flags = await shop.sql<{ subject_id: string; kind: string }[]>`select kind, subject_id from flags`
  assert.deepEqual(
    flags.map(({ kind, subject_id }) => [kind, subject_id]),
    [['external_refund', 'OTHER-REFUND-1']],
  )
})
