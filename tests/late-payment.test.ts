/** Money that WeChat takes although it should not: it is kept, with the reason, and changes no order. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Shopper, startShop } from './support/shop.ts'

const shop = await startShop({ payApi: 'v2-md5' })
const { api_v2_key } = await shop.wechat.firstMerchant()

/** WeChat's word that an order was paid, signed as v2 signs. */
async function tellPaid(outTradeNo: string, transactionId: string): Promise<number> {
  const order = (await shop.wechat.books()).orders.find((booked) => booked.out_trade_no === outTradeNo)
  const mch_id = shop.config.merchant.merchantId
  const fields: Record<string, string> = {
    appid: shop.config.merchant.apps[0]?.appid ?? '',
    bank_type: 'OTHERS',
    cash_fee: '6560',
    fee_type: 'CNY',
    is_subscribe: 'N',
    mch_id,
    nonce_str: 'late',
    openid: order?.openid ?? '',
    out_trade_no: outTradeNo,
    result_code: 'SUCCESS',
    return_code: 'SUCCESS',
    time_end: '20260501120000',
    total_fee: '6560',
    trade_type: 'JSAPI',
    transaction_id: transactionId,
  }
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')
  const sign = createHash('md5').update(`${text}&key=${api_v2_key}`).digest('hex').toUpperCase()
  const xml = Object.entries({ ...fields, sign })
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')
  const response = await fetch(new URL(`/wechat/notify/v2-md5/${mch_id}`, shop.server.url), {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body: `<xml>${xml}</xml>`,
  })
  return response.status
}

const numberOf = async (orderNumber: string) => {
  const [attempt] = await shop.sql<
    { out_trade_no: string }[]
  >`select out_trade_no from attempts where order_number = ${orderNumber}`
  return attempt?.out_trade_no ?? ''
}

test('F24: a second payment of a paid order is acknowledged, kept in suspense, and told in the order’s events', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  assert.equal(await tellPaid(await numberOf(orderNumber), '4299990000000000000000000001'), 200)
  const payments =
    await shop.sql`select disposition, reason from payments where order_number = ${orderNumber} order by recorded_at`
  assert.deepEqual(
    [...payments],
    [
      { disposition: 'order', reason: null },
      { disposition: 'suspense', reason: 'duplicate_payment' },
    ],
  )
  const order = await shopper.show(orderNumber)
  assert.deepEqual(
    [order.status, ...order.events.slice(-2).map(({ kind }) => kind)],
    ['paid', 'payment_suspended', 'refund_intended'],
  )
})

test('F22: a payment after the close is acknowledged and kept in suspense as late; the order stays closed', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  await shopper.prepay(orderNumber)
  await shop.wechat.advance(31 * 60)
  // WeChat has closed the order by itself, at the expiry that was sent with it.
  await shopper.api.cancelOrder(shopper.token, orderNumber)
  assert.equal((await shopper.show(orderNumber)).status, 'closed')
  assert.equal(await tellPaid(await numberOf(orderNumber), '4299990000000000000000000002'), 200)
  const [payment] = await shop.sql`select disposition, reason from payments where order_number = ${orderNumber}`
  assert.deepEqual(payment, { disposition: 'suspense', reason: 'late_payment' })
  assert.equal((await shopper.show(orderNumber)).status, 'closed')
})
