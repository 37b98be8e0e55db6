/** Payment notifications that are lost, late, repeated, forged or about something else; on all three protocols. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../scripts/until.ts'
import { type Shop, Shopper, startShop } from './support/shop.ts'

interface InboxRow {
  verdict: string
  reason: string | null
  out_trade_no: string | null
}

const inbox = (shop: Shop) =>
  shop.sql<InboxRow[]>`select verdict, reason, out_trade_no from notify_inbox order by received_at`

/** Buys with a fault in place, and waits until the message it shapes has been judged. */
async function buyUnder(shop: Shop, fault: string, options: Record<string, unknown> = {}) {
  const seen = (await inbox(shop)).length
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  await shop.wechat.fault(fault, { times: 1, options })
  assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
  await until(
    'the message is judged',
    async () => (await inbox(shop)).filter((row) => row.verdict !== null).length > seen,
  )
  const judged = (await inbox(shop)).slice(seen).filter((row) => row.verdict !== null)
  return { shopper, orderNumber, judged }
}

for (const payApi of ['v3', 'v2-md5', 'v2-hmac-sha256'] as const) {
  const shop = await startShop({ payApi })

  test(`${payApi}: the notification alone makes the order paid`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.buy()
    await until('the notification is applied', async () => (await shopper.show(orderNumber)).status === 'paid')
    const { events } = await shopper.show(orderNumber)
    assert.deepEqual([events.at(-1)?.kind, events.at(-1)?.cause], ['paid', 'notify'])
  })

  test(`${payApi}: F1, with every notification lost, chkOrder still finds the order paid`, async () => {
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.buy()
    assert.equal((await shopper.show(orderNumber)).status, 'pending')
    const order = await shopper.check(orderNumber)
    assert.deepEqual([order.status, order.events.at(-1)?.cause], ['paid', 'query'])
    await shop.wechat.clearFaults()
  })

  test(`${payApi}: F3, twenty notifications at once have one effect, and all are acknowledged`, async () => {
    const { orderNumber, judged: first } = await buyUnder(shop, 'notify.duplicate', { copies: 20, concurrent: true })
    const outTradeNo = first[0]?.out_trade_no
    const judged = () =>
      shop.sql<
        { verdict: string }[]
      >`select verdict from notify_inbox where out_trade_no = ${outTradeNo ?? ''} and verdict is not null`
    await until('all twenty are judged', async () => (await judged()).length === 20)
    const verdicts = (await judged()).map((row) => row.verdict).sort()
    assert.deepEqual(verdicts, ['applied', ...Array<string>(19).fill('repeated')])
    const paid = await shop.sql`select 1 from order_events where order_number = ${orderNumber} and kind = 'paid'`
    assert.equal(paid.length, 1)
    const settled = await shop.sql`select 1 from stock_settlements where order_number = ${orderNumber}`
    assert.equal(settled.length, 1)
  })

  test(`${payApi}: F9, a message signed with another key has no effect, and why is on record`, async () => {
    const { shopper, orderNumber, judged } = await buyUnder(shop, 'notify.forged')
    assert.equal(judged[0]?.verdict, 'refused')
    assert.match(judged[0]?.reason ?? '', /bad_signature|unknown_serial/)
    assert.equal((await shopper.show(orderNumber)).status, 'pending')
    assert.equal((await shopper.check(orderNumber)).status, 'paid')
  })

  test(`${payApi}: F5, a message with another amount does not pay; what the query says does`, async () => {
    const { orderNumber, judged } = await buyUnder(shop, 'notify.amount', { total: 1 })
    assert.deepEqual([judged[0]?.verdict, judged[0]?.reason], ['refused', 'amount_mismatch'])
    const [payment] =
      await shop.sql`select amount_fen, source, disposition from payments where order_number = ${orderNumber}`
    assert.deepEqual(payment, { amount_fen: 6560, source: 'query', disposition: 'order' })
  })

  test(`${payApi}: A25, a message about another merchant's money has no effect, and why is on record`, async () => {
    const { shopper, orderNumber, judged } = await buyUnder(shop, 'notify.wrong-merchant', { signed_by: 'own' })
    assert.deepEqual([judged[0]?.verdict, judged[0]?.reason], ['refused', 'identity_mismatch'])
    assert.equal((await shopper.show(orderNumber)).status, 'pending')
  })

  test(`${payApi}: F6, money for an order we do not know waits in suspense, with the reason`, async () => {
    const { judged } = await buyUnder(shop, 'notify.unknown-order')
    assert.deepEqual([judged[0]?.verdict, judged[0]?.reason], ['suspended', 'unknown_order'])
    const [payment] = await shop.sql`select reason from payments where out_trade_no = ${judged[0]?.out_trade_no ?? ''}`
    assert.deepEqual(payment, { reason: 'unknown_order' })
  })

  test(`${payApi}: F43, when our answer is lost WeChat tells it again, and nothing happens twice`, async () => {
    const { judged } = await buyUnder(shop, 'notify.answer-lost')
    assert.equal(judged[0]?.verdict, 'applied')
    await shop.wechat.advance(15)
    const number = judged[0]?.out_trade_no
    const again = async () => (await inbox(shop)).filter((row) => row.out_trade_no === number).map((row) => row.verdict)
    await until('it came again', async () => (await again()).includes('repeated'))
    assert.deepEqual(await again(), ['applied', 'repeated'])
  })
}

const shop = await startShop()

test('v3: F75, A24, a message replayed after six minutes is refused by its timestamp, and has no effect', async () => {
  const { shopper, orderNumber, judged } = await buyUnder(shop, 'notify.stale', { seconds: 360 })
  assert.deepEqual([judged[0]?.verdict, judged[0]?.reason], ['refused', 'clock_skew'])
  assert.equal((await shopper.show(orderNumber)).status, 'pending')
})

test("v3: F7, WeChat's probe with a wrong signature is refused like any other; the genuine one then pays", async () => {
  const { shopper, orderNumber, judged } = await buyUnder(shop, 'notify.sign-probe')
  assert.equal(judged[0]?.verdict, 'refused')
  assert.equal((await shopper.show(orderNumber)).status, 'pending')
  await shop.wechat.advance(15)
  await until('the genuine one came', async () => (await shopper.show(orderNumber)).status === 'paid')
})
