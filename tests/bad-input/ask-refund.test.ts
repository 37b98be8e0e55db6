import { hireStaff } from '../support/staff.ts'
import { send } from './support/answer.ts'
import { guessedNumber, withoutDatabase } from './support/order-number-cases.ts'
import { paidAtWeChat, startStage } from './support/stage.ts'
import { type Attack, testTable } from './support/test-table.ts'

const stage = await startStage()
const shopper = await stage.shopper()
const staff = hireStaff(stage)
const path = '/my/orders/ask_refund'
const ask = (json: unknown, { token } = shopper) => send(stage.url, path, { token, json })
const asJson = (body: string | Uint8Array<ArrayBuffer>) =>
  send(stage.url, path, { token: shopper.token, body, headers: { 'content-type': 'application/json' } })
const pieces = (quantity: unknown, sku: unknown = 'beef-noodles') => ({ sku, quantity })
const reason = '点错了'

/** An order of two bowls that is paid, here and at WeChat. */
async function paidOrder(buyer = shopper): Promise<string> {
  const { orderNumber } = await paidAtWeChat(stage, buyer)
  await buyer.check(orderNumber)
  return orderNumber
}

/** Asks with each of these for the same paid order. */
async function attackWithEach(attack: Attack, wishes: Record<string, unknown>[]): Promise<void> {
  const order_number = await paidOrder()
  for (const wish of wishes) await attack(() => ask({ order_number, reason, ...wish }))
}

testTable('POST /my/orders/ask_refund', stage, {
  'A48-no-token': async (attack) => {
    const order_number = await paidOrder()
    await attack(() => send(stage.url, path, { json: { order_number, reason } }))
  },
  'not-json': async (attack) => {
    const order_number = await paidOrder()
    for (const text of ['', `{"order_number":"${order_number}","reason":`, `order_number=${order_number}`]) {
      await attack(() => asJson(text))
    }
  },
  'A6-utf8': async (attack) => {
    const order_number = await paidOrder()
    const start = Buffer.from(`{"order_number":"${order_number}","reason":"`)
    await attack(() => asJson(Uint8Array.from([...start, 0xff, 0x22, 0x7d])))
  },
  'A13-type': async (attack) => {
    const order_number = await paidOrder()
    const xml = `<xml><order_number>${order_number}</order_number><reason>x</reason></xml>`
    for (const type of ['text/xml', 'text/plain']) {
      const headers = { 'content-type': type }
      await attack(() => send(stage.url, path, { token: shopper.token, body: xml, headers }))
    }
  },
  'A60-proto': async (attack) => {
    const order_number = await paidOrder()
    for (const more of ['"__proto__":{"user_id":"1"}', '"items":[{"constructor":{"prototype":{"sku":"tea-egg"}}}]']) {
      await attack(() => asJson(`{"order_number":"${order_number}","reason":"x",${more}}`))
    }
  },
  'A32-more-fields': (attack) =>
    attackWithEach(attack, [
      { amount_fen: 1 },
      { refund_fen: 9_999_999 },
      { status: 'accepted' },
      { user_id: '1' },
      { merchant_id: '1900000002' },
      { openid: 'oVictim' },
      { refund_number: '0'.repeat(26) },
      { items: [{ ...pieces(1), price_fen: 9_999_999 }] },
      { items: [{ ...pieces(1), amount_fen: 9_999_999 }] },
    ]),
  'body-missing': async (attack) => {
    const order_number = await paidOrder()
    for (const body of [{}, { reason }, { order_number }, [], null]) await attack(() => ask(body))
  },
  'body-large': (attack) => attackWithEach(attack, [{ reason: 'x'.repeat(70_000) }]),
  'number-malformed': async (attack) => {
    const number = await paidOrder()
    const numbers = ['', ` ${number}`, number.toLowerCase(), number.slice(1), `${number}0`, `${number}\n`, [number], 7]
    for (const order_number of [...numbers, "' or '1'='1", '\u0000'.repeat(26), { $gt: '' }]) {
      await attack(() => ask({ order_number, reason }))
    }
  },
  'reason-blank': (attack) =>
    attackWithEach(
      attack,
      ['', ' ', '\u3000', '\u00a0 '].map((blank) => ({ reason: blank })),
    ),
  'reason-long': (attack) => attackWithEach(attack, [{ reason: '长'.repeat(81) }]),
  'reason-type': (attack) =>
    attackWithEach(
      attack,
      [7, null, true, ['x'], {}].map((value) => ({ reason: value })),
    ),
  'A61-reason': (attack) =>
    attackWithEach(
      attack,
      ['a\nb', 'a\r\nb', 'a\u0000', '\u001b[31m', '\u007f'].map((text) => ({ reason: text })),
    ),
  'A6-reason': (attack) => attackWithEach(attack, [{ reason: '面\ud83c' }, { reason: '\udf5c面' }]),
  'items-none': (attack) =>
    attackWithEach(
      attack,
      [[], {}, '1', null, [null], ['x'], [[]]].map((items) => ({ items })),
    ),
  'items-many': (attack) => attackWithEach(attack, [{ items: Array.from({ length: 51 }, () => pieces(1)) }]),
  'A28-quantity': (attack) =>
    attackWithEach(
      attack,
      [-1, 0, 1.5, 1000, 2 ** 53, '1', null, [1]].map((quantity) => ({ items: [pieces(quantity)] })),
    ),
  'A47-sku': (attack) =>
    attackWithEach(
      attack,
      ["' or 1=1 --", '', 'a b', 'a\u0000', 7, ['tea-egg'], null].map((sku) => ({ items: [pieces(1, sku)] })),
    ),
  'A34-guess': (attack) => attack(() => ask({ order_number: guessedNumber, reason })),
  'A33-order-of-another': async (attack) => {
    const order_number = await paidOrder(await stage.shopper())
    await attack(() => ask({ order_number, reason }))
    await attack(() => ask({ order_number, reason, items: [pieces(1)] }))
  },
  'order-unpaid': async (attack) => {
    const order_number = await shopper.order()
    await attack(() => ask({ order_number, reason }))
  },
  'order-closed': async (attack) => {
    const order_number = await shopper.order()
    await shopper.api.cancelOrder(shopper.token, order_number)
    await attack(() => ask({ order_number, reason }))
  },
  'item-of-no-line': (attack) =>
    attackWithEach(attack, [{ items: [pieces(1, 'tea-egg')] }, { items: [pieces(1), pieces(1, 'no-such-thing')] }]),
  'A28-too-many': (attack) =>
    attackWithEach(attack, [{ items: [pieces(3)] }, { items: [pieces(2), pieces(1)] }, { items: [pieces(999)] }]),
  'I10-held': async (attack) => {
    const order_number = await paidOrder()
    await ask({ order_number, reason, items: [pieces(1)] })
    await staff.accept(order_number)
    await attack(() => ask({ order_number, reason, items: [pieces(2)] }))
  },
  'I10-nothing-left': async (attack) => {
    const order_number = await paidOrder()
    await ask({ order_number, reason })
    await staff.accept(order_number)
    await attack(() => ask({ order_number, reason }))
    await attack(() => ask({ order_number, reason, items: [pieces(1)] }))
  },
  twice: async (attack) => {
    const order_number = await paidOrder()
    await ask({ order_number, reason, items: [pieces(1)] })
    await attack(() => ask({ order_number, reason, items: [pieces(1)] }))
    await attack(() => ask({ order_number, reason }))
  },
  'database-stopped': async (attack) => {
    const order_number = await paidOrder()
    await withoutDatabase(stage, () => attack(() => ask({ order_number, reason })))
  },
})
