/** Issue 4, point 2: what an operator sees and does, by the command line, against a real database and WeChat. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { until } from '../../scripts/until.ts'
import { payLate } from '../support/pay-late.ts'
import { sendToOwnCard } from '../support/send-to-own-card.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'
import { hireOperator, tells } from './operator.ts'

const shop = await startTimedShop()
const { fenpay, order, checks } = hireOperator(shop)
const nobodyHasToAct = 'No open flag: nobody has to do anything.'

/** Waits until the notification of a payment is on the order's screen: WeChat tells it by itself. */
function told(number: string, what: string): Promise<void> {
  return until(what, async () => (await order(number)).screen.includes(what))
}

async function bought(): Promise<{ shopper: Shopper; number: string }> {
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.buy()
  assert.equal((await shopper.check(number)).status, 'paid')
  return { shopper, number }
}

/** Somebody closes the live attempt in the merchant platform. */
async function closeAtWeChat(number: string): Promise<void> {
  const { merchant } = shop.config
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  const calls = {
    clock: Date.now,
    baseUrls: [shop.wechat.url],
    random: Math.random,
    nonce: () => randomBytes(16).toString('hex'),
  }
  const store = createStore(shop.sql, { random: Math.random })
  const attempt = await store.reads.liveAttempt(merchant.merchantId, number)
  assert.ok(attempt)
  const { payment } = createWeChatGateway(merchants, calls)
  assert.equal((await payment.close(attempt)).outcome, 'closed')
}

test('a part and the rest are refunded, once more is refused with the reason, and the key makes no second one (F77)', async () => {
  const { number } = await bought()
  const part = ['refund', number, '--amount', '10.00', '--reason', '面凉了', '--key', 'k1', '--yes']
  const first = await fenpay(...part)
  assert.equal(first.code, 0, first.err)
  const again = await fenpay(...part)
  const made = /Refund (\w+) over ¥10\.00 is recorded\./
  assert.equal(made.exec(again.out)?.[1], made.exec(first.out)?.[1])
  assert.match((await fenpay('refund', number, '--reason', '面凉了', '--yes')).err, /^refund_too_soon: /)
  assert.equal((await order(number)).sum.held, 1000)
  await shop.passTime(120)
  assert.deepEqual((await order(number)).sum, { paid: 6560, back: 1000, held: 0, suspense: 0, left: 5560 })
  assert.equal((await fenpay('refund', number, '--reason', '全退', '--yes')).code, 0)
  await shop.passTime(120)
  const { screen, sum } = await order(number)
  assert.deepEqual(sum, { paid: 6560, back: 6560, held: 0, suspense: 0, left: 0 })
  tells(
    screen,
    '  attempt 1    WeChat is ready to take the money',
    /payment {6}WeChat took ¥65\.60 at .*; it pays the order/,
    'debit wechat_receivable ¥65.60, credit revenue ¥65.60',
    'order        paid (pending → paid)',
    /refund 1 {5}¥10\.00; now: succeeded.* “面凉了”, decided by eve \(staff\)/,
    'debit refunds ¥10.00, credit refunds_in_transit ¥10.00',
    'refund 1     the user has the money',
    /refund 2 {5}¥55\.60; now: succeeded.* “全退”, decided by eve \(staff\)/,
    'refund 2     the user has the money',
    nobodyHasToAct,
  )
  const refused = await fenpay('refund', number, '--amount', '0.01', '--reason', '再退', '--yes')
  assert.equal(refused.code, 1)
  assert.match(
    refused.err,
    /^refund_exceeds_payment: .* took ¥65\.60; there are 2 refunds of it over ¥65\.60 in all; ¥0\.00 is left\.\n {2}What to do: /,
  )
  await checks()
})

test('who pays in the moment of the close has paid, and the order says so (F20)', async () => {
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.order()
  await shopper.prepay(number)
  await shopper.api.cancelOrder(shopper.token, number)
  const waiting = await order(number)
  assert.deepEqual(waiting.sum, { paid: 0, back: 0, held: 0, suspense: 0, left: 0 })
  tells(waiting.screen, 'closing', 'closes when WeChat confirms it; a payment still counts', 'WeChat took nothing')
  await shop.wechat.fault('close.paid-before')
  await shop.passTime(6 * 60)
  const { screen, sum } = await order(number)
  assert.deepEqual(sum, { paid: 6560, back: 0, held: 0, suspense: 0, left: 6560 })
  tells(
    screen,
    'order        cancelled by the user (pending → closing)',
    /payment {6}WeChat took ¥65\.60/,
    'order        paid (closing → paid)',
    nobodyHasToAct,
  )
  assert.doesNotMatch(screen, /stock is free again/)
  await checks()
})

test('an order that nobody pays expires, with its stock free again and no fen anywhere', async () => {
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.order()
  await shopper.prepay(number)
  await shop.passTime(40 * 60)
  const { screen, sum } = await order(number)
  assert.deepEqual(sum, { paid: 0, back: 0, held: 0, suspense: 0, left: 0 })
  tells(
    screen,
    / closed\n/,
    'attempt 1    WeChat has closed it',
    'order        closed, and its stock is free again (pending → closed); the time to pay it was over',
    nobodyHasToAct,
    'WeChat took nothing',
  )
  await checks()
})

test('money that comes after the close is flagged, given back by itself, and explained (F22)', async () => {
  const number = await payLate(shop)
  await told(number, 'late payment')
  const known = await order(number)
  assert.deepEqual(known.sum, { paid: 6560, back: 0, held: 6560, suspense: 0, left: 0 })
  tells(
    known.screen,
    'WHAT A PERSON MUST DO',
    'WeChat took money for an order that was closed.',
    'to do: Nothing: it is being given back.',
  )
  tells((await fenpay('flags')).out, 'late_payment', 'amount ¥65.60', 'to do: Nothing: it is being given back.')
  await shop.passTime(60)
  const { screen, sum } = await order(number)
  assert.deepEqual(sum, { paid: 6560, back: 6560, held: 0, suspense: 0, left: 0 })
  tells(
    screen,
    'order        closed, and its stock is free again (closing → closed); as the user wished',
    /payment {6}WeChat took ¥65\.60 at .*; it was put in suspense: late payment/,
    'debit wechat_receivable ¥65.60, credit suspense ¥65.60',
    'flag         late_payment raised',
    'decided by Fenpay, by its rule for late and double payments',
    'refund 1     the user has the money',
    'flag         late_payment settled by Fenpay: refunded',
    nobodyHasToAct,
  )
  await checks()
})

test('of two payments of one order the second is flagged, given back by itself, and explained (F24)', async () => {
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.order()
  const first = await shopper.prepay(number)
  await shop.skip(6 * 60)
  await closeAtWeChat(number)
  await shopper.check(number)
  await shopper.pay(await shopper.prepay(number))
  assert.equal((await shopper.check(number)).status, 'paid')
  await shop.wechat.fault('pay.after-close')
  await shopper.pay(first)
  await told(number, 'duplicate payment')
  assert.deepEqual((await order(number)).sum, { paid: 13120, back: 0, held: 6560, suspense: 0, left: 6560 })
  tells((await fenpay('flags')).out, 'duplicate_payment', 'WeChat took money twice for one order.', 'to do: Nothing')
  await shop.passTime(60)
  const { screen, sum } = await order(number)
  assert.deepEqual(sum, { paid: 13120, back: 6560, held: 0, suspense: 0, left: 6560 })
  tells(
    screen,
    'attempt 1    WeChat has closed it',
    'attempt 2    WeChat is ready to take the money',
    'order        paid (pending → paid)',
    nobodyHasToAct,
    'what WeChat took, in 2 payments',
  )
  // WeChat's clock dates a payment, to the second: which of the two lines comes first is no promise.
  tells(
    screen,
    /payment {6}WeChat took ¥65\.60 at .*; it was put in suspense: duplicate payment/,
    'debit wechat_receivable ¥65.60, credit suspense ¥65.60',
    'flag         duplicate_payment raised',
    /refund 1 {5}¥65\.60; now: succeeded, .* of transaction_id 42/,
    'refund 1     the user has the money',
    'flag         duplicate_payment settled by Fenpay: refunded',
  )
  assert.match((await fenpay('payments')).out, new RegExp(`¥65\\.60 +¥65\\.60 .* duplicate payment ${number}`))
  await checks()
})

test('with every notification dropped for an hour, orders are paid and refunds end all the same (F1, F30, P1)', async () => {
  await shop.wechat.fault('notify.drop', { seconds: 60 * 60 })
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.buy()
  await shop.passTime(2 * 60)
  const paid = await order(number)
  assert.deepEqual(paid.sum, { paid: 6560, back: 0, held: 0, suspense: 0, left: 6560 })
  tells(paid.screen, 'known by asking WeChat', 'order        paid (pending → paid); found by asking WeChat')
  assert.equal((await fenpay('refund', number, '--item', 'beef-noodles', '--reason', '少一碗', '--yes')).code, 0)
  await shop.passTime(50 * 60)
  const { screen, sum } = await order(number)
  assert.deepEqual(sum, { paid: 6560, back: 3280, held: 0, suspense: 0, left: 3280 })
  tells(
    screen,
    /beef-noodles .* ¥65\.60 +1\n/,
    /refund 1 {5}¥32\.80 for 1 × beef-noodles; now: succeeded/,
    'refund 1     the user has the money; found by asking WeChat',
    nobodyHasToAct,
  )
  assert.doesNotMatch(screen, /notification from WeChat/)
  await shop.wechat.clearFaults()
  await shop.passTime(3 * 60 * 60)
  await told(number, 'repeated; it was known already')
  assert.deepEqual((await order(number)).sum, sum)
  await checks()
})

test('of an abnormal refund that WeChat then paid out it is not said that the user has the money (F28)', async () => {
  const { number } = await bought()
  await shop.wechat.fault('refund.abnormal')
  assert.equal((await fenpay('refund', number, '--reason', '面凉了', '--yes')).code, 0)
  await shop.passTime(60)
  const { screen: abnormal } = await order(number)
  tells(abnormal, 'refund 1     WeChat could not deliver the money', /to your own\s+card\s+there\s+ends as succeeded/)
  const [, refundNumber = ''] = /number (\w{26}), after/.exec(abnormal) ?? []
  await sendToOwnCard(shop, refundNumber)
  await shop.passTime(3 * 60 * 60)
  const { screen, sum } = await order(number)
  assert.equal(sum.back, 6560)
  tells(
    screen.slice(screen.indexOf('could not deliver')),
    "to the user, or to the merchant's card if that was chosen there",
    nobodyHasToAct,
  )
  assert.doesNotMatch(screen, /the user has the money/)
  await checks()
})

test('whoever is asked and says no has given nothing back; whoever cannot be asked says --yes', async () => {
  const { number } = await bought()
  const wish = ['refund', number, '--amount', '10.00', '--reason', 'x']
  const silent = await fenpay(...wish)
  assert.deepEqual([silent.code, silent.err], [2, 'wrong_use: There is nobody to ask.\n  What to do: Add --yes.\n'])
  const refusing = await hireOperator(shop, { answer: false }).fenpay(...wish)
  assert.equal(refusing.code, 1)
  assert.match(refusing.out, /left ¥65\.60\.\nTo be given back now: ¥10\.00, “x”\.\n$/)
  assert.match(refusing.err, /^not_confirmed: Nothing was done\./)
  assert.deepEqual((await order(number)).sum, { paid: 6560, back: 0, held: 0, suspense: 0, left: 6560 })
  assert.equal((await hireOperator(shop, { answer: true }).fenpay(...wish)).code, 0)
  assert.equal((await order(number)).sum.held, 1000)
})

test('every list is readable and is JSON on demand', async () => {
  for (const name of [
    'orders',
    'payments',
    'refunds',
    'flags',
    'refund-requests',
    'webhooks',
    'webhook-deliveries',
    'outbox',
    'ledger',
    'check',
  ])
    for (const args of [[name], [name, '--json']]) {
      const { code, out, err } = await fenpay(...args)
      assert.equal(code, 0, `${args.join(' ')}: ${err}`)
      if (args.length === 2) assert.equal(typeof JSON.parse(out), 'object')
    }
})
