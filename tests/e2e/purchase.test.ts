/** The whole purchase by touch, in a real browser: the shop's own source on the phone, the real server, WeChat simulated. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { type Hand, openCounter } from './hand.ts'

const hands: Hand[] = []
afterEach(() => {
  for (const hand of hands.splice(0)) {
    assert.deepEqual(hand.complaints, [], 'no console error anywhere')
    assert.deepEqual(hand.strangers, [], 'nothing is loaded from elsewhere')
  }
})

for (const payApi of ['v3', 'v2-md5', 'v2-hmac-sha256'] as const) {
  const counter = await openCounter({ payApi })
  const take = async (user: string) => {
    const hand = await counter.hand(`${payApi} ${user}`)
    hands.push(hand)
    return hand
  }
  const statuses = async () =>
    (await counter.shop.sql<{ status: string }[]>`select status from orders order by created_at`).map(
      (row) => row.status,
    )

  test(`${payApi}: a bowl of noodles, ordered and paid by touch`, async () => {
    const hand = await take('小明')
    await hand.orders('beef-noodles', 2)
    assert.match(await hand.reads('[data-test="amount"]'), /65\.60/)
    await hand.pays()
    await hand.result('paid')
    assert.deepEqual(await statuses(), ['paid'])
  })

  test(`${payApi}: the old way of login, by the getUserInfo button, then a purchase`, async () => {
    const hand = await take('小红')
    await hand.tap('text=我的')
    await hand.tap('[data-test="old-login"]')
    await hand.tap('[data-test="get-user-info"]')
    await hand.tap('.mp-allow')
    await hand.sees('[data-test="logout"]')
    const [user] = await counter.shop.sql`select nickname from users where nickname = ${`${payApi} 小红`}`
    assert.ok(user, 'encryptedData was decrypted and believed')
    await hand.tap('text=点餐')
    await hand.orders()
    await hand.pays()
    await hand.result('paid')
  })

  test(`${payApi}: cancelled at the sheet, the order stays payable, and is paid then`, async () => {
    const hand = await take('阿强')
    await hand.orders()
    await hand.cancelsPayment()
    await hand.result('unpaid')
    await hand.tap('[data-test="pay-again"]')
    await hand.pays()
    await hand.result('paid')
  })
}

const counter = await openCounter()
const take = async (user: string) => {
  const hand = await counter.hand(user)
  hands.push(hand)
  return hand
}

test('F1: while every notification is lost, the page still ends with the truth', async () => {
  await counter.shop.wechat.fault('notify.drop', { seconds: 3600 })
  const hand = await take('lost')
  await hand.orders()
  await hand.pays()
  await hand.result('paid')
  await counter.shop.wechat.clearFaults()
})

test('killed between paying and asking: at the next start the payment is found again', async () => {
  await counter.shop.wechat.fault('notify.drop', { seconds: 3600 })
  const hand = await take('killed')
  await hand.orders()
  await hand.tap('.mp-pay')
  for (const digit of '123456') await hand.tap(`.mp-pad button[aria-label="${digit}"]`)
  await hand.sees('.mp-paid')
  await hand.killsAndReopens()
  await hand.sees('text=上次的支付已经成功')
  await hand.tap('text=查看订单')
  await hand.sees('[data-test="order-detail"]')
  const [order] = await counter.shop.sql`select status from orders order by created_at desc limit 1`
  assert.equal(order?.['status'], 'paid')
  await counter.shop.wechat.clearFaults()
})

test('a double tap on submit makes one order and one payment', async () => {
  const hand = await take('double')
  await hand.puts('tea-egg')
  await hand.tap('[data-test="checkout"]')
  const submit = hand.page.locator('[data-test="submit"] >> visible=true').last()
  await submit.waitFor()
  const box = await submit.boundingBox()
  assert.ok(box)
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await Promise.all([hand.page.touchscreen.tap(x, y), hand.page.touchscreen.tap(x, y)])
  await hand.sees('.mp-pay')
  await hand.pays()
  await hand.result('paid')
  const orders = await counter.shop.sql`select 1 from order_lines where sku = 'tea-egg'`
  assert.equal(orders.length, 1)
})

test('an expired session is renewed in silence', async () => {
  const hand = await take('expired')
  await hand.orders('soy-milk')
  await hand.cancelsPayment()
  await hand.result('unpaid')
  await counter.shop.sql`update sessions set revoked_at = now() where revoked_at is null`
  await hand.tap('[data-test="pay-again"]')
  await hand.pays()
  await hand.result('paid')
})

test('offline when the menu is loaded: it says so, and loads when the network is back', async () => {
  const hand = await take('offline at the menu')
  await hand.sets({ online: false })
  await hand.page.evaluate("window.postMessage({ type: 'fenpay-phone', do: 'relaunch' }, location.origin)")
  await hand.sees('[data-test="empty-action"]')
  await hand.sets({ online: true })
  await hand.tap('[data-test="empty-action"]')
  await hand.sees('[data-test="dish-beef-noodles"]')
})

test('offline at submit: it says so, and the second try makes the one order', async () => {
  const hand = await take('offline at submit')
  await hand.puts('cucumber-salad')
  await hand.tap('[data-test="checkout"]')
  await hand.sees('[data-test="submit"]')
  await hand.sets({ online: false })
  await hand.tap('[data-test="submit"]')
  await hand.sees('text=/网络|登录没有成功/')
  await hand.sets({ online: true })
  await hand.tap('text=知道了')
  await hand.tap('[data-test="submit"]')
  await hand.pays()
  await hand.result('paid')
  const orders = await counter.shop.sql`select 1 from order_lines where sku = 'cucumber-salad'`
  assert.equal(orders.length, 1)
})

test('offline before the sheet: nothing is paid, and the same order is paid later', async () => {
  const hand = await take('offline at prepay')
  await hand.orders('scallion-oil-noodles')
  await hand.cancelsPayment()
  await hand.result('unpaid')
  await hand.sets({ online: false })
  await hand.tap('[data-test="pay-again"]')
  await hand.result('failed')
  await hand.sets({ online: true })
  await hand.tap('[data-test="pay-again"]')
  await hand.pays()
  await hand.result('paid')
  const orders = await counter.shop.sql`select 1 from order_lines where sku = 'scallion-oil-noodles'`
  assert.equal(orders.length, 1)
})

test('offline while WeChat takes the money: the result is unknown until the network is back, then paid', async () => {
  const hand = await take('tunnel')
  await hand.orders('wonton-soup')
  await hand.tap('.mp-pay')
  for (const digit of '123456') await hand.tap(`.mp-pad button[aria-label="${digit}"]`)
  await hand.sees('.mp-paid')
  await hand.sets({ online: false })
  await hand.tap('.mp-done')
  await hand.page.waitForTimeout(1500)
  await hand.sets({ online: true })
  await hand.result('paid')
})

test('I12: two people, one bowl left: one gets it, the other is told', async () => {
  await counter.shop
    .sql`update products set stock_total = stock_reserved + stock_sold + 1 where sku = 'tomato-egg-noodles'`
  const [first, second] = [await take('first'), await take('second')]
  for (const hand of [first, second]) {
    await hand.puts('tomato-egg-noodles')
    await hand.tap('[data-test="checkout"]')
    await hand.sees('[data-test="submit"]')
  }
  await first.tap('[data-test="submit"]')
  await first.sees('.mp-pay')
  await second.tap('[data-test="submit"]')
  await second.sees('text=/售罄|不足|卖完|库存/')
  await first.pays()
  await first.result('paid')
  const lines = await counter.shop.sql`select 1 from order_lines where sku = 'tomato-egg-noodles'`
  assert.equal(lines.length, 1)
})

test('avatar, nickname and phone number, each with WeChat’s own way of asking', async () => {
  const hand = await take('张三')
  await hand.tap('text=我的')
  await hand.tap('[data-test="avatar"]')
  await hand.tap('[data-test="privacy-agree"]')
  await hand.tap('text=用微信头像')
  await hand.tap('[data-test="phone"]')
  await hand.tap('.mp-allow')
  const profile = async () => {
    const [row] = await counter.shop.sql<{ avatars: number; phones: number }[]>`
      select (select count(*) from avatars) as avatars, (select count(sealed_phone) from users) as phones`
    return row
  }
  for (let tries = 0; tries < 100 && (await profile())?.phones !== 1; tries++) await hand.page.waitForTimeout(100)
  assert.deepEqual(await profile(), { avatars: 1, phones: 1 })
})
