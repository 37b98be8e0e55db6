/** What the server does by itself: money that nobody told it about, and orders whose time is over. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
import { createStore } from '../apps/server/src/storage/store.ts'
import { until } from '../scripts/until.ts'
import { endsWell } from './support/ends-well.ts'
import { Shopper, startShop } from './support/shop.ts'

for (const payApi of ['v3', 'v2-hmac-sha256'] as const) {
  let aheadMs = 0
  const world: World = { now: () => new Date(Date.now() + aheadMs), randomBytes: (size) => randomBytes(size) }
  const shop = await startShop({ payApi, world, sweepPauseMs: 50 })
  const pass = async (seconds: number) => {
    aheadMs += seconds * 1000
    await shop.wechat.advance(seconds)
  }
  const statusOf = async (shopper: Shopper, orderNumber: string) => (await shopper.show(orderNumber)).status
  /** Open orders that are due, or that a look is still under way at: it has them for a minute, and the next one is sooner. */
  const unseen = async (orders: string[]) => {
    const now = world.now()
    const rows = await shop.sql`
      select from orders where order_number = any(${orders}) and status = 'pending'
         and (next_check_at <= ${now} or next_check_at > ${new Date(now.getTime() + 31_000)})`
    return rows.length
  }

  test(`${payApi}: F1, P1, paid without notification and without the client coming back, the order is paid within a minute`, async () => {
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.buy()
    assert.equal(await statusOf(shopper, orderNumber), 'pending')
    await pass(60)
    await until('the sweep finds the money', async () => (await statusOf(shopper, orderNumber)) === 'paid')
    assert.equal((await shopper.show(orderNumber)).events.at(-1)?.cause, 'query')
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })

  test(`${payApi}: F1, P1, in a day without any notification the server by itself finds each payment within a minute, early or late in its order's time`, async () => {
    await shop.wechat.fault('notify.drop', { seconds: 2 * 86_400 })
    const seen: string[] = []
    const passAndLook = async (seconds: number) => {
      await pass(seconds)
      await until('the server has looked', async () => (await unseen(seen)) === 0)
    }
    for (let hour = 0; hour < 24; hour += 8) {
      const shopper = await Shopper.arrive(shop)
      for (const ageSeconds of [0, 47, 25 * 60]) {
        const orderNumber = await shopper.order('tea-egg', 1)
        const pay = await shopper.prepay(orderNumber)
        seen.push(orderNumber)
        // A look after each step, so that the last ones are as far apart as they become.
        for (let age = 0; age < ageSeconds; age += 47) await passAndLook(47)
        assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
        for (let passed = 0; passed < 60; passed += 10) await passAndLook(10)
        assert.equal(await statusOf(shopper, orderNumber), 'paid', `paid ${ageSeconds} s after its beginning`)
      }
      await pass(8 * 60 * 60 - 30 * 60)
    }
    const found = await shop.sql<{ cause: string; seconds: number }[]>`
      select e.cause, extract(epoch from e.at - p.success_time)::float8 as seconds
        from order_events e join payments p using (merchant_id, order_number)
       where e.kind = 'paid' and order_number = any(${seen})`
    assert.equal(found.length, 9)
    assert.deepEqual(new Set(found.map(({ cause }) => cause)), new Set(['query']))
    // WeChat dates the money in whole seconds.
    assert.ok(Math.max(...found.map(({ seconds }) => seconds)) <= 61, JSON.stringify(found))
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })

  test(`${payApi}: an order nobody pays is closed at its expiry, at WeChat first, and its stock is free again`, async () => {
    const stock = async () => (await shop.api.products()).products.find(({ sku }) => sku === 'tea-egg')?.stock
    const shopper = await Shopper.arrive(shop)
    const before = await stock()
    const untouched = await shopper.order('tea-egg', 1)
    const begun = await shopper.order('tea-egg', 2)
    await shopper.prepay(begun)
    assert.equal(await stock(), (before ?? 0) - 3)
    await pass(30 * 60 + 1)
    await until('both are closed', async () => {
      const statuses = [await statusOf(shopper, untouched), await statusOf(shopper, begun)]
      return statuses.every((status) => status === 'closed')
    })
    assert.equal(await stock(), before)
    const [attempt] = await shop.sql<
      { out_trade_no: string }[]
    >`select out_trade_no from attempts where order_number = ${begun}`
    const booked = (await shop.wechat.books()).orders.find((order) => order.out_trade_no === attempt?.out_trade_no)
    assert.equal(booked?.trade_state, 'CLOSED')
    await endsWell(shop)
  })

  test(`${payApi}: F23, a cancelled payment is closed by itself once it is five minutes old`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    await shopper.prepay(orderNumber)
    await shopper.api.cancelOrder(shopper.token, orderNumber)
    assert.equal(await statusOf(shopper, orderNumber), 'closing')
    await pass(301)
    await until('it is closed', async () => (await statusOf(shopper, orderNumber)) === 'closed')
    await endsWell(shop)
  })

  test(`${payApi}: F63, I25, two servers sweep at once, and each order is looked at by one of them`, async () => {
    await shop.startAnother({ world })
    await shop.wechat.fault('notify.drop', { seconds: 3600 })
    const shopper = await Shopper.arrive(shop)
    const numbers = await Promise.all(Array.from({ length: 10 }, () => shopper.buy()))
    await pass(60)
    await until('all are paid', async () => {
      const open = await shop.sql`select 1 from orders where order_number = any(${numbers}) and status <> 'paid'`
      return open.length === 0
    })
    const queries =
      await shop.sql`select order_number from order_events where order_number = any(${numbers}) and kind = 'paid'`
    assert.equal(queries.length, 10)
    await shop.wechat.clearFaults()
    await endsWell(shop)
  })
}

const backlog = await startShop({ env: { FENPAY_OPEN_ORDERS_MAX: '1000' } })

test('F66: a backlog is claimed by its limit, and never twice', async () => {
  const shopper = await Shopper.arrive(backlog)
  for (let orders = 0; orders < 50; orders++) await shopper.order('tea-egg', 1)
  await backlog.sql`update orders set next_check_at = created_at - interval '1 hour'`
  const store = createStore(backlog.sql, { random: () => 0 })
  const now = new Date()
  const claim = async () =>
    (await store.claimDueOrders(now, new Date(now.getTime() + 60_000), 20)).map(({ order }) => order.orderNumber)
  const rounds = [await claim(), await claim(), await claim(), await claim()]
  assert.deepEqual(
    rounds.map((round) => round.length),
    [20, 20, 10, 0],
  )
  assert.equal(new Set(rounds.flat()).size, 50)
  await endsWell(backlog)
})
