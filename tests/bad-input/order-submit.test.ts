import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from './support/answer.ts'
import { withoutDatabase } from './support/order-number-cases.ts'
import { sendRaw } from './support/raw-http.ts'
import { startStage } from './support/stage.ts'
import { type Attack, testTable } from './support/test-table.ts'

const stage = await startStage({ env: { FENPAY_OPEN_ORDERS_MAX: '20' } })
const shopper = await stage.shopper()
const path = '/order/submit'
const submit = (json: unknown, headers: Record<string, string> = {}, { token } = shopper) =>
  send(stage.url, path, { token, json, headers })
const submitText = (body: string) =>
  send(stage.url, path, { token: shopper.token, body, headers: { 'content-type': 'application/json' } })
const item = (quantity: unknown, sku: unknown = 'beef-noodles') => ({ sku, quantity })
const one = { items: [item(1)] }

async function attackWithEach(attack: Attack, bodies: unknown[]): Promise<void> {
  for (const body of bodies) await attack(() => submit(body))
}

/** Quantities as they stand in the JSON text, which a number in a test may not be able to say. */
async function attackWithQuantities(attack: Attack, quantities: string[]): Promise<void> {
  for (const quantity of quantities) {
    await attack(() => submitText(`{"items":[{"sku":"beef-noodles","quantity":${quantity}}]}`))
  }
}

testTable('POST /order/submit', stage, {
  'A48-no-token': (attack) => attack(() => send(stage.url, path, { json: one })),
  'not-json': async (attack) => {
    for (const text of ['', '{"items":', 'items=1', '[1,2', '{"items":[{"sku":"beef-noodles","quantity":01}]}']) {
      await attack(() => submitText(text))
    }
  },
  'A6-utf8': (attack) =>
    attack(() =>
      send(stage.url, path, {
        token: shopper.token,
        body: Uint8Array.from([
          ...Buffer.from('{"items":[{"sku":"tea-egg","quantity":1}],"remark":"'),
          0xff,
          0x22,
          0x7d,
        ]),
        headers: { 'content-type': 'application/json' },
      }),
    ),
  'A13-type': async (attack) => {
    await attack(() => send(stage.url, path, { token: shopper.token, form: 'items[0][sku]=tea-egg' }))
    const headers = { 'content-type': 'text/xml' }
    await attack(() => send(stage.url, path, { token: shopper.token, body: '<xml/>', headers }))
  },
  'A27-price': (attack) =>
    attackWithEach(attack, [
      { items: [{ ...item(1), price_fen: 1 }] },
      { items: [{ ...item(1), amount_fen: 1 }] },
      { ...one, total_fen: 1 },
      { ...one, discount_fen: 3280 },
    ]),
  'A28-negative': (attack) => attackWithQuantities(attack, ['-1', '-5', '-0.0001', '-9007199254740993']),
  'A28-zero': (attack) => attackWithQuantities(attack, ['0', '-0', '0.0', '1e-400']),
  'A28-fraction': (attack) => attackWithQuantities(attack, ['1.5', '0.1', '1.0000000001', '1e-1']),
  'A28-huge': (attack) => attackWithQuantities(attack, ['1000', '1e3', '2147483648', '9007199254740992', '1e999']),
  'A28-nan': (attack) => attackWithQuantities(attack, ['NaN', 'Infinity', '+1', '0x1', '1_0', '１']),
  'A28-text': (attack) => attackWithQuantities(attack, ['"1"', '"１"', '"1e3"', '""', 'null', 'true', '[1]', '{}']),
  'A28-sum': (attack) => attackWithEach(attack, [{ items: [item(600), item(600)] }]),
  'A28-total': (attack) => {
    const skus = [
      'beef-noodles',
      'wonton-soup',
      'tomato-egg-noodles',
      'scallion-oil-noodles',
      'cucumber-salad',
      'tea-egg',
    ]
    return attackWithEach(attack, [{ items: skus.map((sku) => item(999, sku)) }])
  },
  'A32-more-fields': (attack) =>
    attackWithEach(attack, [
      { ...one, paid: true },
      { ...one, status: 'paid' },
      { ...one, user_id: '1' },
      { ...one, merchant_id: '1900000002' },
      { ...one, openid: 'oVictim' },
      { ...one, order_number: '0'.repeat(26) },
      { ...one, coupon: 'of somebody else' },
    ]),
  'A37-stock': async (attack) => {
    await stage.sql`update products set stock_total = stock_reserved + stock_sold + 3 where sku = 'soy-milk'`
    await attackWithEach(attack, [{ items: [item(1), item(4, 'soy-milk')] }])
  },
  'product-unknown': (attack) => attackWithEach(attack, [{ items: [item(1), item(1, 'zz-unknown')] }]),
  'product-withdrawn': async (attack) => {
    await stage.sql`update products set on_sale = false where sku = 'tea-egg'`
    await attackWithEach(attack, [{ items: [item(1, 'tea-egg')] }])
    await stage.sql`update products set on_sale = true where sku = 'tea-egg'`
  },
  'virtual-goods': async (attack) => {
    const [virtual] = await stage.sql<{ sku: string }[]>`select sku from products where kind = 'virtual'`
    await attackWithEach(attack, [{ items: [item(1), item(1, virtual?.sku)] }])
  },
  'items-missing': (attack) =>
    attackWithEach(attack, [{}, { items: [] }, { items: null }, { items: {} }, { items: [null] }, { items: [[]] }, []]),
  'items-many': (attack) => attackWithEach(attack, [{ items: Array.from({ length: 51 }, () => item(1)) }]),
  'A47-sku': (attack) =>
    attackWithEach(
      attack,
      ["'; drop table orders --", 'a b', '', 'x'.repeat(65), 7, ['tea-egg'], '茶叶蛋', 'tea-egg\u0000'].map((sku) => ({
        items: [item(1, sku)],
      })),
    ),
  'remark-long': (attack) => attackWithEach(attack, [{ ...one, remark: '长'.repeat(201) }]),
  'A61-remark': (attack) =>
    attackWithEach(
      attack,
      ['a\u0000b', 'a\u001b[31mb', 'a\u0008b', 'a\u007fb'].map((remark) => ({ ...one, remark })),
    ),
  'A6-remark': async (attack) => {
    await attack(() =>
      submitText('{"items":[{"sku":"tea-egg","quantity":1}],"remark":"half \\ud83c of a noodle bowl"}'),
    )
  },
  'A60-proto': async (attack) => {
    await attack(() => submitText('{"items":[{"sku":"tea-egg","quantity":1}],"__proto__":{"total_fen":1}}'))
    await attack(() => submitText('{"items":[{"sku":"tea-egg","quantity":1,"__proto__":{"price_fen":1}}]}'))
    await attack(() => submitText('{"items":[{"sku":"tea-egg","quantity":1}],"constructor":{"prototype":{"x":1}}}'))
  },
  'A60-depth': (attack) => attack(() => submitText(`{"items":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)),
  'A60-twice': async (attack) => {
    const answer = await attack(() => submitText('{"items":[{"sku":"beef-noodles","quantity":3,"quantity":1}]}'))
    const { order_number } = JSON.parse(answer.text) as { order_number: string }
    assert.equal((await shopper.show(order_number)).total_fen, 3280)
  },
  'body-large': (attack) => attackWithEach(attack, [{ ...one, remark: 'x'.repeat(70_000) }]),
  'key-malformed': async (attack) => {
    for (const key of ['two words', '', 'x'.repeat(129), 'schlüssel']) {
      await attack(() => submit(one, { 'idempotency-key': key }))
    }
    const body = JSON.stringify(one)
    const twice = 'Idempotency-Key: a\nIdempotency-Key: b\n'
    const head = `POST ${path} HTTP/1.1\nHost: shop\nAuthorization: ${shopper.token}\n${twice}`
    const rest = `Content-Type: application/json\nContent-Length: ${body.length}\n\n`
    await attack(() => sendRaw(stage.url, [head + rest, body]))
  },
  'key-reused': async (attack) => {
    const headers = { 'idempotency-key': 'one-key' }
    await submit(one, headers)
    await attack(() => submit({ items: [item(2)] }, headers))
    await attack(() => submit({ ...one, remark: 'and a spoon' }, headers))
  },
  'key-repeated': async (attack) => {
    const headers = { 'idempotency-key': 'another-key' }
    const first = await submit(one, headers)
    const again = await attack(() => submit(one, headers))
    assert.equal(again.text, first.text)
  },
  'A58-spam': async (attack) => {
    const spammer = await stage.shopper()
    for (let count = 0; count < stage.config.openOrdersMax; count++) await spammer.order('tea-egg', 1)
    await attack(() => submit(one, {}, spammer))
  },
  'database-stopped': (attack) => withoutDatabase(stage, () => attackWithEach(attack, [one])),
  'database-lost-midway': async (attack) => {
    await attack(async () => {
      const submitting = stage.sql.begin(async (tx) => {
        // The server waits for this lock in the middle of its transaction when its connection is cut.
        await tx`select 1 from products where sku = 'beef-noodles' for update`
        const answer = submit(one)
        await sleep(200)
        await stage.database.shut()
        return { answer }
      })
      const { answer } = await submitting
      const received = await answer
      await stage.database.open()
      return received
    })
  },
  'database-locked': (attack) =>
    attack(() =>
      stage.sql.begin(async (tx) => {
        await tx`select 1 from products where sku = 'beef-noodles' for update`
        return submit(one)
      }),
    ),
})
