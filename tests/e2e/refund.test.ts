/** Money comes back by touch, in a real browser: a user asks, the merchant's staff answer, the order's page tells. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { movableWorld } from '../bad-input/support/world.ts'
import { hireStaff } from '../support/staff.ts'
import { type Hand, openCounter } from './hand.ts'

const world = movableWorld()
const { shop, hand: newHand } = await openCounter({ world, sweepPauseMs: 100 })
const staff = hireStaff(shop, world)
const hands: Hand[] = []
afterEach(() => {
  for (const hand of hands.splice(0)) {
    assert.deepEqual(hand.complaints, [], 'no console error anywhere')
    assert.deepEqual(hand.strangers, [], 'nothing is loaded from elsewhere')
  }
})

async function take(user: string): Promise<Hand> {
  const hand = await newHand(user)
  hands.push(hand)
  return hand
}

/** Two bowls and an egg, paid; the order's page is open. @returns the order's number */
async function buys(hand: Hand): Promise<string> {
  await hand.puts('beef-noodles', 2)
  await hand.puts('tea-egg')
  await hand.tap('[data-test="checkout"]')
  await hand.tap('[data-test="submit"]')
  await hand.sees('.mp-pay')
  await hand.pays()
  await hand.result('paid')
  await hand.tap('[data-test="open-order"]')
  await hand.sees('[data-test="ask-refund"]')
  const [order] = await shop.sql<{ order_number: string }[]>`
    select order_number from orders order by created_at desc limit 1`
  assert.ok(order)
  return order.order_number
}

async function pullsDown({ page }: Hand): Promise<void> {
  await page.mouse.move(190, 160)
  await page.mouse.down()
  await page.mouse.move(190, 420, { steps: 8 })
  await page.mouse.up()
}

/** Pulls down until the page tells a refund, or a request, in this state. */
async function learns(hand: Hand, status: string): Promise<void> {
  const told = hand.page.locator(`[data-test="refund"][data-status="${status}"] >> visible=true`)
  for (let pulls = 0; pulls < 30 && (await told.count()) === 0; pulls++) {
    await pullsDown(hand)
    await hand.page.waitForTimeout(500)
  }
  assert.equal(await told.count(), 1, `the page never told ${status}`)
}

const headline = (hand: Hand) => hand.reads('[data-test="order-status"]')

test('one bowl is asked back, the staff accept, and the money comes back; the rest is declined, with a word', async () => {
  const hand = await take('退款的人')
  const orderNumber = await buys(hand)

  await hand.tap('[data-test="ask-refund"]')
  await hand.tap('[data-test="way-1"]')
  await hand.tap('[data-test="refund-line-beef-noodles"] [data-test="more"]')
  assert.match(await hand.reads('[data-test="refund-amount"]'), /32\.80/)
  await hand.tap('[data-test="reason-4"]')
  await hand.page.locator('[data-test="refund-words"] textarea >> visible=true').fill('面坨了')
  await hand.tap('[data-test="refund-submit"]')
  await hand.tap('.mp-modal .mp-confirm')
  await hand.sees('[data-test="refund"][data-status="待商家处理"]')
  assert.equal(await headline(hand), '退款申请中')

  await shop.wechat.fault('call.system-error', { seconds: 3600, match: { path: '/v3/refund/domestic/refunds' } })
  await staff.accept(orderNumber, '不好意思，已为您退款')
  await learns(hand, '商家已同意')
  await hand.sees('[data-test="refund"][data-status="等待微信受理"]')
  await shop.wechat.clearFaults()
  world.advance(60)
  await learns(hand, '退款中')
  await shop.wechat.advance(24 * 60 * 60)
  world.advance(60)
  await learns(hand, '已退款')
  assert.match(
    await hand.reads('[data-test="refund"][data-status="已退款"]'),
    /32\.80已原路退回.*红烧牛肉面 × 1.*菜品有问题：面坨了/,
  )
  assert.match(await hand.reads('[data-test="refunded"]'), /32\.80/)
  assert.equal(await headline(hand), '部分退款')
  const { refunds } = await shop.wechat.control<{ refunds: { amount: number; status: string }[] }>('/_sim/books')
  assert.deepEqual(
    refunds.map(({ amount, status }) => [amount, status]),
    [[3280, 'SUCCESS']],
  )

  await hand.tap('[data-test="ask-refund"]')
  await hand.sees('[data-test="refund-submit"]')
  assert.match(await hand.reads('[data-test="refund-amount"]'), /35\.80/)
  await hand.tap('[data-test="reason-2"]')
  await hand.tap('[data-test="refund-submit"]')
  await hand.tap('.mp-modal .mp-confirm')
  await hand.sees('[data-test="refund"][data-status="待商家处理"]')
  await staff.decline(orderNumber, '面已经吃完了，下次给您打折')
  await learns(hand, '商家未同意')
  assert.match(await hand.reads('[data-test="refund-answer"]'), /下次给您打折/)
  assert.equal(await headline(hand), '部分退款')
})

test('everything is asked back and comes back; nothing is left to ask for, and the list says so', async () => {
  const hand = await take('全退的人')
  const orderNumber = await buys(hand)
  await hand.tap('[data-test="ask-refund"]')
  await hand.tap('[data-test="reason-0"]')
  assert.match(await hand.reads('[data-test="refund-amount"]'), /68\.60/)
  await hand.tap('[data-test="refund-submit"]')
  await hand.tap('.mp-modal .mp-confirm')
  await hand.sees('[data-test="refund"][data-status="待商家处理"]')
  await staff.accept(orderNumber)
  world.advance(60)
  await shop.wechat.advance(60)
  for (let tries = 0; tries < 100 && (await statusOf(orderNumber)) !== 'processing'; tries++) {
    await hand.page.waitForTimeout(100)
  }
  await shop.wechat.advance(24 * 60 * 60)
  world.advance(60)
  await learns(hand, '已退款')
  assert.equal(await headline(hand), '已退款')
  assert.equal(await hand.page.locator('[data-test="ask-refund"] >> visible=true').count(), 0)
  await hand.page.evaluate("window.postMessage({ type: 'fenpay-phone', do: 'relaunch' }, location.origin)")
  await hand.sees('[data-test="dish-beef-noodles"]')
  await hand.tap('text=订单')
  await hand.sees('text=已退款')
})

test('offline when the request is sent: it says so, and the second tap makes the one request', async () => {
  const hand = await take('隧道里的人')
  const orderNumber = await buys(hand)
  await hand.tap('[data-test="ask-refund"]')
  await hand.tap('[data-test="refund-submit"]')
  await hand.sees('text=请选择退款原因')
  await hand.tap('[data-test="reason-1"]')
  await hand.sets({ online: false })
  await hand.tap('[data-test="refund-submit"]')
  await hand.tap('.mp-modal .mp-confirm')
  await hand.sees('text=网络不可用')
  await hand.sets({ online: true })
  await hand.tap('text=知道了')
  await hand.tap('[data-test="refund-submit"]')
  await hand.tap('.mp-modal .mp-confirm')
  await hand.sees('[data-test="refund"][data-status="待商家处理"]')
  const requests = await shop.sql`select 1 from refund_requests where order_number = ${orderNumber}`
  assert.equal(requests.length, 1)
})

test('asked meanwhile from another phone: the refusal is told, and the order shows the request that is open', async () => {
  const hand = await take('两部手机的人')
  const orderNumber = await buys(hand)
  await hand.tap('[data-test="ask-refund"]')
  await hand.tap('[data-test="reason-0"]')
  const { code } = await shop.wechat.login(shop.config.merchant.apps[0]?.appid ?? '', '两部手机的人')
  const { token } = await shop.api.login({ code })
  await shop.api.askRefund(token, { order_number: orderNumber, reason: '不想要了' })
  await hand.tap('[data-test="refund-submit"]')
  await hand.tap('.mp-modal .mp-confirm')
  await hand.sees('text=您已经申请过退款')
  await hand.tap('text=知道了')
  await hand.tap('[data-test="empty-action"]')
  await hand.sees('[data-test="refund"][data-status="待商家处理"]')
})

async function statusOf(orderNumber: string): Promise<string | undefined> {
  const [refund] = await shop.sql<{ status: string }[]>`select status from refunds where order_number = ${orderNumber}`
  return refund?.status
}
