import { numberFromBytes } from '../../../apps/server/src/domain/number.ts'
import type { Shopper } from '../../support/shop.ts'
import { type Message, send } from './answer.ts'
import { sendRaw } from './raw-http.ts'
import { begunOrder, type Stage } from './stage.ts'
import type { Case } from './test-table.ts'

/** A number that could be an order's and is none's. */
export const guessedNumber = numberFromBytes(new Uint8Array(16).fill(7))

/** What the three addresses that take an `order_number` have in common. */
export function orderNumberCases(stage: Stage, path: string, shopper: Shopper): Record<string, Case> {
  const post = (message: Message) => send(stage.url, path, { token: shopper.token, ...message })
  const json = (body: unknown) => post({ json: body })
  const asJson = (body: string) => post({ body, headers: { 'content-type': 'application/json' } })
  return {
    'A48-no-token': async (attack) => {
      const order_number = await shopper.order()
      await attack(() => send(stage.url, path, { json: { order_number } }))
    },
    'not-json': (attack) => attack(() => asJson('{"order_number":')),
    'A6-utf8': (attack) => attack(() => post(formOfBytes(0xff, 0xfe))),
    'A13-type': async (attack) => {
      const order_number = await shopper.order()
      const xml = `<xml><order_number>${order_number}</order_number></xml>`
      for (const type of ['text/xml', 'text/plain']) {
        await attack(() => post({ body: xml, headers: { 'content-type': type } }))
      }
    },
    'A13-not-a-text': async (attack) => {
      const order_number = await shopper.order()
      for (const value of [[order_number], { $gt: '' }, 7, null, true])
        await attack(() => json({ order_number: value }))
      for (const form of [`order_number[]=${order_number}`, `order_number[0]=${order_number}`, 'order_number']) {
        await attack(() => post({ form }))
      }
    },
    'A57-twice': async (attack) => {
      const [mine, other] = [await shopper.order(), guessedNumber]
      await attack(() => post({ form: `order_number=${mine}&order_number=${other}` }))
      await attack(() => post({ form: `order_number=${mine}&order_number=${mine}` }))
    },
    'A57-two-tokens': async (attack) => {
      const other = await stage.shopper()
      const form = `order_number=${await shopper.order()}`
      for (const [first, second] of [
        [shopper.token, other.token],
        [shopper.token, shopper.token],
      ]) {
        const head = `POST ${path} HTTP/1.1\nHost: shop\nAuthorization: ${first}\nAuthorization: ${second}\n`
        const rest = `Content-Type: application/x-www-form-urlencoded\nContent-Length: ${form.length}\n\n`
        await attack(() => sendRaw(stage.url, [head + rest, form]))
      }
    },
    'A60-proto': async (attack) => {
      const number = JSON.stringify(await shopper.order())
      await attack(() => asJson(`{"order_number":${number},"__proto__":{"user_id":"1"}}`))
    },
    'A32-more-fields': async (attack) => {
      const order_number = await shopper.order()
      const more = [
        { status: 'paid' },
        { paid: true },
        { openid: 'oVictim' },
        { total_fen: 1 },
        { user_id: '1' },
        { paySign: 'A'.repeat(32), package: 'prepay_id=wx1' },
      ]
      for (const fields of more) await attack(() => json({ order_number, ...fields }))
      await attack(() => post({ form: `order_number=${order_number}&trade_state=SUCCESS` }))
    },
    'number-malformed': async (attack) => {
      const order_number = await shopper.order()
      const numbers = ['', `${order_number} `, order_number.toLowerCase(), order_number.slice(1), `${order_number}0`]
      const attacks = ["' or '1'='1", '\u0000'.repeat(26), '１'.repeat(26), '../../etc/passwd', `${order_number}\n`]
      for (const number of [...numbers, ...attacks]) await attack(() => json({ order_number: number }))
    },
    'body-missing': async (attack) => {
      await attack(() => json({}))
      await attack(() => post({ form: '' }))
      await attack(() => post({}))
    },
    'body-large': async (attack) => {
      await attack(() => post({ form: `order_number=${'A'.repeat(5_000)}` }))
      await attack(() => json({ order_number: 'A'.repeat(70_000) }))
    },
    'A34-guess': (attack) => attack(() => json({ order_number: guessedNumber })),
    'A33-order-of-another': async (attack) => {
      const { orderNumber } = await begunOrder(stage, await stage.shopper())
      await attack(() => json({ order_number: orderNumber }))
      await attack(() => post({ form: `order_number=${orderNumber}` }))
    },
    'database-stopped': async (attack) => {
      const { orderNumber } = await begunOrder(stage, shopper)
      await withoutDatabase(stage, () => attack(() => json({ order_number: orderNumber })))
    },
  }
}

function formOfBytes(...bytes: number[]): Message {
  const body = Uint8Array.from([...Buffer.from('order_number='), ...bytes])
  return { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
}

/** Runs `work` while the server has no database, and waits until it has one again. */
export async function withoutDatabase<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result> {
  await stage.database.shut()
  try {
    return await work()
  } finally {
    await stage.database.open()
    while ((await send(stage.url, '/readyz', { method: 'GET' })).status !== 200);
  }
}
