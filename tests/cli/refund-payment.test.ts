/** Money in suspense goes back in part, too: decision 0021. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { payLate } from '../support/pay-late.ts'
import { startTimedShop } from '../support/timed-shop.ts'
import { hireOperator } from './operator.ts'

const shop = await startTimedShop()
const { fenpay, order, checks } = hireOperator(shop)

/** Paid after the close, and WeChat gave up what Fenpay would have given back by itself: a person decides. */
async function latePayment(): Promise<{ number: string; transactionId: string }> {
  const number = await payLate(shop, 'refund.closed')
  await shop.passTime(120)
  const [payment] = await shop.sql<{ transaction_id: string }[]>`
    select transaction_id from payments where order_number = ${number}`
  assert.ok(payment)
  return { number, transactionId: payment.transaction_id }
}

const openFlags = async (transactionId: string) => {
  const rows = await shop.sql<{ kind: string }[]>`
    select kind from flags where subject_id = ${transactionId} and resolved_at is null`
  return rows.map(({ kind }) => kind)
}

test('a part of it goes back and its flag stays; with the rest the flag is over, and more than is left is refused (I10)', async () => {
  const { number, transactionId } = await latePayment()
  const refund = (...rest: string[]) => fenpay('refund-payment', transactionId, '--reason', '误付', '--yes', ...rest)
  const tooMuch = await refund('--amount', '65.61')
  assert.equal(tooMuch.code, 1)
  assert.match(
    tooMuch.err,
    /^refund_exceeds_payment: .* The payment took ¥65\.60; .* ¥65\.60 is left\.\n {2}What to do: /,
  )
  assert.equal((await refund('--amount', '65')).code, 2)
  const part = await refund('--amount', '60.00')
  assert.equal(part.code, 0, part.err)
  assert.match(part.out, /in suspense \(late payment\): paid ¥65\.60, given back ¥0\.00, .*, left ¥65\.60\.\n/)
  assert.match(part.out, /To be given back now: ¥60\.00, “误付”\.\nRefund \w+ over ¥60\.00 is recorded\./)
  await shop.passTime(120)
  assert.deepEqual((await order(number)).sum, { paid: 6560, back: 6000, held: 0, suspense: 560, left: 0 })
  assert.deepEqual(await openFlags(transactionId), ['late_payment'])
  const tooMuchAfter = await refund('--amount', '5.61')
  assert.match(tooMuchAfter.err, /^refund_exceeds_payment: .* ¥5\.60 is left\./)
  const rest = await refund()
  assert.match(rest.out, /given back ¥60\.00, held ¥0\.00, left ¥5\.60\.\nTo be given back now: ¥5\.60, /)
  await shop.passTime(120)
  assert.deepEqual((await order(number)).sum, { paid: 6560, back: 6560, held: 0, suspense: 0, left: 0 })
  assert.deepEqual(await openFlags(transactionId), [])
  assert.match((await refund()).err, /^refund_exceeds_payment: .* ¥0\.00 is left\./)
  await checks()
})

test('the same part under the same key is the same refund, and another one under it is refused (F77)', async () => {
  const { number, transactionId } = await latePayment()
  const part = (yuan: string) =>
    fenpay('refund-payment', transactionId, '--amount', yuan, '--reason', '误付', '--key', 'k1', '--yes')
  const first = await part('10.00')
  await shop.passTime(120)
  const again = await part('10.00')
  assert.deepEqual([first.code, again.code], [0, 0], first.err + again.err)
  const made = /Refund (\w+) over ¥10\.00 is recorded\./
  assert.equal(made.exec(again.out)?.[1], made.exec(first.out)?.[1])
  assert.match((await part('20.00')).err, /^idempotency_key_reused: /)
  assert.equal((await order(number)).sum.back, 1000)
  await checks()
})
