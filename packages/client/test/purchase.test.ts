/** What goes wrong on the way, between a phone and the real server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appidOf, startShop } from '../../../tests/support/shop.ts'
import { createFenpay } from '../src/index.ts'
import { SimulatedPhone } from './simulated-phone.ts'

const cart = { items: [{ sku: 'beef-noodles', quantity: 1 }] }

const shop = await startShop()
const oldShop = await startShop({ payApi: 'v2-md5' })

for (const [payApi, theShop] of Object.entries({ v3: shop, 'v2-md5': oldShop })) {
  const open = (phone: SimulatedPhone) => createFenpay({ wx: phone.wx, baseUrl: theShop.server.url })
  const phoneOf = (user: string) => new SimulatedPhone(theShop, user)

  test(`${payApi}: F1, a payment whose notification gets lost is paid, by two taps on each button`, async () => {
    await theShop.wechat.fault('notify.drop')
    const phone = phoneOf('甲')
    const fenpay = open(phone)
    const [first, second] = await Promise.all([fenpay.submitOrder(cart), fenpay.submitOrder(cart)])
    assert.deepEqual(first, second)
    const answers = await Promise.all([fenpay.pay(first.order_number), fenpay.pay(first.order_number)])
    assert.deepEqual(
      answers.map(({ outcome }) => outcome),
      ['paid', 'paid'],
    )
    assert.equal(phone.sheets, 1)
    assert.equal((await fenpay.myOrders()).orders.length, 1)
  })

  test(`${payApi}: a payment for an order that another phone has paid opens no sheet`, async () => {
    const [phone, other] = [phoneOf('乙'), phoneOf('乙')]
    const { order_number } = await open(phone).submitOrder(cart)
    assert.equal((await open(phone).pay(order_number)).outcome, 'paid')
    assert.equal((await open(other).pay(order_number)).outcome, 'paid')
    assert.deepEqual([phone.sheets, other.sheets], [1, 0])
  })
}

const open = (phone: SimulatedPhone) =>
  createFenpay({ wx: phone.wx, baseUrl: shop.server.url, setTimeout: setImmediate })

test('F44, I20: answers that get lost, and a restart in between, make no second order', async () => {
  const phone = new SimulatedPhone(shop, '丙')
  phone.loses = (path) => path === '/order/submit'
  await assert.rejects(open(phone).submitOrder(cart), { code: 'network', errMsg: 'request:fail interrupted' })
  phone.loses = () => false
  const fenpay = open(phone)
  const { order_number } = await fenpay.submitOrder(cart)
  assert.deepEqual(
    (await fenpay.myOrders()).orders.map((order) => order.order_number),
    [order_number],
  )
})

test('an expired session is renewed in silence, once for all', async () => {
  const phone = new SimulatedPhone(shop, '丁')
  const fenpay = open(phone)
  const { token } = await fenpay.login()
  await shop.sql`update sessions set revoked_at = now()`
  await Promise.all([fenpay.myOrders(), fenpay.profile(), fenpay.myOrders(), fenpay.submitOrder(cart)])
  const renewed = await fenpay.login()
  assert.notEqual(renewed.token, token)
  const [sessions] = await shop.sql`select count(*)::int as n from sessions where revoked_at is null`
  assert.equal(sessions?.['n'], 1)
})

test('offline after the payment: nothing is claimed, and the next launch tells', async () => {
  const phone = new SimulatedPhone(shop, '戊')
  phone.loses = (path) => path === '/my/orders/chkOrder'
  const { order_number } = await open(phone).submitOrder(cart)
  const answer = await open(phone).pay(order_number)
  assert.deepEqual([answer.outcome, answer.why, answer.errMsg], ['pending', 'no_answer', 'requestPayment:ok'])
  phone.loses = () => false
  assert.deepEqual(
    (await open(phone).resume()).map(({ outcome, orderNumber }) => [outcome, orderNumber]),
    [['paid', order_number]],
  )
})

test('an order of somebody else cannot be paid or seen', async () => {
  const { order_number } = await open(new SimulatedPhone(shop, '己')).submitOrder(cart)
  const stranger = open(new SimulatedPhone(shop, '庚'))
  await assert.rejects(stranger.pay(order_number), { code: 'order_not_found' })
  await assert.rejects(stranger.checkOrder(order_number), { code: 'order_not_found', statusCode: 404 })
})

test('a server of several mini programs is told which one this is', async () => {
  const phone = new SimulatedPhone(shop, '辛')
  const appid = appidOf(shop.config)
  const fenpay = createFenpay({ wx: phone.wx, baseUrl: shop.server.url, appid })
  assert.ok((await fenpay.products()).products.length > 0)
  await fenpay.login()
  const other = createFenpay({
    wx: new SimulatedPhone(shop, '壬').wx,
    baseUrl: shop.server.url,
    appid: 'wx0123456789abcdef',
  })
  await assert.rejects(other.products(), { code: 'invalid_request' })
  await assert.rejects(other.login(), { code: 'invalid_request' })
})
