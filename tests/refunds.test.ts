import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RefundAsk, refundOrder } from '../apps/server/src/commands/refund-order.ts'
import { watchOverdue } from '../apps/server/src/commands/watch-money.ts'
import { createWeChatGateway } from '../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../apps/server/src/storage/store.ts'
import { endsWell } from './support/ends-well.ts'
import { refusedWith, Shopper } from './support/shop.ts'
import { hireStaff } from './support/staff.ts'
import { startTimedShop, type TimedShop } from './support/timed-shop.ts'
import { seenMessages } from './support/wechat-log.ts'

const http = { timeoutMs: 500 }
const shops = { v3: await startTimedShop({ http }), 'v2-md5': await startTimedShop({ http, payApi: 'v2-md5' }) }

/** What staff do at the command line: the intent alone; the sweep does the rest. */
function refund(shop: TimedShop, orderNumber: string, ask: Partial<RefundAsk> = {}) {
  const { merchant } = shop.config
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  const ports = {
    store: createStore(shop.sql, { random: Math.random }),
    payment: createWeChatGateway(merchants, { clock: Date.now }).payment,
    world: shop.world,
  }
  const by = { source: 'staff', actor: 'staff:eve' } as const
  return refundOrder(ports, merchant.merchantId, orderNumber, { reason: '面凉了', ...ask }, by)
}

async function paidOrder(shop: TimedShop, quantity = 2): Promise<{ shopper: Shopper; orderNumber: string }> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy('beef-noodles', quantity)
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  return { shopper, orderNumber }
}

async function refundCalls(shop: TimedShop, path: RegExp): Promise<number> {
  const { requests } = await shop.wechat.control<{ requests: { path: string; direction: string }[] }>(
    '/_sim/requests?limit=1000',
  )
  return requests.filter((request) => request.direction === 'in' && path.test(request.path)).length
}

const refundPath = { v3: /^\/v3\/refund\/domestic\/refunds$/, 'v2-md5': /^\/secapi\/pay\/refund$/ }

/** What the calls for an order's refund said; v2 signs each afresh. */
async function wordsSent(shop: TimedShop, orderNumber: string): Promise<Set<string>> {
  const [refunded] = await shop.sql<{ out_refund_no: string }[]>`
    select out_refund_no from refunds where order_number = ${orderNumber}`
  const calls = await seenMessages(shop.wechat, '/refund')
  const bodies = calls.filter(
    ({ path, body }) => /\/refunds?$/.test(path) && body.includes(refunded?.out_refund_no ?? '?'),
  )
  return new Set(bodies.map(({ body }) => body.replaceAll(/<(nonce_str|sign)>.*?<\/\1>/g, '')))
}

const openFlags = async (shop: TimedShop, orderNumber: string) => {
  const rows = await shop.sql<
    { kind: string }[]
  >`select kind from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind }) => kind)
}

for (const payApi of ['v3', 'v2-md5'] as const) {
  const shop = shops[payApi]

  test(`${payApi}: a part and the rest of an order are given back, and once more is refused with the reason (F31)`, async () => {
    const { shopper, orderNumber } = await paidOrder(shop)
    await refund(shop, orderNumber, { items: [{ sku: 'beef-noodles', quantity: 1 }] })
    const asked = await shopper.show(orderNumber)
    assert.deepEqual([asked.refunds[0]?.status, asked.refunded_fen], ['pending', 0])
    await assert.rejects(refund(shop, orderNumber), { code: 'refund_too_soon' })
    await shop.passTime(90)
    const half = await shopper.show(orderNumber)
    assert.deepEqual(
      [half.refunds[0]?.status, half.refunded_fen, half.refundable_fen],
      ['succeeded', half.total_fen / 2, half.total_fen / 2],
    )
    assert.deepEqual(half.refunds[0]?.items, [{ sku: 'beef-noodles', quantity: 1 }])
    await refund(shop, orderNumber)
    await shop.passTime(90)
    const whole = await shopper.show(orderNumber)
    assert.deepEqual([whole.status, whole.refunded_fen, whole.refundable_fen], ['paid', whole.total_fen, 0])
    await assert.rejects(refund(shop, orderNumber), { code: 'refund_exceeds_payment' })
    await endsWell(shop)
  })

  test(`${payApi}: I10, fifty refunds of random size at once never take more than was paid`, async () => {
    const { orderNumber, shopper } = await paidOrder(shop, 5)
    const { total_fen } = await shopper.show(orderNumber)
    const sizes = Array.from({ length: 50 }, () => 1 + Math.floor(Math.random() * total_fen))
    const results = await Promise.allSettled(sizes.map((amountFen) => refund(shop, orderNumber, { amountFen })))
    const taken = results.filter((result) => result.status === 'fulfilled')
    assert.equal(taken.length, 1, 'a minute lies between two refunds')
    await shop.passTime(120)
    await endsWell(shop)
  })

  for (const [id, fault] of [
    ['F25', { name: 'call.timeout-after' }],
    ['F26', { name: 'call.system-error', options: { effect: true } }],
    ['F26', { name: 'refund.system-error', options: { code: 'BIZERR_NEED_RETRY' } }],
    ['F26', { name: 'refund.system-error', options: { code: 'BIZERR_NEED_RETRY', effect: true } }],
    ['F10', { name: 'call.timeout-before' }],
    ['F42', { name: 'call.reset', options: { when: 'after' } }],
    ['F13', { name: 'call.bad-body', options: { kind: 'html' } }],
    ['F15', { name: 'call.frequency-limited' }],
  ] as const) {
    const named = `${fault.name} ${JSON.stringify('options' in fault ? fault.options : {})}`
    test(`${payApi}: ${id}, a refund under ${named} is repeated with its number and its words, and made once (I11)`, async () => {
      const { shopper, orderNumber } = await paidOrder(shop)
      await shop.wechat.control('/_sim/faults', {
        ...fault,
        times: 4,
        match: { path: payApi === 'v3' ? '/v3/refund/domestic/refunds' : '/secapi/pay/refund' },
      })
      await refund(shop, orderNumber)
      await shop.passTime(15)
      await shop.wechat.clearFaults()
      await shop.passTime(180)
      const order = await shopper.show(orderNumber)
      assert.deepEqual(
        order.refunds.map(({ status, amount_fen }) => [status, amount_fen]),
        [['succeeded', order.total_fen]],
      )
      assert.equal((await wordsSent(shop, orderNumber)).size, 1)
      await endsWell(shop)
    })
  }

  test(`${payApi}: F27, a refund without funds keeps its money held, is flagged, and goes on when there are some`, async () => {
    const { shopper, orderNumber } = await paidOrder(shop)
    const { merchantId } = shop.config.merchant
    const { balance } = await shop.wechat.control<{ balance: number }>(`/_sim/merchants/${merchantId}/balance`)
    await shop.wechat.control(`/_sim/merchants/${merchantId}/balance`, { set: 0 })
    await refund(shop, orderNumber)
    await shop.passTime(30)
    const waiting = await shopper.show(orderNumber)
    assert.deepEqual([waiting.refunds[0]?.status, waiting.refundable_fen], ['pending', 0])
    assert.deepEqual(await openFlags(shop, orderNumber), ['refund_waiting_funds'])
    await shop.wechat.control(`/_sim/merchants/${merchantId}/balance`, { set: balance })
    await shop.passTime(2 * 60 * 60)
    assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
    assert.deepEqual(await openFlags(shop, orderNumber), [])
    await endsWell(shop)
  })

  test(`${payApi}: F28, an abnormal refund stays held and asks for a person`, async () => {
    const { shopper, orderNumber } = await paidOrder(shop)
    await shop.wechat.fault('refund.abnormal', { times: 1 })
    await refund(shop, orderNumber)
    await shop.passTime(180)
    const order = await shopper.show(orderNumber)
    assert.deepEqual([order.refunds[0]?.status, order.refundable_fen], ['abnormal', 0])
    assert.deepEqual(await openFlags(shop, orderNumber), ['refund_abnormal'])
    await endsWell(shop)
  })

  test(`${payApi}: F29, a refund that WeChat closes gives its money free for a new decision`, async () => {
    const { shopper, orderNumber } = await paidOrder(shop)
    await shop.wechat.fault('refund.closed', { times: 1 })
    await refund(shop, orderNumber)
    await shop.passTime(180)
    const order = await shopper.show(orderNumber)
    assert.deepEqual([order.refunds[0]?.status, order.refundable_fen], ['failed', order.total_fen])
    assert.deepEqual(await openFlags(shop, orderNumber), ['refund_failed'])
    await refund(shop, orderNumber)
    await shop.passTime(180)
    assert.equal((await shopper.show(orderNumber)).refunded_fen, order.total_fen)
    await endsWell(shop)
  })

  test(`${payApi}: F30, P5, a refund whose notification is lost is known within minutes`, async () => {
    const { shopper, orderNumber } = await paidOrder(shop)
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    await refund(shop, orderNumber)
    await shop.passTime(10 * 60)
    await shop.wechat.clearFaults()
    assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
    await endsWell(shop)
  })

  test(`${payApi}: a refund's notification brings its result, before anybody looks`, async () => {
    const { shopper, orderNumber } = await paidOrder(shop)
    await refund(shop, orderNumber)
    await shop.skip(11)
    await shop.sweeper.sweep()
    assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'processing')
    // WeChat tells it when its own clock comes there; our sweep is not asked any more.
    await shop.wechat.advance(60)
    const inbox = await shop.sql`
      select verdict from notify_inbox n join refunds r using (merchant_id, transaction_id)
       where r.order_number = ${orderNumber} and n.verdict = 'applied' and n.received_at > r.created_at`
    assert.ok(inbox.length >= 1)
    assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
    await endsWell(shop)
  })

  test(`${payApi}: F31, what WeChat would refuse is refused here, and WeChat is not called`, async () => {
    const { orderNumber } = await paidOrder(shop)
    const before = await refundCalls(shop, refundPath[payApi])
    await assert.rejects(refund(shop, orderNumber, { amountFen: 10_000_000 }), { code: 'refund_exceeds_payment' })
    await assert.rejects(refund(shop, orderNumber, { amountFen: 0 }), { code: 'refund_exceeds_payment' })
    await assert.rejects(refund(shop, orderNumber, { items: [{ sku: 'beef-noodles', quantity: 3 }] }), {
      code: 'refund_item_unavailable',
    })
    await assert.rejects(refund(shop, orderNumber, { items: [{ sku: 'tea', quantity: 1 }] }), {
      code: 'refund_item_unavailable',
    })
    const open = await (await Shopper.arrive(shop)).order()
    await assert.rejects(refund(shop, open), { code: 'order_not_paid' })
    await shop.sql`update payment_balances set refund_count = 50 where transaction_id =
      (select transaction_id from orders where order_number = ${orderNumber})`
    await assert.rejects(refund(shop, orderNumber, { amountFen: 1 }), { code: 'refund_too_many' })
    await shop.sql`update payment_balances set refund_count = 0 where transaction_id =
      (select transaction_id from orders where order_number = ${orderNumber})`
    await shop.sweeper.sweep()
    assert.equal(await refundCalls(shop, refundPath[payApi]), before)
    await endsWell(shop)
  })

  test(`${payApi}: F19, F76, a refund made in the merchant platform is found, posted and flagged`, async () => {
    const { shopper, orderNumber } = await paidOrder(shop)
    const { merchantId } = shop.config.merchant
    const notify_url = `${shop.server.url}/wechat/notify/v2-md5/${merchantId}`
    await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { notify_url })
    const [attempt] = await shop.sql<{ out_trade_no: string }[]>`
      select out_trade_no from attempts where order_number = ${orderNumber}`
    await shop.wechat.control('/_sim/refunds', { out_trade_no: attempt?.out_trade_no, amount: 100 })
    await shop.passTime(120)
    const order = await shopper.show(orderNumber)
    assert.deepEqual(
      order.refunds.map(({ status, amount_fen }) => [status, amount_fen]),
      [['succeeded', 100]],
    )
    assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund'])
    await endsWell(shop)
  })
}

for (const payApi of ['v3', 'v2-md5'] as const) {
  test(`${payApi}: F19, an order that was refunded before we heard of its payment is paid, and the refund is flagged`, async () => {
    const shop = shops[payApi]
    const shopper = await Shopper.arrive(shop)
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const orderNumber = await shopper.buy()
    const [attempt] = await shop.sql<{ out_trade_no: string }[]>`
      select out_trade_no from attempts where order_number = ${orderNumber}`
    await shop.wechat.control('/_sim/refunds', { out_trade_no: attempt?.out_trade_no, amount: 100 })
    await shop.passTime(120)
    await shop.wechat.clearFaults()
    const order = await shopper.show(orderNumber)
    assert.equal(order.status, 'paid')
    assert.deepEqual(await openFlags(shop, orderNumber), ['external_refund'])
    // Only v2 lists the refunds of an order; v3 leaves the amount to the notification and the bill.
    assert.equal(order.refunded_fen, payApi === 'v3' ? 0 : 100)
    await endsWell(shop)
  })
}

test('F31: what was paid more than a year ago is refused here, and WeChat is not called', async () => {
  const shop = await startTimedShop()
  const { orderNumber } = await paidOrder(shop)
  await shop.skip(364 * 86_400)
  await refund(shop, orderNumber, { amountFen: 1 })
  await shop.passTime(300)
  const before = await refundCalls(shop, refundPath.v3)
  assert.equal(before, 1)
  await shop.skip(2 * 86_400)
  await assert.rejects(refund(shop, orderNumber, { amountFen: 1 }), { code: 'refund_too_late' })
  await shop.passTime(60)
  assert.equal(await refundCalls(shop, refundPath.v3), before)
  await endsWell(shop)
})

test('a user asks for a refund, the staff accept the one and decline the other, and each is told', async () => {
  const shop = shops.v3
  const staff = hireStaff(shop, shop.world)
  const { shopper, orderNumber } = await paidOrder(shop, 3)
  const ask = { order_number: orderNumber, reason: '少了一碗', items: [{ sku: 'beef-noodles', quantity: 1 }] }
  const asked = await shopper.api.askRefund(shopper.token, ask)
  assert.deepEqual([asked.refund_request?.status, asked.refund_request?.amount_fen], ['open', asked.total_fen / 3])
  await assert.rejects(shopper.api.askRefund(shopper.token, ask), refusedWith('refund_request_open'))
  await staff.accept(orderNumber, '抱歉，已退')
  await shop.passTime(120)
  const given = await shopper.show(orderNumber)
  assert.deepEqual(
    [given.refund_request?.status, given.refund_request?.answer, given.refunds[0]?.status, given.refunded_fen],
    ['accepted', '抱歉，已退', 'succeeded', given.total_fen / 3],
  )
  await shopper.api.askRefund(shopper.token, { order_number: orderNumber, reason: '不想要了' })
  await staff.decline(orderNumber, '已经做好了')
  const declined = await shopper.show(orderNumber)
  assert.deepEqual([declined.refund_request?.status, declined.refund_request?.answer], ['declined', '已经做好了'])
  await assert.rejects(staff.accept(orderNumber), { code: 'refund_request_not_found' })
  const stranger = await Shopper.arrive(shop)
  await assert.rejects(stranger.api.askRefund(stranger.token, ask), refusedWith('order_not_found'))
  await endsWell(shop)
})

test('I8: as the application no hand can change the ledger, the payments or the history', async () => {
  const { sql } = shops.v3
  for (const table of [
    'ledger_postings',
    'ledger_entries',
    'payments',
    'order_events',
    'refund_lines',
    'stock_settlements',
  ]) {
    for (const statement of [
      `update ${table} set merchant_id = merchant_id`,
      `delete from ${table}`,
      `truncate ${table} cascade`,
    ]) {
      await assert.rejects(
        sql.begin(async (tx) => {
          await tx.unsafe('set local role fenpay_app')
          await tx.unsafe(statement)
        }),
        { code: '42501' },
        statement,
      )
    }
  }
})

test('P6: what stays unknown for ten minutes is flagged, and the flag settles itself when it is known', async () => {
  const shop = shops.v3
  const { orderNumber } = await paidOrder(shop)
  await shop.wechat.fault('call.system-error', { seconds: 100_000, match: { path: '/v3/refund/domestic/refunds' } })
  await refund(shop, orderNumber)
  const store = createStore(shop.sql, { random: Math.random })
  const look = () => watchOverdue({ store, world: shop.world })
  await shop.passTime(60)
  await look()
  assert.deepEqual(await openFlags(shop, orderNumber), [])
  await shop.passTime(11 * 60)
  await look()
  assert.deepEqual(await openFlags(shop, orderNumber), ['operation_unknown'])
  const [flag] = await shop.sql<{ evidence: { problem?: string } }[]>`
    select evidence from flags where order_number = ${orderNumber} and kind = 'operation_unknown'`
  assert.match(flag?.evidence.problem ?? '', /SYSTEM_ERROR/)
  await shop.wechat.clearFaults()
  await shop.passTime(180)
  await look()
  assert.deepEqual(await openFlags(shop, orderNumber), [])
  await endsWell(shop)
})
