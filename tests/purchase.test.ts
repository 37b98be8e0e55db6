import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appidOf, refusedWith, Shopper, startShop } from './support/shop.ts'

const shop = await startShop()

test('a purchase ends paid to the fen, and tells its story in events', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order('beef-noodles', 2)
  const pay = await shopper.prepay(orderNumber)
  assert.equal((await shopper.check(orderNumber)).pending_reason, 'not_paid')
  assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
  const order = await shopper.check(orderNumber)
  assert.equal(order.status, 'paid')
  assert.equal(order.total_fen, 6560)
  assert.deepEqual(
    order.events.map((event) => event.kind),
    ['submitted', 'attempt_intended', 'attempt_prepaid', 'paid'],
  )
  await assert.rejects(shopper.prepay(orderNumber), refusedWith('order_already_paid'))
})

test('both ways of login know the same person, and each login gives another token (A43)', async () => {
  const old = await shop.wechat.login(appidOf(shop.config), '小红', true)
  const { encryptedData = '', iv = '', rawData = '', signature = '' } = old
  const first = await shop.api.login({ code: old.code, encryptedData, iv, rawData, signature })
  const plain = await shop.wechat.login(appidOf(shop.config), '小红')
  const second = await shop.api.login({ code: plain.code })
  assert.notEqual(first.token, second.token)
  const users = await shop.sql`select nickname from users where nickname = '小红'`
  assert.equal(users.length, 1)
})

test('a valid prepay_id is used again, signed afresh', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const first = await shopper.prepay(orderNumber)
  const second = await shopper.prepay(orderNumber)
  assert.equal(first.package, second.package)
  assert.notEqual(first.nonceStr, second.nonceStr)
  const attempts = await shop.sql`select 1 from attempts where order_number = ${orderNumber}`
  assert.equal(attempts.length, 1)
})
