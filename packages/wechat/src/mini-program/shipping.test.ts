import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type ApiAnswer, startTokenHost } from '../../test/token-host.ts'
import { fitItemDesc, type ShippingInfo, type ShippingOrder } from '../index.ts'

const appid = 'wx4f4bc4dec97d474b'
const openid = 'oGZUI0egBJY1zhBYw2KhdUfwVJJE'
const transaction_id = '4200000001202408051234567890'
const info: ShippingInfo = {
  order_key: { order_number_type: 1, mchid: '1900007291', out_trade_no: '20240805170021a7f3' },
  logistics_type: 1,
  delivery_mode: 1,
  shipping_list: [
    {
      tracking_no: '323244567777',
      express_company: 'SF',
      item_desc: '牛肉面*1 🍜 "大"',
      contact: { receiver_contact: '189****1234' },
    },
  ],
  upload_time: '2024-08-05T17:00:21.120+08:00',
  payer: { openid },
}
const [entry] = info.shipping_list
assert(entry !== undefined)

const start = (t: TestContext, ...answers: ApiAnswer[]) => startTokenHost(t, appid, ...answers)
const ok = { errcode: 0, errmsg: 'ok' }
const breakOff = (response: ServerResponse) => void response.destroy()

test('An upload sends the documented fields alone, numbers as numbers and Chinese as it is', async (t) => {
  const { client, requests } = await start(t, ok)
  const extra = { ...info, note: 'x', shipping_list: [{ ...entry, goods: 1 }] }
  assert.equal(await client.uploadShippingInfo(extra), 'uploaded')
  assert.equal(requests[0]?.url, '/wxa/sec/order/upload_shipping_info?access_token=T1')
  assert.equal(requests[0]?.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), info)
  assert.match(requests[0]?.body ?? '', /"item_desc":"牛肉面\*1 🍜 \\"大\\""/)
  assert.doesNotMatch(requests[0]?.body ?? '', /\\u/)
})

test('An upload may be split over parcels, by express, and name the order by its transaction_id', async (t) => {
  const { client, requests } = await start(t, ok)
  const order_key = { order_number_type: 2, transaction_id } as const
  const shipping_list = Array.from({ length: 15 }, (_, index) => ({ ...entry, tracking_no: `N${index}` }))
  const split = { ...info, order_key, delivery_mode: 2, is_all_delivered: false, shipping_list } as const
  await client.uploadShippingInfo(split)
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), split)
  const pickup = { ...info, logistics_type: 4, shipping_list: [{ item_desc: 'noodles*1' }] } as const
  await client.uploadShippingInfo(pickup)
  assert.deepEqual(JSON.parse(requests[1]?.body ?? ''), pickup)
})

const change = (fields: object) => ({ ...info, ...fields })
const inEntry = (fields: object) => change({ shipping_list: [{ ...entry, ...fields }] })
const contact = (receiver_contact: unknown) => inEntry({ contact: { receiver_contact } })
const split = { delivery_mode: 2, is_all_delivered: true }
const mistakes: Array<[what: string, info: object]> = [
  ['delivery_mode as text (47001)', change({ delivery_mode: 'UNIFIED_DELIVERY' })],
  ['delivery_mode as digits (47001)', change({ delivery_mode: '1' })],
  ['logistics_type as digits (47001)', change({ logistics_type: '1' })],
  ['logistics_type 5', change({ logistics_type: 5 })],
  ['order_number_type as digits', change({ order_key: { ...info.order_key, order_number_type: '1' } })],
  ['no order_key', change({ order_key: undefined })],
  ['the names of get_order', change({ order_key: { order_number_type: 1, merchant_id: '1900007291' } })],
  ['no transaction_id', change({ order_key: { order_number_type: 2 } })],
  ['a list that is none (47001)', change({ shipping_list: entry })],
  ['no entry', change({ shipping_list: [] })],
  ['two entries at once (268485228)', change({ shipping_list: [entry, entry] })],
  ['16 entries (10060024)', change({ ...split, shipping_list: Array.from({ length: 16 }, () => entry) })],
  ['split without is_all_delivered (10060007)', change({ delivery_mode: 2 })],
  ['is_all_delivered as text', change({ ...split, is_all_delivered: 'true' })],
  ['split but not by express (10060006)', change({ ...split, logistics_type: 2 })],
  ['no item_desc (10060008)', inEntry({ item_desc: '' })],
  ['an item_desc of 121 (10060009)', inEntry({ item_desc: 'x'.repeat(121) })],
  ['a line end in item_desc', inEntry({ item_desc: 'a\nb' })],
  ['half an emoji in item_desc', inEntry({ item_desc: 'a\ud83c' })],
  ['no tracking_no (268485226)', inEntry({ tracking_no: undefined })],
  ['a tracking_no of 129 (10060026)', inEntry({ tracking_no: 'x'.repeat(129) })],
  ['no express_company (268485227)', inEntry({ express_company: undefined })],
  ['SF without contact', inEntry({ contact: undefined })],
  ['a telephone number in clear', contact('18912341234')],
  ['a telephone number with too little hidden', contact('189***41234')],
  ['a contact with hidden end', contact('1891234****')],
  ['a contact that is a name', contact('张****1234')],
  ['an upload_time in UTC (268485216)', change({ upload_time: '2024-08-05T09:00:21Z' })],
  ['an upload_time without offset', change({ upload_time: '2024-08-05 17:00:21' })],
  ['an impossible upload_time', change({ upload_time: '2024-13-05T17:00:21+08:00' })],
  ['no payer', change({ payer: undefined })],
  ['a payer without openid', change({ payer: { openid: 'undefined' } })],
]

test("Every trap of an upload is a caller's mistake before anything is sent", async (t) => {
  const { client, requests } = await start(t, ok)
  for (const [what, wrong] of mistakes) {
    await assert.rejects(client.uploadShippingInfo(wrong as ShippingInfo), TypeError, what)
  }
  assert.equal(requests.length, 0)
})

for (const errcode of [10060002, 10060003, 10060023]) {
  test(`An upload refused with ${errcode} is done already`, async (t) => {
    const { client } = await start(t, { errcode, errmsg: 'x' })
    assert.equal(await client.uploadShippingInfo(info), 'already')
  })
}

const refusals: Array<[errcode: number, retryLater: boolean, outcomeUnknown: boolean]> = [
  [-1, true, true],
  [10060012, true, true],
  [10060019, true, true],
  [10060001, true, false],
  [10060004, false, false],
  [10060031, false, false],
  [47001, false, false],
]
for (const [errcode, retryLater, outcomeUnknown] of refusals) {
  test(`F63: an upload refused with ${errcode} is sent once; retryLater is ${retryLater}`, async (t) => {
    const { client, requests } = await start(t, { errcode, errmsg: 'x' })
    const expected = { code: 'wechat_refused', apiCode: String(errcode), retryLater, outcomeUnknown }
    await assert.rejects(client.uploadShippingInfo(info), expected)
    assert.equal(requests.length, 1)
  })
}

test('A lost answer leaves an upload unknown and is not repeated: that could use up the one re-ship', async (t) => {
  const { client, requests } = await start(t, breakOff)
  await assert.rejects(client.uploadShippingInfo(info), { code: 'wechat_transport', outcomeUnknown: true })
  assert.equal(requests.length, 1)
})

test('An upload refused for a stale token is sent again with another', async (t) => {
  const { client, requests } = await start(t, { errcode: 42001, errmsg: 'expired' }, ok)
  assert.equal(await client.uploadShippingInfo(info), 'uploaded')
  assert.equal(requests.length, 2)
})

const order: ShippingOrder = {
  transaction_id,
  merchant_id: '1900007291',
  merchant_trade_no: '20240805170021a7f3',
  openid,
  order_state: 2,
  description: '牛肉面',
  paid_amount: 2800,
  trade_create_time: 1722848400,
  pay_time: 1722848421,
  in_complaint: false,
  shipping: {
    delivery_mode: 1,
    logistics_type: 1,
    finish_shipping: true,
    goods_desc: '牛肉面*1',
    finish_shipping_count: 1,
    shipping_list: [{ tracking_no: 'N1', express_company: 'ZTO', goods_desc: '牛肉面*1', upload_time: 1722848500 }],
  },
}

test('An order is asked for by merchant_id and merchant_trade_no, and read whole', async (t) => {
  const { client, requests } = await start(t, breakOff, { ...ok, order: { ...order, sub_merchant_id: '', new: 1 } })
  const { merchant_id, merchant_trade_no } = order
  assert.deepEqual(await client.getShippingOrder({ merchant_id, merchant_trade_no }), order)
  assert.equal(requests.length, 2, 'a read is repeated')
  assert.equal(requests[1]?.body, '{"merchant_id":"1900007291","merchant_trade_no":"20240805170021a7f3"}')
})

test('An order that is not shipped has no shipping', async (t) => {
  const { client, requests } = await start(t, { ...ok, order: { ...order, order_state: 1, shipping: {} } })
  const { shipping: _, ...unshipped } = order
  assert.deepEqual(await client.getShippingOrder({ transaction_id }), { ...unshipped, order_state: 1 })
  assert.equal(requests[0]?.body, JSON.stringify({ transaction_id }))
})

test('An answer about another order, or without its state, is refused', async (t) => {
  const answers = [{ transaction_id: '42' }, { order_state: '2' }, { order_state: undefined }, { shipping: [] }]
  const { client } = await start(t, ...answers.map((wrong) => ({ ...ok, order: { ...order, ...wrong } })), ok)
  const reasons = ['identity_mismatch', 'invalid_field', 'missing_field', 'invalid_field', 'missing_field']
  for (const reason of reasons) {
    await assert.rejects(client.getShippingOrder({ transaction_id }), { code: 'wechat_malformed', reason })
  }
})

test('The names of an upload do not pass for those of the other calls', async (t) => {
  const { client, requests } = await start(t, ok)
  const wrong = { mchid: '1900007291', out_trade_no: 'x' } as unknown as { transaction_id: string }
  await assert.rejects(client.getShippingOrder(wrong), /merchant_id and merchant_trade_no/)
  await assert.rejects(client.notifyConfirmReceive({ transaction_id }, 1722848421000), /seconds/)
  assert.equal(requests.length, 0)
})

test('A reminder to confirm may be repeated: the second is answered as done', async (t) => {
  const { client, requests } = await start(t, breakOff, { errcode: 10060030, errmsg: 'x' }, ok)
  assert.equal(await client.notifyConfirmReceive({ transaction_id }, 1722848421), 'already')
  assert.equal(await client.notifyConfirmReceive({ transaction_id }, 1722848421), 'reminded')
  assert.equal(requests[2]?.body, JSON.stringify({ transaction_id, received_time: 1722848421 }))
})

test('Whether shipping management is on, and confirmed, is asked with the appid', async (t) => {
  const { client, requests } = await start(t, { is_trade_managed: true }, { completed: false }, { completed: 'true' })
  assert.equal(await client.isTradeManaged(), true)
  assert.equal(await client.isTradeManagementConfirmed(), false)
  await assert.rejects(client.isTradeManagementConfirmed(), { reason: 'invalid_field' })
  assert.equal(requests[0]?.body, JSON.stringify({ appid }))
})

test('The page of shipping messages is a page of the Mini Program, or none', async (t) => {
  const { client, requests } = await start(t, ok)
  await client.setMessageJumpPath('pages/order/order?from=message')
  await client.setMessageJumpPath('')
  assert.deepEqual(
    requests.map(({ body }) => body),
    ['{"path":"pages/order/order?from=message"}', '{"path":""}'],
  )
  await assert.rejects(client.setMessageJumpPath('https://example.com/'), TypeError)
})

test('A long item_desc is cut to 120 between characters', () => {
  assert.equal(fitItemDesc(' 牛肉面*1\n、豆浆*2 '), '牛肉面*1 、豆浆*2')
  assert.equal(fitItemDesc('x'.repeat(120)), 'x'.repeat(120))
  assert.equal(fitItemDesc('x'.repeat(121)), `${'x'.repeat(119)}…`)
  assert.equal(fitItemDesc(`${'x'.repeat(118)}🍜🍜`), `${'x'.repeat(118)}…`)
})
