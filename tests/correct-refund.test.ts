/** A refund that WeChat refused, or closed, and made all the same: staff put it right by WeChat's word (fenpay refund-correct). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fen } from '@fenpay/contract'
import { applyRefund } from '../apps/server/src/commands/apply-refund.ts'
import { askRefundCorrection } from '../apps/server/src/commands/ask-refund-correction.ts'
import { type RefundAsk, refundOrder, refundPayment } from '../apps/server/src/commands/refund-order.ts'
import { settleRefund } from '../apps/server/src/commands/settle-refund.ts'
import { withdrawRefundCorrection } from '../apps/server/src/commands/withdraw-refund-correction.ts'
import type { Refund, RefundEvidence } from '../apps/server/src/domain/refund.ts'
import { createWeChatGateway } from '../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../apps/server/src/storage/store.ts'
import { until } from '../scripts/until.ts'
import { hireOperator, tells } from './cli/operator.ts'
import { endsWell } from './support/ends-well.ts'
import { payLate } from './support/pay-late.ts'
import { Shopper } from './support/shop.ts'
import { startTimedShop, sweeperOf, type TimedShop } from './support/timed-shop.ts'

const shops = { v3: await startTimedShop(), 'v2-md5': await startTimedShop({ payApi: 'v2-md5' }) }
const shop = shops.v3

/** Staff of a shop, and what they see. */
function staffOf(at: TimedShop) {
  const { merchant } = at.config
  const { merchantId } = merchant
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  const calls = { clock: Date.now, baseUrls: [at.wechat.url] }
  const store = createStore(at.sql, { random: Math.random })
  const ports = { store, payment: createWeChatGateway(merchants, calls).payment, world: at.world }
  const find = async (number: string): Promise<Refund> => {
    const refund = await store.reads.findRefund(merchantId, number)
    assert.ok(refund !== undefined)
    return refund
  }
  const keepsSilent = (out_refund_no: string) =>
    at.wechat.fault('notify.drop', { seconds: 86_400, match: { out_refund_no } })
  return {
    merchantId,
    ports,
    find,
    async paidOrder(quantity = 2) {
      const shopper = await Shopper.arrive(at)
      const orderNumber = await shopper.buy('beef-noodles', quantity)
      assert.equal((await shopper.check(orderNumber)).status, 'paid')
      return { shopper, orderNumber }
    },
    refund: (orderNumber: string, ask: Partial<RefundAsk> = {}) =>
      refundOrder(
        ports,
        merchantId,
        orderNumber,
        { reason: '面凉了', ...ask },
        { source: 'staff', actor: 'staff:eve' },
      ),
    ask: (number: string, by = 'staff:eve') => askRefundCorrection(ports, merchantId, number, by),
    /** Refused here, and made at WeChat, which tells nobody unless it is asked. */
    async refusedButMade(orderNumber: string, ask: Partial<RefundAsk> = {}): Promise<string> {
      const { outRefundNo } = await this.refund(orderNumber, ask)
      await at.wechat.fault('refund.refused-but-made', { match: { out_refund_no: outRefundNo } })
      await keepsSilent(outRefundNo)
      await at.passTime(120)
      assert.equal((await find(outRefundNo)).status, 'refused')
      return outRefundNo
    },
    /** Closed here after WeChat had taken it on, and made at WeChat. */
    async closedButMade(orderNumber: string): Promise<string> {
      const { outRefundNo } = await this.refund(orderNumber)
      await keepsSilent(outRefundNo)
      await at.sweeper.sweep()
      const refund = await find(outRefundNo)
      assert.equal(refund.status, 'processing')
      await store.transaction((tx) => applyRefund(tx, at.world, merchantId, wordOn(refund, { state: 'closed' })))
      await at.passTime(120)
      return outRefundNo
    },
    openFlags: async (number: string) => {
      const rows = await at.sql<{ kind: string }[]>`
        select kind from flags where subject_id = ${number} and resolved_at is null order by kind`
      return rows.map(({ kind }) => kind)
    },
    postings: async (number: string) => {
      const rows = await at.sql<{ kind: string }[]>`
        select kind from ledger_postings where source_id = ${number} order by posted_at, kind`
      return rows.map(({ kind }) => kind)
    },
  }
}

/** WeChat's word on a refund of ours. */
function wordOn(refund: Refund, word: Partial<RefundEvidence>): RefundEvidence {
  const { outRefundNo, outTradeNo, transactionId, amountFen, totalFen, refundId = 'none yet' } = refund
  const about = { source: 'query', outRefundNo, outTradeNo, transactionId, amountFen, totalFen, refundId } as const
  return { ...about, state: 'succeeded', successTime: new Date(), ...word }
}

/** Everything of a refund and its payment that a refusal must leave as it is. */
async function everything(number: string): Promise<unknown> {
  const [row] = await shop.sql`
    select r.status, r.accepted_at, r.refund_id, r.next_check_at, r.decided_at, b.reserved_fen, b.refunded_fen, b.refund_count,
           (select count(*) from ledger_postings p where p.source_id = r.out_refund_no) as postings,
           (select count(*) from order_events e where e.order_number = r.order_number) as events,
           (select count(*) from flags f where f.subject_id = r.out_refund_no and f.resolved_at is null) as flags
      from refunds r join payment_balances b using (merchant_id, transaction_id) where r.out_refund_no = ${number}`
  return row
}

for (const payApi of ['v3', 'v2-md5'] as const) {
  const at = shops[payApi]
  const staff = staffOf(at)

  test(`${payApi}: what was refused here and made at WeChat is put right: held, posted, told, and its flags are over (I9, I10)`, async () => {
    const { shopper, orderNumber } = await staff.paidOrder()
    const number = await staff.refusedButMade(orderNumber, { items: [{ sku: 'beef-noodles', quantity: 1 }] })
    const before = await shopper.show(orderNumber)
    assert.deepEqual([before.refunds[0]?.status, before.refundable_fen], ['failed', before.total_fen])
    assert.deepEqual(await staff.openFlags(number), ['refund_failed'])
    const { fenpay, order } = hireOperator(at)
    const asked = await fenpay('refund-correct', number)
    assert.deepEqual([asked.code, asked.err], [0, ''])
    await at.passTime(5)
    const after = await shopper.show(orderNumber)
    assert.deepEqual(
      [after.refunds[0]?.status, after.refunded_fen, after.refundable_fen],
      ['succeeded', after.total_fen / 2, after.total_fen / 2],
    )
    assert.deepEqual(await staff.openFlags(number), [])
    assert.deepEqual(await staff.postings(number), ['refund_accepted', 'refund_succeeded'])
    const { screen, sum } = await order(orderNumber)
    assert.deepEqual([sum.back, sum.left], [3280, 3280])
    tells(screen, 'put right: WeChat made it all the same; by eve (staff): was refused', 'the user has the money')
    const again = await fenpay('refund-correct', number)
    assert.deepEqual([again.code, again.err.split(':')[0]], [1, 'nothing_to_correct'])
    await assert.rejects(staff.refund(orderNumber, { items: [{ sku: 'beef-noodles', quantity: 2 }] }), {
      code: 'refund_item_unavailable',
    })
    await endsWell(at)
  })

  test(`${payApi}: what WeChat had taken on, given up and made all the same goes from what was returned to the user (I8, I9)`, async () => {
    const { shopper, orderNumber } = await staff.paidOrder()
    const number = await staff.closedButMade(orderNumber)
    assert.equal((await staff.ask(number)).outcome, 'asked')
    await at.passTime(5)
    const order = await shopper.show(orderNumber)
    assert.deepEqual([order.refunds[0]?.status, order.refunded_fen], ['succeeded', order.total_fen])
    assert.deepEqual(await staff.postings(number), ['refund_accepted', 'refund_returned', 'refund_corrected'])
    assert.equal((await hireOperator(at).order(orderNumber)).sum.back, order.total_fen)
    await endsWell(at)
  })
}

const staff = staffOf(shop)

test('what WeChat is still giving back goes on as any other, until it has a result', async () => {
  const settings = `/_sim/merchants/${staff.merchantId}/refund-settings`
  await shop.wechat.control(settings, { arrives_after_seconds: 600 })
  const { shopper, orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'processing')
  assert.deepEqual(await staff.postings(number), ['refund_accepted'])
  assert.deepEqual(await staff.openFlags(number), [])
  await shop.passTime(1800)
  await shop.wechat.control(settings, { arrives_after_seconds: 3 })
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
  await endsWell(shop)
})

test('what WeChat made and could not deliver asks for a person (F28)', async () => {
  const { orderNumber } = await staff.paidOrder()
  await shop.wechat.fault('refund.abnormal')
  const number = await staff.refusedButMade(orderNumber)
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.equal((await staff.find(number)).status, 'abnormal')
  assert.deepEqual(await staff.openFlags(number), ['refund_abnormal'])
  await endsWell(shop)
})

test('a contradiction that WeChat’s notification has shown is over with the correction', async () => {
  const { orderNumber } = await staff.paidOrder()
  await shop.wechat.fault('refund.refused-but-made')
  const { outRefundNo: number } = await staff.refund(orderNumber)
  await shop.passTime(60)
  assert.deepEqual(await staff.openFlags(number), ['refund_contradiction', 'refund_failed'])
  const { out } = await hireOperator(shop).fenpay('flags')
  assert.match(out.replace(/\n +/g, ' '), /here refused, ¥65\.60 of \d+, wechat succeeded, ¥65\.60 of \d+, refund id/)
  assert.doesNotMatch(out, /\bfen\b/)
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.deepEqual(await staff.openFlags(number), [])
  const settled = await shop.sql<{ resolved_by: string }[]>`
    select distinct resolved_by from flags where subject_id = ${number}`
  assert.deepEqual(
    settled.map(({ resolved_by }) => resolved_by),
    ['staff:eve'],
  )
  await endsWell(shop)
})

test('money in suspense that went back all the same ends its flag', async () => {
  const orderNumber = await payLate(shop, 'refund.refused-but-made')
  await shop.passTime(120)
  const [late] = await shop.sql<{ transaction_id: string; out_refund_no: string }[]>`
    select transaction_id, out_refund_no from refunds where order_number = ${orderNumber}`
  assert.ok(late)
  assert.deepEqual(await staff.openFlags(late.transaction_id), ['late_payment'])
  await staff.ask(late.out_refund_no)
  await shop.sweeper.sweep()
  assert.deepEqual(await staff.openFlags(late.transaction_id), [])
  assert.equal((await staff.find(late.out_refund_no)).status, 'succeeded')
  const again = refundPayment(
    staff.ports,
    staff.merchantId,
    late.transaction_id,
    { reason: '再退' },
    { actor: 'staff:eve' },
  )
  await assert.rejects(again, { code: 'refund_exceeds_payment' })
  await endsWell(shop)
})

test('your systems are told that it has succeeded, after they were told that it failed', async () => {
  const merchantId = staff.merchantId
  await shop.sql`
    insert into webhook_endpoints (merchant_id, endpoint_id, url, events, sealed_secrets, status, created_at)
    values (${merchantId}, 'E', 'https://hooks.example.com', ${['refund.failed', 'refund.succeeded']}, '', 'enabled', now())`
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  await staff.ask(number)
  await shop.sweeper.sweep()
  const told = await shop.sql<{ type: string }[]>`
    select payload -> 'body' ->> 'type' as type from outbox where kind = 'webhook' and once_key like ${`%${number}`}
     order by created_at`
  assert.deepEqual(
    told.map(({ type }) => type),
    ['refund.failed', 'refund.succeeded'],
  )
  await shop.sql`update webhook_endpoints set status = 'removed' where endpoint_id = 'E'`
  await endsWell(shop)
})

test('pieces that another refund has by now stay with that one, and the money is told all the same (I10)', async () => {
  const shopper = await Shopper.arrive(shop)
  const bought = [
    { sku: 'beef-noodles', quantity: 1 },
    { sku: 'wonton-soup', quantity: 2 },
  ]
  const { order_number: orderNumber } = await shopper.api.submitOrder(shopper.token, { items: bought })
  await shopper.pay(await shopper.prepay(orderNumber))
  const { total_fen } = await shopper.check(orderNumber)
  const items = [{ sku: 'beef-noodles', quantity: 1 }]
  const number = await staff.refusedButMade(orderNumber, { items })
  await staff.refund(orderNumber, { items })
  await shop.passTime(120)
  await staff.ask(number)
  await shop.sweeper.sweep()
  const order = await shopper.show(orderNumber)
  assert.deepEqual(
    order.refunds.map(({ status, amount_fen }) => [status, amount_fen]),
    Array(2).fill(['succeeded', 3280]),
  )
  assert.deepEqual([order.refunded_fen, order.refundable_fen], [6560, total_fen - 6560])
  await endsWell(shop)
})

test('without a usable answer WeChat is asked again, and the first who asked is named (F12)', async () => {
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  await shop.wechat.fault('call.system-error', { times: 3, match: { path: `/refunds/${number}` } })
  await staff.ask(number, 'staff:eve')
  await shop.sweeper.sweep()
  await staff.ask(number, 'staff:mallory')
  const waiting = await staff.find(number)
  assert.deepEqual([waiting.status, waiting.correctionBy], ['refused', 'staff:eve'])
  // Sooner than the lease of whoever asked would end.
  await shop.passTime(40)
  assert.equal((await staff.find(number)).status, 'succeeded')
  const [event] = await shop.sql`
    select actor from order_events where order_number = ${orderNumber} and kind = 'refund_corrected'`
  assert.equal(event?.['actor'], 'staff:eve')
  await endsWell(shop)
})

test('a wish that WeChat gives no answer to is withdrawn: it is asked no longer, and who asked reads who took it back', async () => {
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  await shop.wechat.fault('call.system-error', { seconds: 86_400, match: { path: `/refunds/${number}` } })
  const eve = hireOperator(shop, { patienceMs: 20_000 })
  const { fenpay } = hireOperator(shop)
  const waiting = eve.fenpay('refund-correct', number, '--by', 'eve')
  await until('somebody wants it put right', async () => (await staff.find(number)).correctionBy !== undefined)
  await shop.sweeper.sweep()
  const before = await everything(number)
  const withdrawn = await fenpay('refund-correct', number, '--withdraw', '--by', 'bob')
  assert.deepEqual([withdrawn.code, withdrawn.err], [0, ''])
  assert.match(withdrawn.out, /^Refund \w+ over ¥65\.60 stays refused; WeChat is asked about it no longer\.\n$/)
  const told = await waiting
  assert.equal(told.code, 1)
  assert.match(told.err, /^correction_withdrawn: Asked for by staff:eve, taken back by staff:bob\.\n {2}What to do: /)
  assert.deepEqual(await everything(number), { ...(before as object), next_check_at: null })
  await shop.wechat.clearFaults()
  await shop.passTime(120)
  assert.equal((await staff.find(number)).status, 'refused')
  const again = await fenpay('refund-correct', number, '--withdraw')
  assert.deepEqual([again.code, again.err.split(':')[0]], [1, 'correction_not_asked'])
  assert.match((await fenpay('refund-correct', 'NOSUCH', '--withdraw')).err, /^refund_not_found: /)
  // It can be wanted again.
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.equal((await staff.find(number)).status, 'succeeded')
  assert.match((await fenpay('refund-correct', number, '--withdraw')).err, /^correction_not_asked: .* succeeded\./)
  await endsWell(shop)
})

test('a wish that is withdrawn while WeChat is being asked is followed no more', async () => {
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  await staff.ask(number)
  const wished = await staff.find(number)
  await withdrawRefundCorrection(staff.ports, staff.merchantId, number, 'staff:eve')
  await settleRefund(staff.ports, wished)
  assert.equal((await staff.find(number)).status, 'refused')
  assert.deepEqual(await staff.openFlags(number), ['refund_failed'])
  await endsWell(shop)
})

test('while other refunds hold its money it is refused; once WeChat has refused those, it is put right (I10)', async () => {
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  const { outRefundNo: anew } = await staff.refund(orderNumber)
  const before = await everything(number)
  await staff.ask(number)
  const wished = await staff.find(number)
  await settleRefund(staff.ports, wished)
  const { correctionRefusal } = await staff.find(number)
  assert.equal(correctionRefusal?.code, 'refund_no_room')
  assert.match(correctionRefusal.message, /1 other refund of payment \d+ holds ¥65\.60 of its ¥65\.60, .* ¥65\.60/)
  assert.deepEqual(await everything(number), before)
  await shop.passTime(60)
  assert.equal((await staff.find(anew)).status, 'refused')
  // A server that comes late with a wish that is over follows it no more.
  await settleRefund(staff.ports, wished)
  assert.equal((await staff.find(number)).status, 'refused')
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.equal((await staff.find(number)).status, 'succeeded')
  await endsWell(shop)
})

test('one that would be the fifty-first is refused, as WeChat has fifty at most (F31)', async () => {
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  const ofRefund = shop.sql`select transaction_id from refunds where out_refund_no = ${number}`
  await shop.sql`update payment_balances set refund_count = 50 where transaction_id in (${ofRefund})`
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.equal((await staff.find(number)).correctionRefusal?.code, 'refund_no_room')
  await shop.sql`update payment_balances set refund_count = 0 where transaction_id in (${ofRefund})`
  await endsWell(shop)
})

/** Cases in which WeChat's word does not allow it, each with how the refund comes there. */
const refused: [why: string, code: string, prepare: (orderNumber: string) => Promise<string>][] = [
  [
    'WeChat does not know it',
    'nothing_to_correct',
    async (orderNumber) => {
      const [attempt] = await shop.sql<{ out_trade_no: string }[]>`
        select out_trade_no from attempts where order_number = ${orderNumber}`
      await shop.wechat.control('/_sim/refunds', { out_trade_no: attempt?.out_trade_no })
      const { outRefundNo } = await staff.refund(orderNumber)
      await shop.passTime(60)
      return outRefundNo
    },
  ],
  [
    'WeChat has closed it',
    'nothing_to_correct',
    async (orderNumber) => {
      await shop.wechat.fault('refund.closed')
      return staff.refusedButMade(orderNumber)
    },
  ],
  [
    'WeChat has another amount under its number',
    'refund_differs',
    async (orderNumber) => {
      const refund = await staff.refund(orderNumber)
      await staff.ports.payment.refund({ ...refund, amountFen: fen(100), notifyUrl: undefined })
      await shop.passTime(60)
      return refund.outRefundNo
    },
  ],
  [
    'WeChat has another payment under its number',
    'refund_differs',
    async (orderNumber) => {
      const other = await staff.paidOrder()
      const [payment] = await shop.sql<{ transaction_id: string; out_trade_no: string }[]>`
        select transaction_id, out_trade_no from payments where order_number = ${other.orderNumber}`
      assert.ok(payment)
      const refund = await staff.refund(orderNumber)
      const elsewhere = { transactionId: payment.transaction_id, outTradeNo: payment.out_trade_no }
      await staff.ports.payment.refund({ ...refund, ...elsewhere, notifyUrl: undefined })
      await shop.passTime(60)
      return refund.outRefundNo
    },
  ],
  [
    'WeChat has another refund_id for it',
    'refund_differs',
    async (orderNumber) => {
      const number = await staff.refusedButMade(orderNumber)
      await shop.sql`update refunds set refund_id = '5000' where out_refund_no = ${number}`
      return number
    },
  ],
]

for (const [why, code, prepare] of refused)
  test(`where ${why}, it is refused with ${code} and changes nothing`, async () => {
    const { orderNumber } = await staff.paidOrder()
    const number = await prepare(orderNumber)
    assert.equal((await staff.find(number)).status, 'refused')
    const before = await everything(number)
    const { fenpay } = hireOperator(shop, { patienceMs: 20_000 })
    const [told] = await Promise.all([fenpay('refund-correct', number), sweepUntilAnswered(number)])
    assert.deepEqual([told.code, told.err.split(':')[0]], [1, code])
    assert.match(told.err, /\n {2}What to do: .+\n$/)
    assert.deepEqual(await everything(number), before)
    await endsWell(shop)
  })

/** What a running server does, until the wish is over. */
async function sweepUntilAnswered(number: string): Promise<void> {
  await until('somebody wants it put right', async () => (await staff.find(number)).correctionBy !== undefined)
  await shop.sweeper.sweep()
}

test('what WeChat gave up and is giving all the same is put right only when the user has it', async () => {
  const settings = `/_sim/merchants/${staff.merchantId}/refund-settings`
  await shop.wechat.control(settings, { arrives_after_seconds: 600 })
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.closedButMade(orderNumber)
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.equal((await staff.find(number)).correctionRefusal?.code, 'nothing_to_correct')
  await shop.passTime(600)
  await shop.wechat.control(settings, { arrives_after_seconds: 3 })
  await staff.ask(number)
  await shop.sweeper.sweep()
  assert.equal((await staff.find(number)).status, 'succeeded')
  await endsWell(shop)
})

test('a refund that has not failed is refused before WeChat is asked, and an unknown number too', async () => {
  const { orderNumber } = await staff.paidOrder()
  const { outRefundNo } = await staff.refund(orderNumber)
  const refusedCode = async (number: string) => {
    const asked = await staff.ask(number)
    return asked.outcome === 'refused' ? asked.code : asked.outcome
  }
  assert.equal(await refusedCode('NOSUCH'), 'refund_not_found')
  assert.equal(await refusedCode(outRefundNo), 'nothing_to_correct')
  await shop.passTime(60)
  assert.equal(await refusedCode(outRefundNo), 'nothing_to_correct')
  await endsWell(shop)
})

test('the database lets no failed refund move whom nobody wants put right, nor by another edge (I10)', async () => {
  const { orderNumber } = await staff.paidOrder()
  const number = await staff.refusedButMade(orderNumber)
  const move = (status: string) => shop.sql`
    update refunds set status = ${status}, correction_by = null, next_check_at = now(), decided_at = null,
                       refund_id = 'r', accepted_at = now() where out_refund_no = ${number}`
  await assert.rejects(move('processing'), { constraint_name: 'refund_edges' })
  await staff.ask(number)
  for (const status of ['unknown', 'closed', 'settled'])
    await assert.rejects(move(status), { constraint_name: 'refund_edges' })
  await shop.sweeper.sweep()
  await endsWell(shop)
})

test('six people at once, two servers and WeChat’s own notification put it right once (I9, I25)', async () => {
  const { shopper, orderNumber } = await staff.paidOrder()
  await shop.wechat.fault('refund.refused-but-made')
  const { outRefundNo: number } = await staff.refund(orderNumber)
  await shop.sweeper.sweep()
  assert.equal((await staff.find(number)).status, 'refused')
  await shop.wechat.fault('notify.duplicate', { times: 1, options: { copies: 5 }, match: { about: 'refund' } })
  const people = Array.from({ length: 6 }, (_, index) => staff.ask(number, `staff:${index}`))
  const servers = Array.from({ length: 4 }, () => sweeperOf(shop, shop.world).sweep())
  await Promise.all([shop.skip(30), ...people, ...servers])
  const refund = await staff.find(number)
  await Promise.all(Array.from({ length: 4 }, () => settleRefund(staff.ports, refund)))
  await shop.passTime(30)
  await staff.ask(number)
  await shop.passTime(30)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'succeeded')
  assert.deepEqual(await staff.postings(number), ['refund_accepted', 'refund_succeeded'])
  const events = await shop.sql`
    select seq from order_events where order_number = ${orderNumber} and kind = 'refund_corrected'`
  assert.equal(events.length, 1)
  assert.deepEqual(await staff.openFlags(number), [])
  await endsWell(shop)
})
