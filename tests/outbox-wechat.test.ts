/** After the payment: shipping, the subscribe message and the message push, against the simulated WeChat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shipOrder } from '../apps/server/src/commands/ship-order.ts'
import { resendDelivery } from '../apps/server/src/commands/webhooks.ts'
import { createStore } from '../apps/server/src/storage/store.ts'
import { until } from '../scripts/until.ts'
import { movableWorld } from './support/outbox-parts.ts'
import { appidOf, Shopper, startShop } from './support/shop.ts'

const world = movableWorld()
const pushToken = 'pushtoken0123456789'
const aesKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const shop = await startShop({
  world,
  sweepPauseMs: 50,
  env: { FENPAY_PUSH_TOKEN: pushToken, FENPAY_PUSH_AES_KEY: aesKey },
})
const { merchantId } = shop.config.merchant
const appid = appidOf(shop.config)
const store = createStore(shop.sql, { random: () => 0 })
const express = { how: 'express', company: 'ZTO', trackingNo: '75812345678' } as const

interface Books {
  shipping_orders: { transaction_id: string; order_state: number; finish_shipping_count: number }[]
  messages: { user: string; template_id: string; data: Record<string, unknown> }[]
  pushes: { event: string; deliveries: { outcome: string; status?: number }[] }[]
}
const books = () => shop.wechat.control<Books>('/_sim/books')

const pass = async (seconds: number) => {
  world.aheadMs += seconds * 1000
  await shop.wechat.advance(seconds)
}

async function paidOrder(): Promise<{ orderNumber: string; transactionId: string }> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await until('it is paid', async () => (await shopper.check(orderNumber)).status === 'paid')
  const [row] = await shop.sql<{ transaction_id: string }[]>`
    select transaction_id from orders where order_number = ${orderNumber}`
  return { orderNumber, transactionId: row?.transaction_id ?? '' }
}

const kinds = async (orderNumber: string) =>
  (
    await shop.sql<{ kind: string }[]>`select kind from order_events where order_number = ${orderNumber} order by seq`
  ).map(({ kind }) => kind)
const statusOf = async (kind: string, orderNumber: string) => {
  const [row] = await shop.sql<{ status: string; attempts: number; last_error: string | null }[]>`
    select status, attempts, last_error from outbox where kind = ${kind} and order_number = ${orderNumber}`
  return row
}
const openFlags = async (subjectId: string) =>
  (
    await shop.sql<{ kind: string }[]>`select kind from flags where subject_id = ${subjectId} and resolved_at is null`
  ).map(({ kind }) => kind)

test('shipping that WeChat does not know yet (10060001) is told again until it does, once; then confirmed and settled', async () => {
  const set = await shop.wechat.control<{ url_check: unknown }>(`/_sim/apps/${appid}/push`, {
    url: `${shop.server.url}/wechat/push/${appid}`,
    token: pushToken,
    encoding_aes_key: aesKey,
    mode: 'secure',
  })
  assert.match(JSON.stringify(set.url_check), /true|ok/, "the console's check of the address is answered")
  const { orderNumber, transactionId } = await paidOrder()
  const shipped = await shipOrder({ store, world }, merchantId, orderNumber, express)
  assert.equal(shipped.outcome, 'recorded')
  await until(
    'the first try',
    async () => (await statusOf('upload_shipping', orderNumber))?.last_error?.includes('10060001') === true,
  )
  for (
    let waited = 0;
    waited < 120 && (await statusOf('upload_shipping', orderNumber))?.status !== 'done';
    waited += 10
  ) {
    await pass(10)
    await new Promise((done) => setTimeout(done, 200))
  }
  const item = await statusOf('upload_shipping', orderNumber)
  assert.equal(item?.status, 'done')
  assert.ok((item?.attempts ?? 0) >= 2, 'it was refused at first')
  const booked = (await books()).shipping_orders.find((order) => order.transaction_id === transactionId)
  assert.equal(booked?.order_state, 2)
  assert.equal(booked?.finish_shipping_count, 1)

  await pass(10 * 24 * 60 * 60 + 60)
  await until('the settlement is told', async () => (await kinds(orderNumber)).includes('money_settled'))
  const history = await kinds(orderNumber)
  assert.deepEqual(
    history.filter((kind) => /ship|receipt|settled/.test(kind)),
    ['shipped', 'shipping_uploaded', 'receipt_confirmed', 'money_settled'],
  )
  const verdicts = await shop.sql`select verdict from push_inbox where verdict is distinct from 'refused'`
  assert.ok(verdicts.length >= 2)
})

test('an order ships once, and only when it is paid and not given back; each refusal has its code', async () => {
  const { orderNumber } = await paidOrder()
  const ship = (number: string, facts: Parameters<typeof shipOrder>[3] = express) =>
    shipOrder({ store, world }, merchantId, number, facts)
  const codeOf = (result: Awaited<ReturnType<typeof shipOrder>>) => ('code' in result ? result.code : 'recorded')
  assert.equal(codeOf(await ship('no such order')), 'order_not_found')
  assert.equal(codeOf(await ship(orderNumber, { how: 'express' })), 'invalid_shipment')
  const open = await (await Shopper.arrive(shop)).order()
  assert.equal(codeOf(await ship(open)), 'order_not_paid')
  const both = await Promise.all([ship(orderNumber), ship(orderNumber)])
  assert.deepEqual(both.map(codeOf).sort(), ['already_shipped', 'recorded'])
})

test('what WeChat refuses for good is given up at once, flagged with its words, and can be shipped anew', async () => {
  const { orderNumber, transactionId } = await paidOrder()
  await pass(60)
  // Given back in the merchant platform: WeChat knows of it, and the shop does not yet.
  await shop.wechat.control('/_sim/refunds', { mchid: merchantId, transaction_id: transactionId })
  await shipOrder({ store, world }, merchantId, orderNumber, express)
  await until('it is given up', async () => (await statusOf('upload_shipping', orderNumber))?.status === 'dead')
  const item = await statusOf('upload_shipping', orderNumber)
  assert.equal(item?.attempts, 1)
  assert.match(item?.last_error ?? '', /10060004/)
  const flags = await shop.sql<{ evidence: { error: string } }[]>`
    select evidence from flags where kind = 'outbox_dead' and order_number = ${orderNumber} and resolved_at is null`
  assert.match(flags[0]?.evidence.error ?? '', /10060004/)
  assert.ok((await kinds(orderNumber)).includes('shipping_refused'))
  const again = await shipOrder({ store, world }, merchantId, orderNumber, { how: 'pickup' })
  assert.ok(again.outcome === 'recorded' && again.shipment.revision === 2)
  const [flag] =
    await shop.sql`select resolved_by, note from flags where kind = 'outbox_dead' and order_number = ${orderNumber}`
  assert.deepEqual({ ...flag }, { resolved_by: 'fenpay', note: 'shipped anew' })
})

test('F65: shipping that was given up after a day is told to WeChat when staff have it tried again', async () => {
  await shop.wechat.control(`/_sim/apps/${appid}/shipping`, { known_after_seconds: 60 * 60 })
  const { orderNumber, transactionId } = await paidOrder()
  await shop.wechat.control(`/_sim/apps/${appid}/shipping`, { known_after_seconds: 0 })
  await shipOrder({ store, world }, merchantId, orderNumber, express)
  const item = async () => {
    const [row] = await shop.sql<
      { outbox_id: string; status: string; attempts: number; in_flight: boolean; next_at: Date }[]
    >`select * from outbox where kind = 'upload_shipping' and order_number = ${orderNumber}`
    return row ?? assert.fail('it is not in the outbox')
  }
  const fromMs = world.aheadMs
  for (let tried = await item(); tried.status === 'pending'; tried = await item()) {
    // WeChat's clock stands still: it does not learn of the payment.
    world.aheadMs += Math.max(0, tried.next_at.getTime() - world.now().getTime())
    await until('a try ended', async () => {
      const { attempts, in_flight } = await item()
      return attempts > tried.attempts && !in_flight
    })
  }
  const statusNow = async () =>
    (await shop.sql<{ status: string }[]>`select status from shipments where order_number = ${orderNumber}`)[0]?.status
  assert.equal(await statusNow(), 'refused')
  await shop.wechat.advance(Math.round((world.aheadMs - fromMs) / 1000))
  const { outbox_id } = await item()
  assert.equal(await resendDelivery({ store, world }, merchantId, outbox_id), true)
  await until('WeChat is told', async () => (await statusNow()) === 'uploaded')
  const booked = (await books()).shipping_orders.find((order) => order.transaction_id === transactionId)
  assert.equal(booked?.order_state, 2)
  assert.deepEqual(await openFlags(outbox_id), [])
})

test('a paid order that nobody ships within 36 hours is flagged, and shipping settles the flag', async () => {
  const { orderNumber } = await paidOrder()
  await pass(36 * 60 * 60 + 60)
  await until('it is flagged', async () => (await openFlags(orderNumber)).includes('shipping_due'))
  await shipOrder({ store, world }, merchantId, orderNumber, { how: 'pickup' })
  assert.deepEqual(await openFlags(orderNumber), [])
})

test('A16, A17: a push that is forged, plain, or for no app of ours is refused with a reason, kept, and without effect', async () => {
  const post = (path: string, body: string) =>
    fetch(new URL(path, shop.server.url), { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const refusals = () => shop.sql<{ reason: string }[]>`
    select reason from push_inbox where verdict = 'refused' order by received_at`
  const before = await refusals()
  const query = 'signature=00&timestamp=1&nonce=2'
  const plain = JSON.stringify({
    ToUserName: 'gh_1',
    FromUserName: 'o',
    CreateTime: 1,
    MsgType: 'event',
    Event: 'wxa_trade_controlled',
  })
  assert.equal((await post(`/wechat/push/${appid}?${query}`, plain)).status, 401)
  const sealed = JSON.stringify({ ToUserName: 'gh_1', Encrypt: 'AAAA' })
  const refused = await post(`/wechat/push/${appid}?${query}&encrypt_type=aes&msg_signature=${'0'.repeat(40)}`, sealed)
  assert.equal(refused.status, 401)
  assert.notEqual(await refused.text(), 'success')
  assert.equal((await post('/wechat/push/wx0000000000000000', plain)).status, 404)
  const kept = (await refusals()).slice(before.length).map(({ reason }) => reason)
  assert.deepEqual(kept, ['wrong_algorithm', 'bad_signature'])
})

test('a push that comes twice has its effect once', async () => {
  await shop.wechat.fault('push.duplicate', { seconds: 3600 })
  await shop.wechat.control(`/_sim/apps/${appid}/trade-controlled`, { msg: '请接入' })
  await pass(30)
  await until(
    'it came',
    async () => (await shop.sql`select 1 from push_inbox where event = 'wxa_trade_controlled'`).length >= 2,
  )
  const verdicts = await shop.sql<{ verdict: string }[]>`
    select verdict from push_inbox where event = 'wxa_trade_controlled' order by received_at`
  assert.equal(verdicts.filter(({ verdict }) => verdict === 'applied').length, 1)
  assert.ok(verdicts.every(({ verdict }) => verdict === 'applied' || verdict === 'repeated'))
  assert.deepEqual(await openFlags(appid), ['shipping_management_wanted'])
  await shop.wechat.clearFaults()
})

test('after a payment the user who subscribed has one message, and who did not has none, quietly', async () => {
  const { merchants } = await shop.wechat.control<{
    merchants: { apps: { subscribe_templates: { template_id: string }[] }[] }[]
  }>('/_sim/merchants')
  const templateId = merchants[0]?.apps[0]?.subscribe_templates[0]?.template_id ?? ''
  const fields = { character_string1: 'order_number', amount2: 'total', thing3: 'items', time4: 'paid_at' }
  await shop.startAnother({
    world,
    env: { FENPAY_SUBSCRIBE_TEMPLATE_PAID: templateId, FENPAY_SUBSCRIBE_FIELDS_PAID: JSON.stringify(fields) },
  })
  const eager = await Shopper.arrive(shop)
  await shop.wechat.control('/_sim/wx/requestSubscribeMessage', {
    appid,
    user: eager.user,
    tmplIds: [templateId],
    answer: 'accept',
  })
  const first = await eager.buy()
  await until('the message was sent', async () => (await statusOf('paid_message', first))?.status === 'done')
  const shown = (await books()).messages.filter(({ user }) => user === eager.user)
  assert.equal(shown.length, 1)
  assert.equal(JSON.stringify(shown[0]?.data).includes(first), true)

  const second = await eager.buy()
  await until('the second is done', async () => (await statusOf('paid_message', second))?.status === 'done')
  assert.equal((await statusOf('paid_message', second))?.last_error, 'the user did not subscribe')
  assert.equal((await books()).messages.filter(({ user }) => user === eager.user).length, 1)
})
