/** F76: what somebody gives back in the merchant platform is treated here as if it were one of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchantId } = shop.config.merchant

const openFlags = async (orderNumber: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where order_number = ${orderNumber} and resolved_at is null order by kind`
  return rows.map(({ kind }) => kind)
}

/** The merchant platform tells of what is refunded there by the address that is set there. */
async function toldOfPlatformRefunds(): Promise<void> {
  const notify_url = `${shop.server.url}/wechat/notify/v2-md5/${merchantId}`
  await shop.wechat.control(`/_sim/merchants/${merchantId}/refund-settings`, { notify_url })
}

async function numberOf(orderNumber: string): Promise<string> {
  const [row] = await shop.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber}`
  return row?.out_trade_no ?? ''
}

test('F28, F76: a refund made outside that could not be delivered asks for a person as one of ours does', async () => {
  await toldOfPlatformRefunds()
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  await shop.wechat.fault('refund.abnormal', { times: 1 })
  await shop.wechat.control('/_sim/refunds', { out_trade_no: await numberOf(orderNumber), amount: 100 })
  await shop.passTime(120)
  assert.equal((await shopper.show(orderNumber)).refunds[0]?.status, 'abnormal')
  assert.deepEqual(await openFlags(orderNumber), ['external_refund', 'refund_abnormal'])
  await endsWell(shop)
})

test('F22, F76: late money that WeChat would not give back for us, and a person did outside, is over and told', async () => {
  await toldOfPlatformRefunds()
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  await shopper.api.cancelOrder(shopper.token, orderNumber)
  await shop.passTime(6 * 60)
  await shop.wechat.fault('pay.after-close', { times: 1 })
  await shop.wechat.fault('refund.closed', { times: 1 })
  await shopper.pay(pay)
  await shop.passTime(180)
  assert.deepEqual(await openFlags(orderNumber), ['late_payment', 'refund_failed'])
  const out_trade_no = await numberOf(orderNumber)
  const [taken] = await shop.sql<{ amount_fen: number }[]>`
    select amount_fen from payments where out_trade_no = ${out_trade_no}`
  await shop.wechat.control('/_sim/refunds', { out_trade_no, amount: taken?.amount_fen })
  await shop.passTime(180)
  assert.deepEqual(await openFlags(orderNumber), ['external_refund', 'refund_failed'])
  await endsWell(shop)
})

test('F31, F76: a refund made outside beside fifty of ours is flagged, although it can not be recorded', async () => {
  await toldOfPlatformRefunds()
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  const out_trade_no = await numberOf(orderNumber)
  const ofOrder = shop.sql`select transaction_id from payments where out_trade_no = ${out_trade_no}`
  await shop.sql`update payment_balances set refund_count = 50 where transaction_id in (${ofOrder})`
  await shop.wechat.control('/_sim/refunds', { out_trade_no, amount: 100 })
  await shop.passTime(120)
  assert.deepEqual(await openFlags(orderNumber), ['external_refund'])
  // One of the fifty had been closed; WeChat's message comes again.
  await shop.sql`update payment_balances set refund_count = 0 where transaction_id in (${ofOrder})`
  await shop.passTime(60 * 60)
  assert.equal((await shopper.show(orderNumber)).refunded_fen, 100)
  await endsWell(shop)
})

test('F3, F76: a refund made outside that is told of twenty times at once is recorded once, and each message is taken', async () => {
  await toldOfPlatformRefunds()
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  await shop.wechat.fault('notify.duplicate', { times: 1, options: { copies: 20, concurrent: true } })
  await shop.wechat.control('/_sim/refunds', { out_trade_no: await numberOf(orderNumber), amount: 100 })
  await shop.passTime(10)
  const inbox = await shop.sql<{ verdict: string | null }[]>`
    select n.verdict from notify_inbox n join refunds r using (merchant_id, transaction_id)
     where r.order_number = ${orderNumber} and n.received_at > r.created_at - interval '10 seconds'
       and n.pay_api = 'v2-md5' order by n.verdict`
  assert.deepEqual(
    inbox.map(({ verdict }) => verdict),
    ['applied', ...Array<string>(19).fill('repeated')],
  )
  assert.equal((await shopper.show(orderNumber)).refunded_fen, 100)
  assert.deepEqual(await openFlags(orderNumber), ['external_refund'])
  await endsWell(shop)
})
