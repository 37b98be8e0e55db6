import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openStage, type Stage } from './stage.ts'
import { call, control, type Json, type Reply } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())

const list = (json: Json | undefined): readonly Json[] => json ?? []
const family = '/wxa/sec/order'
async function token(): Promise<string> {
  const { json } = await call(`${stage.url}/cgi-bin/stable_token`, {
    method: 'POST',
    body: JSON.stringify({ grant_type: 'client_credential', appid: stage.appid, secret: stage.secret }),
  })
  return json['access_token'] ?? ''
}
async function post(path: string, body: object | string): Promise<Json> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const reply: Reply = await call(`${stage.url}${path}?access_token=${await token()}`, { method: 'POST', body: text })
  assert.equal(reply.status, 200)
  return reply.json
}
const api = async (name: string, body: object | string): Promise<number> =>
  (await post(`${family}/${name}`, body))['errcode'] ?? Number.NaN

/** A paid order that shipping management knows. */
async function paid(): Promise<Json> {
  const outTradeNo = await stage.pay('RSA')
  await stage.advance(6)
  return (await stage.order(outTradeNo)) ?? assert.fail()
}
let minutes = 0
const laterUploadTime = (): string =>
  new Date(Date.UTC(2026, 0, 1) + ++minutes * 60_000).toISOString().replace('Z', '+00:00')
const parcel = (more: object = {}): object => ({
  tracking_no: 'YT123',
  express_company: 'YTO',
  item_desc: '牛肉面*1',
  ...more,
})
const report = (order: Json, more: object = {}): Record<string, unknown> => ({
  order_key: { order_number_type: 2, transaction_id: order['transaction_id'] },
  logistics_type: 1,
  delivery_mode: 1,
  shipping_list: [parcel()],
  upload_time: laterUploadTime(),
  payer: { openid: order['openid'] },
  ...more,
})
const upload = (body: object | string): Promise<number> => api('upload_shipping_info', body)
async function getOrder(order: Json): Promise<Json> {
  const answer = await post(`${family}/get_order`, { transaction_id: order['transaction_id'] })
  return answer['order'] ?? assert.fail(JSON.stringify(answer))
}
const shown = async (order: Json): Promise<Json> =>
  (await stage.control(`books?out_trade_no=${order['out_trade_no']}`)).json['shipping_orders']?.[0] ?? assert.fail()

describe('upload_shipping_info', () => {
  it('knows a payment only seconds later: 10060001 until then, the order before', async () => {
    const order = (await stage.order(await stage.pay('RSA'))) ?? assert.fail()
    assert.equal(await upload(report(order)), 10060001)
    await stage.advance(3)
    assert.equal(await upload(report(order)), 10060001)
    await stage.advance(3)
    assert.equal(await upload(report(order)), 0)
  })

  it('takes an order by transaction_id, and by mchid and out_trade_no', async () => {
    const order = await paid()
    const byNumber = { order_number_type: 1, mchid: order['mchid'], out_trade_no: order['out_trade_no'] }
    assert.equal(await upload(report(order, { order_key: byNumber })), 0)
    const { shipping, ...rest } = (await getOrder(order)) as unknown as Record<string, Json>
    assert.equal(rest['order_state'], 2)
    assert.deepEqual(
      [shipping?.['finish_shipping'], shipping?.['finish_shipping_count'], shipping?.['goods_desc']],
      [true, 1, '牛肉面*1'],
    )
    assert.equal(shipping?.['shipping_list']?.[0]?.['upload_time'], Date.UTC(2026, 0, 1) / 1000 + minutes * 60)
  })

  it('answers each broken field with its code, and takes none of them', async () => {
    const order = await paid()
    const transaction = { order_number_type: 2, transaction_id: order['transaction_id'] }
    const number = { order_number_type: 1, mchid: order['mchid'], out_trade_no: order['out_trade_no'] }
    const parcels = (count: number) => Array.from({ length: count }, (_, index) => parcel({ tracking_no: `A${index}` }))
    const cases: readonly [expected: number, change: object][] = [
      [47001, { delivery_mode: 'UNIFIED_DELIVERY' }],
      [47001, { delivery_mode: '1' }],
      [47001, { logistics_type: '1' }],
      [47001, { order_key: { ...transaction, order_number_type: '2' } }],
      [47001, { shipping_list: parcel() }],
      [47001, { shipping_list: undefined }],
      [47001, { delivery_mode: 2, is_all_delivered: 'true' }],
      [268485194, { order_key: { ...transaction, order_number_type: 3 } }],
      [268485194, { order_key: undefined }],
      [268485195, { order_key: { order_number_type: 2 } }],
      [268485196, { order_key: { ...number, mchid: undefined } }],
      [268485197, { order_key: { ...number, out_trade_no: '' } }],
      [10060005, { logistics_type: 5 }],
      [10060005, { logistics_type: undefined }],
      [268485224, { delivery_mode: 3 }],
      [10060006, { delivery_mode: 2, logistics_type: 4, is_all_delivered: true }],
      [10060007, { delivery_mode: 2 }],
      [268485228, { shipping_list: [] }],
      [268485228, { shipping_list: parcels(2) }],
      [10060024, { delivery_mode: 2, is_all_delivered: true, shipping_list: parcels(16) }],
      [268485226, { shipping_list: [parcel({ tracking_no: undefined })] }],
      [268485227, { shipping_list: [parcel({ express_company: '' })] }],
      [10060025, { shipping_list: [parcel({ express_company: 'Y'.repeat(129) })] }],
      [10060026, { shipping_list: [parcel({ tracking_no: '1'.repeat(129) })] }],
      [10060020, { shipping_list: [parcel({ item_desc: undefined })] }],
      [10060008, { shipping_list: [parcel({ item_desc: '' })] }],
      [10060009, { shipping_list: [parcel({ item_desc: '面'.repeat(121) })] }],
      [10060014, { shipping_list: [parcel({ express_company: 'SF' })] }],
      [10060014, { shipping_list: [parcel({ express_company: 'SF', contact: { receiver_contact: '13800001234' } })] }],
      [268485216, { upload_time: '2026-01-01 10:00:00' }],
      [268485216, { upload_time: undefined }],
      [10060014, { payer: {} }],
      [10060031, { payer: { openid: await stage.openid('别人') } }],
      [10060001, { order_key: { order_number_type: 2, transaction_id: '4200000000' } }],
    ]
    for (const [expected, change] of cases) {
      assert.equal(await upload({ ...report(order), ...change }), expected, JSON.stringify(change))
    }
    assert.equal((await getOrder(order))['order_state'], 1)
    const sf = parcel({
      express_company: 'SF',
      item_desc: '面'.repeat(120),
      contact: { receiver_contact: '189****1234' },
    })
    assert.equal(await upload(report(order, { shipping_list: [sf] })), 0)
  })

  it('does not know an unpaid order: 10060004', async () => {
    const outTradeNo = `U${Date.now()}`
    await stage.prepay('RSA', outTradeNo)
    const order = (await stage.order(outTradeNo)) ?? assert.fail()
    const order_key = { order_number_type: 1, mchid: order['mchid'], out_trade_no: outTradeNo }
    assert.equal(await upload(report(order, { order_key })), 10060004)
  })

  it('stores an escaped character as the escape text', async () => {
    const order = await paid()
    const text = JSON.stringify(report(order)).replace('牛', String.raw`\u725b`)
    assert.equal(await upload(text), 0)
    assert.equal((await getOrder(order))['description'], String.raw`\u725b肉面*1`)
  })

  it('gives one chance to ship again, and none for a repetition', async () => {
    const order = await paid()
    const first = report(order)
    assert.equal(await upload(first), 0)
    assert.equal(await upload(first), 10060023)
    assert.equal(await upload({ ...first, upload_time: laterUploadTime() }), 10060023)
    const again = { ...first, shipping_list: [parcel({ tracking_no: 'YT456' })] }
    assert.equal(await upload(again), 10060014, 'an update must be later than what was uploaded before')
    assert.equal(await upload({ ...again, upload_time: laterUploadTime() }), 0)
    assert.equal((await getOrder(order))['shipping']?.['finish_shipping_count'], 2)
    assert.equal(await upload(report(order, { shipping_list: [parcel({ tracking_no: 'YT789' })] })), 10060003)
    assert.equal((await getOrder(order))['shipping']?.['shipping_list']?.[0]?.['tracking_no'], 'YT456')
  })

  it('adds up the parcels of a split shipping, and tells the user when all are on their way', async () => {
    const order = await paid()
    const messages = async (): Promise<readonly Json[]> =>
      list((await stage.control('messages')).json['messages']).filter(
        ({ openid, page }) => openid === order['openid'] && page,
      )
    const split = (parcels: object[], is_all_delivered: boolean) =>
      report(order, { delivery_mode: 2, is_all_delivered, shipping_list: parcels })
    await api('set_msg_jump_path', { path: 'pages/order/order?from=wx' })
    assert.equal(await upload(split([parcel({ tracking_no: 'A1' })], false)), 0)
    assert.deepEqual([(await getOrder(order))['order_state'], (await messages()).length], [1, 0])
    assert.equal(await upload(split([parcel({ tracking_no: 'A2', item_desc: '卤蛋*2' })], true)), 0)
    const { order_state, description, shipping } = await getOrder(order)
    assert.deepEqual([order_state, description], [2, '牛肉面*1；卤蛋*2'])
    assert.equal(list(shipping?.['shipping_list']).length, 2)
    const [message] = await messages()
    assert.equal(message?.['kind'], 'shipped')
    const numbers = `transaction_id=${order['transaction_id']}&merchant_id=${order['mchid']}`
    assert.equal(message?.['page'], `pages/order/order?from=wx&${numbers}&merchant_trade_no=${order['out_trade_no']}`)
    assert.equal(await upload(report(order)), 0, 'another delivery_mode is the one re-ship')
    assert.equal(await upload(split([parcel({ tracking_no: 'A3' })], true)), 10060003)
    await api('set_msg_jump_path', { path: '' })
  })

  it('is closed to an app that has not opened shipping management', async () => {
    const order = await paid()
    await stage.control(`apps/${stage.appid}/shipping`, { managed: false, agreement_done: false })
    assert.equal(await upload(report(order)), 48001)
    const asked = await post(`${family}/is_trade_managed`, { appid: stage.appid })
    const completed = await post(`${family}/is_trade_management_confirmation_completed`, { appid: stage.appid })
    assert.deepEqual([asked['is_trade_managed'], completed['completed']], [false, false])
    await stage.control(`apps/${stage.appid}/shipping`, { managed: true, agreement_done: true })
    assert.equal((await post(`${family}/is_trade_managed`, { appid: stage.appid }))['is_trade_managed'], true)
    assert.deepEqual(
      [await api('is_trade_managed', {}), await api('is_trade_managed', { appid: 'wx0000000000000000' })],
      [40097, 40013],
    )
  })
})

describe('upload_combined_shipping_info', () => {
  it('ships all sub-orders or none', async () => {
    const [first, second] = [await paid(), await paid()]
    const { payer, upload_time, ...one } = report(first)
    const { payer: _payer, upload_time: _time, ...other } = report(second)
    const combined = (sub_orders: object[], more: object = {}) => ({
      order_key: { order_number_type: 2, transaction_id: '4200000000' },
      sub_orders,
      upload_time,
      payer,
      ...more,
    })
    const name = 'upload_combined_shipping_info'
    const byNumber = { order_number_type: 1, mchid: '1900000109', out_trade_no: 'combined' }
    assert.equal(await api(name, combined([one, other], { order_key: byNumber })), 268485253)
    assert.equal(await api(name, combined([one, one])), 10060013)
    assert.equal(await api(name, combined([one, { ...other, logistics_type: 9 }])), 10060005)
    assert.equal((await getOrder(first))['order_state'], 1)
    assert.equal(await api(name, combined([one, other])), 0)
    assert.deepEqual([(await getOrder(first))['order_state'], (await getOrder(second))['order_state']], [2, 2])
  })
})

describe('asking for orders', () => {
  it('get_order says merchant_id and merchant_trade_no where the upload says mchid and out_trade_no', async () => {
    const order = await paid()
    const right = { merchant_id: order['mchid'], merchant_trade_no: order['out_trade_no'] }
    assert.equal(await api('get_order', { mchid: order['mchid'], out_trade_no: order['out_trade_no'] }), 10060014)
    const found = (await post(`${family}/get_order`, right))['order']
    assert.deepEqual(
      [found?.['transaction_id'], found?.['paid_amount'], found?.['openid'], found?.['shipping']],
      [order['transaction_id'], 3600, order['openid'], {}],
    )
    assert.equal(await api('get_order', { ...right, merchant_trade_no: 'unknown' }), 10060001)
  })

  it('get_order_list filters and pages', async () => {
    const own = await openStage()
    const outer = stage
    stage = own
    try {
      const orders = [await paid(), await paid(), await paid()]
      await upload(report(orders[1] ?? assert.fail()))
      const find = (body: object) => post(`${family}/get_order_list`, body)
      const ids = (answer: Json) => list(answer['order_list']).map(({ transaction_id }) => transaction_id)
      const all = orders.map((order) => order['transaction_id'])
      const first = await find({ page_size: 2 })
      assert.deepEqual([ids(first), first['has_more']], [all.slice(0, 2), true])
      const rest = await find({ page_size: 2, last_index: first['last_index'] })
      assert.deepEqual([ids(rest), rest['has_more']], [all.slice(2), false])
      assert.deepEqual(ids(await find({ order_state: 2 })), all.slice(1, 2))
      const time = (await getOrder(orders[0] ?? assert.fail()))['pay_time'] ?? 0
      assert.deepEqual(ids(await find({ pay_time_range: { begin_time: time, end_time: time } })), all.slice(0, 1))
      assert.deepEqual(ids(await find({ openid: await own.openid('别人') })), [])
      assert.equal(await api('get_order_list', { last_index: 'nonsense' }), 10060011)
    } finally {
      stage = outer
      await own.close()
    }
  })
})

describe('after shipping', () => {
  it('asks the user to confirm once, for express, after shipping, at a time between', async () => {
    const name = 'notify_confirm_receive'
    const order = await paid()
    const nowSeconds = async () => Math.floor(((await stage.control('clock')).json['now_ms'] ?? 0) / 1000)
    const ask = async (received_time?: number) => api(name, { transaction_id: order['transaction_id'], received_time })
    assert.equal(await ask(await nowSeconds()), 10060028)
    await upload(report(order))
    assert.equal(await ask(), 10060029)
    assert.equal(await ask((await nowSeconds()) - 3600), 10060029)
    assert.equal(await ask((await nowSeconds()) + 3600), 10060029)
    assert.equal(await ask(await nowSeconds()), 0)
    assert.equal(await ask(await nowSeconds()), 10060030)
    const pickup = await paid()
    await upload(report(pickup, { logistics_type: 4, shipping_list: [{ item_desc: '面' }] }))
    const by = { merchant_id: pickup['mchid'], merchant_trade_no: pickup['out_trade_no'] }
    assert.equal(await api(name, { ...by, received_time: await nowSeconds() }), 10060032)
  })

  it('the payer confirms, nobody else; the money follows at once and nothing can be changed', async () => {
    const order = await paid()
    const { transaction_id } = order as unknown as { transaction_id: string }
    const confirm = async (user: string) =>
      (await stage.control('wx/confirmReceipt', { appid: stage.appid, user, transaction_id })).json
    assert.equal((await confirm('小明'))['status'], 'cancel')
    await upload(report(order))
    assert.deepEqual(await confirm('别人'), { status: 'fail', errormsg: '获取用户订单失败' })
    assert.equal((await confirm('小明'))['status'], 'success')
    assert.equal((await getOrder(order))['order_state'], 3)
    await stage.advance(10)
    assert.equal((await getOrder(order))['order_state'], 4)
    assert.equal(await upload(report(order, { shipping_list: [parcel({ tracking_no: 'YT9' })] })), 10060002)
    const by = {
      merchant_id: order['mchid'],
      merchant_trade_no: order['out_trade_no'],
      appid: stage.appid,
      user: '小明',
    }
    assert.equal((await stage.control('wx/confirmReceipt', by)).json['status'], 'cancel')
    assert.equal((await shown(order))['confirm_method'], 'manual')
  })

  it('confirms by itself after ten days for express, after two for what needs no carrier', async () => {
    const [express, pickup] = [await paid(), await paid()]
    await upload(report(express))
    await upload(report(pickup, { logistics_type: 4, shipping_list: [{ item_desc: '面' }] }))
    const states = async () => [(await getOrder(express))['order_state'], (await getOrder(pickup))['order_state']]
    await stage.advance(2 * 86_400 - 60)
    assert.deepEqual(await states(), [2, 2])
    await stage.advance(120)
    assert.deepEqual(await states(), [2, 4])
    await stage.advance(8 * 86_400 - 120)
    assert.deepEqual(await states(), [2, 4])
    await stage.advance(120)
    assert.deepEqual(await states(), [4, 4])
    const { shipped_at, confirmed_at, confirm_method } = await shown(express)
    assert.equal(confirm_method, 'automatic')
    assert.equal(Date.parse(confirmed_at ?? '') - Date.parse(shipped_at ?? ''), 10 * 86_400_000)
  })

  it('a complaint holds the money back', async () => {
    const order = await paid()
    await upload(report(order))
    const complaint = (open: boolean) =>
      stage.control('shipping/complaint', { open, transaction_id: order['transaction_id'] })
    await complaint(true)
    await stage.advance(11 * 86_400)
    const { order_state, in_complaint } = await getOrder(order)
    assert.deepEqual([order_state, in_complaint], [6, true])
    await complaint(false)
    await stage.advance(1)
    assert.equal((await getOrder(order))['order_state'], 4)
  })

  it('opspecialorder moves the date of a pre-sale within its bounds', async () => {
    const order = await paid()
    const at = (days: number) => Math.floor(Date.parse(payTime) / 1000) + days * 86_400
    const payTime =
      (await stage.control(`books?out_trade_no=${order['out_trade_no']}`)).json['payments']?.[0]?.['success_time'] ?? ''
    const special = (more: object) => api('opspecialorder', { order_id: order['transaction_id'], type: 1, ...more })
    assert.equal(await special({ type: 3 }), 268546000)
    assert.equal(await special({ type: '1' }), 47001)
    assert.equal(await special({ order_id: 'unknown', delay_to: at(20) }), 268546002)
    assert.equal(await special({}), 268546001)
    assert.equal(await special({ delay_to: at(14) }), 268546001)
    assert.equal(await special({ delay_to: at(331) }), 268546001)
    assert.equal(await special({ delay_to: at(20) }), 0)
    assert.equal(Date.parse((await shown(order))['ship_by'] ?? ''), at(20) * 1000)
    assert.equal(await special({ order_id: order['out_trade_no'], type: 2 }), 0)
    assert.equal((await shown(order))['special'], 'test')
  })

  it('refuses on demand with a code of the family', async () => {
    const order = await paid()
    await stage.fault('mini-program.refused', { options: { errcode: 10060019 }, match: { path: 'upload_shipping' } })
    assert.equal(await upload(report(order)), 10060019)
    assert.equal((await getOrder(order))['order_state'], 1)
    assert.equal(await upload(report(order)), 0)
  })
})

describe('a refund', () => {
  const refund = async (order: Json, amount: number) => {
    const answer = await stage.control('refunds', { out_trade_no: order['out_trade_no'], amount })
    assert.ok(answer.status < 300, answer.text)
  }

  it('of a part leaves the order to be shipped, of all of it does not', async () => {
    const order = await paid()
    await refund(order, 600)
    assert.equal((await getOrder(order))['order_state'], 1)
    assert.equal(await upload(report(order)), 0)
    const other = await paid()
    await refund(other, 3600)
    assert.equal((await getOrder(other))['order_state'], 5)
    assert.equal(await upload(report(other)), 10060004)
  })

  it('of all of it ends what shipping had begun', async () => {
    const order = await paid()
    await upload(report(order))
    await refund(order, 3600)
    await stage.advance(11 * 86_400)
    assert.equal((await getOrder(order))['order_state'], 5)
    assert.equal((await shown(order))['confirmed_at'], undefined)
  })
})

it('orders paid before there was shipping management are known after a start', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'fenpay-shipping-'))
  const outer = stage
  try {
    stage = await openStage({ dataDir })
    const order = await paid()
    await stage.close()
    const journal = join(dataDir, 'books.jsonl')
    const older = readFileSync(journal, 'utf8').replace(/^.+$/gm, (line) =>
      JSON.stringify((JSON.parse(line) as [string, object][]).filter(([table]) => table !== 'shippingOrders')),
    )
    writeFileSync(journal, older)
    stage = await openStage({ dataDir })
    await stage.advance(6)
    assert.equal(await upload(report(order)), 0)
  } finally {
    await stage.close()
    stage = outer
    rmSync(dataDir, { recursive: true })
  }
})

it('each app sees its own orders alone', async () => {
  const order = await paid()
  const { json } = await control(stage.url, 'merchants', { name: '邻家' })
  const { appid, secret } = json['apps']?.[0] ?? assert.fail()
  const { json: other } = await call(
    `${stage.url}/cgi-bin/token?${new URLSearchParams({ grant_type: 'client_credential', appid: appid ?? '', secret: secret ?? '' })}`,
  )
  const answer = await call(`${stage.url}${family}/get_order?access_token=${other['access_token']}`, {
    method: 'POST',
    body: JSON.stringify({ transaction_id: order['transaction_id'] }),
  })
  assert.equal(answer.json['errcode'], 10060001)
})
