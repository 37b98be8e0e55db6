/** What WeChat tells us, or somebody in its name: in any order, about other amounts and numbers, forged and repeated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../scripts/until.ts'
import { signedXml } from '../bad-input/support/v2-message.ts'
import { endsWell } from '../support/ends-well.ts'
import { heldFetch } from '../support/held-fetch.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

for (const payApi of ['v3', 'v2-hmac-sha256'] as const) {
  const held = heldFetch()
  const shop = await startTimedShop({ payApi, http: { fetch: held.fetch } })
  const { merchantId } = shop.config.merchant
  /** Transactions that WeChat's books do not have. */
  const invented: string[] = []
  const attemptOf = async (orderNumber: string) => {
    const [attempt] = await shop.sql<{ out_trade_no: string; openid: string; total_fen: number }[]>`
      select out_trade_no, openid, total_fen from attempts where order_number = ${orderNumber}`
    return attempt ?? { out_trade_no: '', openid: '', total_fen: 0 }
  }
  const verdicts = (outTradeNo: string) =>
    shop.sql<{ verdict: string; reason: string | null }[]>`
      select verdict, reason from notify_inbox where out_trade_no = ${outTradeNo} and verdict is not null
       order by received_at`
  const openFlags = async (subjects: string[]) => {
    const flags = await shop.sql<{ kind: string }[]>`
      select distinct kind from flags where resolved_at is null
         and (subject_id = any(${subjects}) or order_number = any(${subjects})) order by kind`
    return flags.map(({ kind }) => kind)
  }
  const deliveriesOf = async (outTradeNo: string) => {
    const { notifications } = await shop.wechat.control<{
      notifications: { deliveries: { outcome: string; status?: number }[] }[]
    }>(`/_sim/books?out_trade_no=${outTradeNo}`)
    return notifications.flatMap(({ deliveries }) => deliveries)
  }
  /** A payment whose first notification is shaped by a fault; WeChat's answer to it is in its books. */
  const buyUnder = async (fault: string, options: Record<string, unknown> = {}) => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order('tea-egg', 1)
    const pay = await shopper.prepay(orderNumber)
    const { out_trade_no } = await attemptOf(orderNumber)
    await shop.wechat.fault(fault, { times: 1, options, match: { out_trade_no } })
    assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
    await until('it is delivered', async () => (await deliveriesOf(out_trade_no)).length > 0)
    return { shopper, orderNumber, out_trade_no }
  }

  test(`${payApi}: F4, payment, refund and query end in the same state, whichever of them comes first`, async () => {
    const notify_url = `${shop.server.url}/wechat/notify/v2-md5/${merchantId}`
    await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { notify_url })
    const facts = ['payment', 'refund', 'query'] as const
    const orders = facts.flatMap((first) =>
      facts
        .filter((fact) => fact !== first)
        .map((second) => [first, second, facts.find((f) => f !== first && f !== second)]),
    )
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const played = await Promise.all(
      orders.map(async (order) => {
        const shopper = await Shopper.arrive(shop)
        const orderNumber = await shopper.buy('tea-egg', 1)
        const { out_trade_no } = await attemptOf(orderNumber)
        const refund = await shop.wechat.control<{ out_refund_no: string }>('/_sim/refunds', {
          out_trade_no,
          amount: 100,
        })
        return { order, shopper, orderNumber, out_trade_no, out_refund_no: refund.out_refund_no }
      }),
    )
    await shop.wechat.advance(120)
    await shop.wechat.clearFaults()
    for (const { order, shopper, orderNumber, out_trade_no, out_refund_no } of played) {
      const tell = {
        payment: () => shop.wechat.control('/_sim/notify/resend', { out_trade_no }),
        refund: () => shop.wechat.control('/_sim/notify/resend', { out_trade_no, out_refund_no }),
        query: () => shopper.check(orderNumber),
      }
      for (const fact of order) if (fact !== undefined) await tell[fact]()
      const { status, refunded_fen, refunds } = await shopper.show(orderNumber)
      assert.deepEqual(
        [
          status,
          refunded_fen,
          refunds.map((refund) => [refund.status, refund.amount_fen]),
          await openFlags([orderNumber]),
        ],
        ['paid', 100, [['succeeded', 100]], ['external_refund']],
        order.join(', '),
      )
    }
    await endsWell(shop)
  })

  test(`${payApi}: F5, a genuine message with another amount pays nothing; WeChat is asked, and what it says does`, async () => {
    const { shopper, orderNumber, out_trade_no } = await buyUnder('notify.amount', { total: 1 })
    assert.deepEqual([...(await verdicts(out_trade_no))], [{ verdict: 'refused', reason: 'amount_mismatch' }])
    const order = await shopper.show(orderNumber)
    assert.deepEqual([order.status, order.events.at(-1)?.cause], ['paid', 'query'])
    await shop.passTime(60)
    assert.deepEqual((await verdicts(out_trade_no)).map(({ verdict }) => verdict).slice(1), ['repeated'])
    await endsWell(shop)
  })

  test(`${payApi}: F6, genuine money for a number that is none of ours is acknowledged, in suspense and flagged`, async () => {
    const { shopper, orderNumber, out_trade_no } = await buyUnder('notify.unknown-order')
    const [suspended, ...more] = await shop.sql<{ transaction_id: string; out_trade_no: string; amount_fen: number }[]>`
      select transaction_id, out_trade_no, amount_fen from payments where reason = 'unknown_order'`
    assert.ok(suspended !== undefined && more.length === 0)
    assert.equal(suspended.amount_fen, (await attemptOf(orderNumber)).total_fen)
    assert.deepEqual([...(await verdicts(suspended.out_trade_no))], [{ verdict: 'suspended', reason: 'unknown_order' }])
    const [delivery] = await deliveriesOf(out_trade_no)
    assert.equal(delivery?.status, payApi === 'v3' ? 204 : 200)
    assert.deepEqual(await openFlags([suspended.transaction_id]), ['unknown_order'])
    const [ledger] = await shop.sql<{ fen: number }[]>`
      select sum(balance_fen)::bigint as fen from ledger_balances where account = 'suspense'`
    assert.equal(ledger?.fen, -suspended.amount_fen)
    await shop.passTime(60)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    await endsWell(shop, [suspended.transaction_id])
    invented.push(suspended.transaction_id)
  })

  test(`${payApi}: F9, a forged message is answered 401 and leaves its reason and nothing else; the genuine one pays`, async () => {
    const before = await shop.sql`select from notify_inbox`
    const { shopper, orderNumber, out_trade_no } = await buyUnder('notify.forged')
    const [delivery] = await deliveriesOf(out_trade_no)
    assert.equal(delivery?.status, 401)
    const kept = await shop.sql<{ verdict: string; reason: string }[]>`
      select verdict, reason from notify_inbox order by received_at offset ${before.length}`
    assert.equal(kept[0]?.verdict, 'refused')
    assert.match(kept[0]?.reason ?? '', /bad_signature|unknown_serial/)
    assert.equal((await shopper.show(orderNumber)).status, 'pending')
    await shop.passTime(60)
    assert.equal((await shopper.show(orderNumber)).status, 'paid')
    await endsWell(shop, invented)
  })

  test(`${payApi}: F43, F3, when our answer is lost WeChat tells it again and again, and nothing happens twice`, async () => {
    const { shopper, orderNumber, out_trade_no } = await buyUnder('notify.answer-lost')
    await shop.wechat.fault('notify.answer-lost', { times: 2, match: { out_trade_no } })
    await shop.wechat.fault('notify.duplicate', { times: 1, match: { out_trade_no }, options: { copies: 20 } })
    await shop.passTime(120)
    const known = (await verdicts(out_trade_no)).map(({ verdict }) => verdict)
    assert.ok(known.length >= 23, known.join(', '))
    assert.deepEqual([known[0], new Set(known.slice(1))], ['applied', new Set(['repeated'])])
    const { events } = await shopper.show(orderNumber)
    assert.equal(events.filter(({ kind }) => kind === 'paid').length, 1)
    const postings = await shop.sql`select from ledger_postings where order_number = ${orderNumber}`
    assert.equal(postings.length, 1)
    await endsWell(shop, invented)
  })

  if (payApi === 'v3') {
    test("v3: F7, WeChat's probe is refused with 401 and changes nothing, and the genuine message pays", async () => {
      const { shopper, orderNumber, out_trade_no } = await buyUnder('notify.sign-probe')
      assert.equal((await deliveriesOf(out_trade_no))[0]?.status, 401)
      assert.equal((await shopper.show(orderNumber)).status, 'pending')
      await shop.wechat.advance(15)
      await until('the genuine one pays', async () => (await shopper.show(orderNumber)).status === 'paid')
      assert.equal((await shopper.show(orderNumber)).events.at(-1)?.cause, 'notify')
      await endsWell(shop, invented)
    })
  } else {
    test(`${payApi}: F5, money that WeChat really took in another amount is in suspense and flagged, and pays no order`, async () => {
      const shopper = await Shopper.arrive(shop)
      const orderNumber = await shopper.order('tea-egg', 1)
      await shopper.prepay(orderNumber)
      const { out_trade_no, openid } = await attemptOf(orderNumber)
      const transactionId = '4299990000000000000000000005'
      const { api_v2_key } = await shop.wechat.firstMerchant()
      const taken = (more: readonly [string, string][]) =>
        signedXml(
          [
            ['return_code', 'SUCCESS'],
            ['result_code', 'SUCCESS'],
            ['appid', shop.config.merchant.apps[0]?.appid ?? ''],
            ['mch_id', merchantId],
            ['nonce_str', 'another'],
            ['openid', openid],
            ['trade_type', 'JSAPI'],
            ['bank_type', 'OTHERS'],
            ['total_fee', '1'],
            ['cash_fee', '1'],
            ['fee_type', 'CNY'],
            ['transaction_id', transactionId],
            ['out_trade_no', out_trade_no],
            ['time_end', '20260501120000'],
            ...more,
          ],
          api_v2_key,
          'HMAC-SHA256',
        )
      held.replace('/pay/orderquery', new Response(taken([['trade_state', 'SUCCESS']])))
      const response = await fetch(new URL(`/wechat/notify/${payApi}/${merchantId}`, shop.server.url), {
        method: 'POST',
        headers: { 'content-type': 'text/xml' },
        body: taken([]),
      })
      assert.equal(response.status, 200)
      assert.notEqual((await shopper.show(orderNumber)).status, 'paid')
      const [kept] = await shop.sql`
        select amount_fen, disposition, reason from payments where transaction_id = ${transactionId}`
      assert.deepEqual(kept, { amount_fen: 1, disposition: 'suspense', reason: 'amount_mismatch' })
      assert.deepEqual(await openFlags([transactionId]), ['amount_mismatch'])
      await endsWell(shop, [...invented, transactionId])
    })
  }
}
