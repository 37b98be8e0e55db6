/** Several people decide about the money of one order at the same moment, on two servers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerRefundRequest } from '../../apps/server/src/commands/ask-refund.ts'
import { type RefundAsk, refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import type { World } from '../../apps/server/src/ports.ts'
import { connect, isDatabaseUnavailable } from '../../apps/server/src/storage/connect.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop({ payApi: 'v2-md5' })
const { merchant } = shop.config
const { merchantId } = merchant
const merchants = { find: async () => merchant, ofApp: async () => merchant }
const { payment } = createWeChatGateway(merchants, { clock: Date.now })
const random = Math.random

/** Decides on one of two pools of connections, as two servers would. */
async function onTwoServers<Answer>(
  count: number,
  decide: (
    ports: { store: ReturnType<typeof createStore>; payment: typeof payment; world: World },
    index: number,
  ) => Promise<Answer>,
): Promise<PromiseSettledResult<Answer>[]> {
  const other = connect(shop.databaseUrl, { applicationName: 'the other server' })
  const stores = [createStore(shop.sql, { random }), createStore(other, { random })]
  try {
    return await Promise.allSettled(
      Array.from({ length: count }, (_, index) => {
        const store = stores[index % 2] ?? createStore(shop.sql, { random })
        return patiently(() => decide({ store, payment, world: shop.world }, index))
      }),
    )
  } finally {
    await other.end({ timeout: 1 })
  }
}

/** Whoever is told that the database is busy, since a lock was waited for too long, does the same again. */
async function patiently<Answer>(decide: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; tries < 9; tries++) {
    try {
      return await decide()
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error
    }
  }
  return decide()
}

const codesOf = (results: PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? 'done' : (result.reason as { code?: string }).code)).sort()

async function paidOrder(quantity = 5): Promise<{ shopper: Shopper; orderNumber: string }> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy('beef-noodles', quantity)
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  return { shopper, orderNumber }
}

const staff = { source: 'staff', actor: 'staff:eve' } as const

test('F77: twenty clicks on one form, under one key, are one refund, and each is told the same number', async () => {
  const { shopper, orderNumber } = await paidOrder()
  const ask: RefundAsk = { amountFen: 100, reason: '面凉了' }
  const results = await onTwoServers(20, (ports) =>
    refundOrder(ports, merchantId, orderNumber, ask, { ...staff, key: `form of ${orderNumber}` }),
  )
  const numbers = results.map((result) => (result.status === 'fulfilled' ? result.value.outRefundNo : result.reason))
  assert.equal(new Set(numbers).size, 1)
  await shop.passTime(120)
  const { refunds, refunded_fen } = await shopper.show(orderNumber)
  assert.deepEqual([refunds.length, refunded_fen], [1, 100])
  await endsWell(shop)
})

test('A38: of six answers at once to one request one counts, and the money goes back once or not at all', async () => {
  const { shopper, orderNumber } = await paidOrder()
  await shopper.api.askRefund(shopper.token, { order_number: orderNumber, reason: '少了一碗' })
  const results = await onTwoServers(6, (ports, index) =>
    answerRefundRequest(ports, merchantId, orderNumber, {
      accept: index % 3 !== 0,
      text: '好',
      staff: `staff ${index}`,
    }),
  )
  assert.deepEqual(codesOf(results), ['done', ...Array<string>(5).fill('refund_request_not_found')])
  await shop.passTime(120)
  const { refund_request, refunded_fen, total_fen } = await shopper.show(orderNumber)
  assert.equal(refunded_fen, refund_request?.status === 'accepted' ? total_fen : 0)
  await endsWell(shop)
})

test('I10: what the user asks for, the staff decide and the merchant platform does at once never exceeds the payment', async () => {
  const notify_url = `${shop.server.url}/wechat/notify/v2-md5/${merchantId}`
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { notify_url })
  const { shopper, orderNumber } = await paidOrder()
  await shopper.api.askRefund(shopper.token, { order_number: orderNumber, reason: '不想要了' })
  const [attempt] = await shop.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  const results = await onTwoServers(8, async (ports, index) => {
    if (index === 0) return shop.wechat.control('/_sim/refunds', { out_trade_no: attempt?.out_trade_no, amount: 300 })
    if (index === 1) return shopper.api.cancelOrder(shopper.token, orderNumber)
    if (index < 5) return answerRefundRequest(ports, merchantId, orderNumber, { accept: true, text: '', staff: 'eve' })
    return refundOrder(ports, merchantId, orderNumber, { reason: '面凉了' }, staff)
  })
  const ours = results.slice(2).filter(({ status }) => status === 'fulfilled')
  assert.equal(ours.length, 1, codesOf(results).join())
  assert.deepEqual(codesOf([...results.slice(1, 2)]), ['order_already_paid'])
  // WeChat takes what came first there, and refuses our whole refund beside it; its message about the other comes again.
  await shop.passTime(2 * 60 * 60)
  const { refunds, refunded_fen, refundable_fen, total_fen } = await shopper.show(orderNumber)
  assert.deepEqual(refunds.map(({ status, amount_fen }) => [status, amount_fen]).sort(), [
    ['failed', total_fen],
    ['succeeded', 300],
  ])
  assert.deepEqual([refunded_fen, refundable_fen], [300, total_fen - 300])
  await refundOrder(
    { store: createStore(shop.sql, { random }), payment, world: shop.world },
    merchantId,
    orderNumber,
    { reason: '余款' },
    staff,
  )
  await shop.passTime(120)
  assert.equal((await shopper.show(orderNumber)).refunded_fen, total_fen)
  await endsWell(shop)
})
