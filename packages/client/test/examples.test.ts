/** The README's examples, run against the real server and the simulated WeChat. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { appidOf, startShop } from '../../../tests/support/shop.ts'
import { buy, listNoodles, payFor } from '../examples/buy.ts'
import { logIn, onLoad } from '../examples/old-login.ts'
import { cancel, listOrders, showOrder } from '../examples/orders.ts'
import { keepAvatar, keepNickname, keepPhone, leave, showMe } from '../examples/profile.ts'
import { askForOneBack, refundableFen, showRefunds } from '../examples/refund.ts'
import { launch, start } from '../examples/start.ts'
import { SimulatedPhone } from './simulated-phone.ts'

const shop = await startShop()
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

for (const name of ['start', 'buy', 'orders', 'refund', 'profile', 'old-login']) {
  test(`the README shows the example ${name} as it is run here`, () => {
    const code = readFileSync(new URL(`../examples/${name}.ts`, import.meta.url), 'utf8')
    assert.ok(readme.includes(`\`\`\`ts\n${code}\`\`\`\n`))
  })
}

test('start and buy: the purchase ends paid', async () => {
  const fenpay = start(new SimulatedPhone(shop, '小明').wx, shop.server.url)
  const [sku = ''] = await listNoodles(fenpay)
  assert.match(await buy(fenpay, sku, '多放醋'), /^已支付 \d+ 分$/)
  assert.match(await buy(fenpay, 'no-such-thing', ''), /^没有成功 \(product_unknown\)$/)
  assert.match(await buy(start(new SimulatedPhone(shop, '小明').wx, 'http://127.0.0.1:1'), sku, ''), /^网络不通/)
})

test('buy: a cancelled payment can go on', async () => {
  const phone = new SimulatedPhone(shop, '小红')
  const fenpay = start(phone.wx, shop.server.url)
  phone.atSheet = () => 'cancel'
  const { order_number } = await fenpay.submitOrder({ items: [{ sku: 'beef-noodles', quantity: 1 }] })
  assert.equal(await payFor(fenpay, order_number), '未支付，可以继续支付')
  phone.atSheet = () => 'confirm'
  assert.equal(await payFor(fenpay, order_number), '已支付 3280 分')
})

test('start: a payment that the mini program did not live to see is told at the next launch', async () => {
  const phone = new SimulatedPhone(shop, '小刚')
  const fenpay = start(phone.wx, shop.server.url)
  const { order_number } = await fenpay.submitOrder({ items: [{ sku: 'beef-noodles', quantity: 1 }] })
  const { requestPayment } = phone.wx
  const paid = new Promise<void>((resolve) => {
    const dying = {
      ...phone.wx,
      requestPayment: (options: Parameters<typeof requestPayment>[0]) =>
        requestPayment({ ...options, success: () => resolve(), complete: () => undefined }),
    }
    void start(dying, shop.server.url).pay(order_number)
  })
  await paid
  assert.deepEqual(await launch(start(phone.wx, shop.server.url)), [`订单 ${order_number} 已支付`])
})

test('orders: listed, shown and cancelled', async () => {
  const phone = new SimulatedPhone(shop, '小丽')
  const fenpay = start(phone.wx, shop.server.url)
  const numbers: string[] = []
  for (const quantity of [1, 2, 3]) {
    numbers.unshift((await fenpay.submitOrder({ items: [{ sku: 'tea-egg', quantity }] })).order_number)
  }
  assert.deepEqual(await listOrders(fenpay), numbers)
  const [begun = '', fresh = '', paid = ''] = numbers
  assert.equal(await cancel(fenpay, fresh), '已取消')
  phone.atSheet = () => 'cancel'
  await fenpay.pay(begun)
  assert.equal(await cancel(fenpay, begun), '正在取消')
  phone.atSheet = () => 'confirm'
  await fenpay.pay(paid)
  assert.equal(await cancel(fenpay, paid), '已经付款，不能取消')
  assert.equal(await payFor(fenpay, fresh), '订单已关闭，没有付款')
  assert.equal(await payFor(fenpay, begun), '正在确认付款，请不要重复支付')
  const shown: string[] = []
  await showOrder(fenpay, paid, (status) => shown.push(status))
  assert.deepEqual(shown, ['paid', 'paid'])
})

test('refund: one piece is asked back, once; nothing comes back before the staff answer', async () => {
  const fenpay = start(new SimulatedPhone(shop, '小梅').wx, shop.server.url)
  const { order_number } = await fenpay.submitOrder({ items: [{ sku: 'tea-egg', quantity: 2 }] })
  assert.equal(await refundableFen(fenpay, order_number), 0)
  await assert.rejects(askForOneBack(fenpay, order_number, 'tea-egg'), { code: 'order_not_paid' })
  await fenpay.pay(order_number)
  assert.equal(await refundableFen(fenpay, order_number), 600)
  assert.equal(await askForOneBack(fenpay, order_number, 'tea-egg'), '已申请退款 300 分')
  assert.equal(await askForOneBack(fenpay, order_number, 'tea-egg'), '上一个申请还在处理')
  assert.equal(await refundableFen(fenpay, order_number), 0)
  assert.deepEqual(await showRefunds(fenpay, order_number), [])
})

test('profile: nickname, avatar, phone number, and leaving', async () => {
  const phone = new SimulatedPhone(shop, '小芳')
  const fenpay = start(phone.wx, shop.server.url)
  assert.equal(await showMe(fenpay), '微信用户 未绑定手机号')
  assert.equal(await keepNickname(fenpay, '芳芳'), '芳芳')
  const { code } = await shop.wechat.control<{ code: string }>('/_sim/wx/phoneNumber', {
    appid: appidOf(shop.config),
    user: '小芳',
  })
  assert.equal(await keepPhone(fenpay, {}), undefined)
  assert.match((await keepPhone(fenpay, { code })) ?? '', /\*/)
  await assert.rejects(keepPhone(fenpay, { code }), { code: 'phone_code_invalid' })
  assert.match(await showMe(fenpay), /^芳芳 .*\*/)
  const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  const shown = await fetch(await keepAvatar(fenpay, picture, shop.server.url))
  assert.deepEqual(Buffer.from(await shown.arrayBuffer()), Buffer.from(picture, 'base64'))
  await assert.rejects(fenpay.changeAvatar('AAAA'), { code: 'avatar_invalid' })
  const { token } = await fenpay.login()
  await leave(fenpay)
  await assert.rejects(shop.api.myOrders(token), { code: 'login_required' })
})

test('old-login: the profile of the getUserInfo button comes along, and a refusal logs in without it', async () => {
  const phone = new SimulatedPhone(shop, '小强')
  const fenpay = start(phone.wx, shop.server.url)
  await onLoad(fenpay)
  // The button's data after the code, without another wx.login: as WeChat gives them, of one session key.
  const detail = await shop.wechat.login(appidOf(shop.config), '小强', true)
  await logIn(fenpay, detail)
  const named = await shop.sql`select 1 from users where nickname = '小强'`
  assert.equal(named.length, 1)
  await logIn(start(new SimulatedPhone(shop, '小华').wx, shop.server.url), { errMsg: 'getUserInfo:fail auth deny' })
})
