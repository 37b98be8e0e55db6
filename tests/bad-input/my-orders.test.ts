import assert from 'node:assert/strict'
import { send } from './support/answer.ts'
import { guessedNumber, withoutDatabase } from './support/order-number-cases.ts'
import { sendRaw } from './support/raw-http.ts'
import { startStage } from './support/stage.ts'
import { type Attack, testTable } from './support/test-table.ts'
import { movableWorld } from './support/world.ts'

const clock = movableWorld()
const stage = await startStage({ payApi: 'v2-md5', world: clock })
const shopper = await stage.shopper()
const day = 24 * 60 * 60
const get = (path: string, token: string | undefined = shopper.token) => send(stage.url, path, { method: 'GET', token })

const cursor = (text: string) => `cursor=${Buffer.from(text).toString('base64url')}`

testTable('GET /my/orders', stage, {
  'A48-no-token': async (attack) => {
    await attack(() => send(stage.url, '/my/orders', { method: 'GET' }))
    for (const token of ['', ' ', 'Bearer', 'Bearer ', 'null', 'undefined'])
      await attack(() => get('/my/orders', token))
  },
  'A42-no-session-token': async (attack) => {
    const [merchantId, secret] = shopper.token.split('.')
    const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'
    const tokens = [
      jwt,
      `Basic ${Buffer.from('admin:admin').toString('base64')}`,
      `${merchantId}.${'A'.repeat(43)}`,
      `1900000002.${secret}`,
      `${merchantId}.${secret?.toLowerCase()}`,
      `${shopper.token}=`,
      `${shopper.token},${shopper.token}`,
      `Bearer Bearer ${shopper.token}`,
      'x'.repeat(8_000),
    ]
    for (const token of tokens) await attack(() => get('/my/orders', token))
  },
  'A57-token-elsewhere': async (attack) => {
    await attack(() => send(stage.url, `/my/orders?token=${shopper.token}`, { method: 'GET' }))
    const headers = { cookie: `token=${shopper.token}`, 'x-authorization': shopper.token }
    await attack(() => send(stage.url, '/my/orders', { method: 'GET', headers }))
  },
  'A57-two-tokens': async (attack) => {
    const line = `Authorization: ${shopper.token}\n`
    await attack(() => sendRaw(stage.url, [`GET /my/orders HTTP/1.1\nHost: shop\n${line}${line}\n`]))
  },
  'A43-logged-out': async (attack) => {
    const { token } = await stage.shopper()
    await send(stage.url, '/users/logout', { token })
    await attack(() => get('/my/orders', token))
    await attack(() => get('/my/orders', `Bearer ${token}`))
  },
  'A43-idle': async (attack) => {
    const { token } = await stage.shopper()
    clock.advance(7 * day)
    await attack(() => get('/my/orders', token))
  },
  'A43-absolute': async (attack) => {
    const { token } = await stage.shopper()
    for (let used = 0; used < 5; used++) {
      clock.advance(6 * day - 1)
      assert.equal((await get('/my/orders', token)).status, 200, `after ${6 * (used + 1)} days of use`)
    }
    clock.advance(5)
    await attack(() => get('/my/orders', token))
  },
  'limit-wrong': async (attack) => {
    const fresh = await stage.shopper()
    for (const limit of ['0', '51', '-1', '1e1', '1.0', ' 1', '０', 'NaN', '9007199254740993', '']) {
      await attack(() => get(`/my/orders?limit=${encodeURIComponent(limit)}`, fresh.token))
    }
  },
  'A47-status': async (attack) => {
    const fresh = await stage.shopper()
    for (const status of ['PAID', "paid' or '1'='1", '', 'all']) {
      await attack(() => get(`/my/orders?status=${encodeURIComponent(status)}`, fresh.token))
    }
  },
  'A57-twice': (attack) => withFreshToken(attack, ['limit=1&limit=2', 'status=paid&status=paid', 'limit[]=1']),
  'A32-more-fields': (attack) =>
    withFreshToken(attack, ['user_id=1', 'merchant_id=1900000002', 'sort=total_fen', '__proto__=1', 'constructor=1']),
  'cursor-wrong': (attack) =>
    withFreshToken(attack, [
      'cursor=!',
      'cursor=AAAA',
      `cursor=${'A'.repeat(129)}`,
      cursor(`2026-13-01T00:00:00.000Z ${guessedNumber}`),
      cursor(`0000-01-01T00:00:00.000Z ${guessedNumber}`),
      cursor(`2026-01-01T00:00:00.000Z ' or 1=1 --`),
      cursor(`${'\0'.repeat(24)} ${guessedNumber}`),
      cursor(`2026-01-01T00:00:00.000Z ${guessedNumber}\n`),
    ]),
  'A33-cursor-of-another': async (attack) => {
    const [mine, theirs] = [await stage.shopper(), await stage.shopper()]
    const own = await mine.order()
    for (let count = 0; count < 2; count++) await theirs.order()
    const { next_cursor } = await stage.api.myOrders(theirs.token, { limit: '1' })
    const answer = await attack(() => get(`/my/orders?cursor=${next_cursor}`, mine.token))
    const { orders } = JSON.parse(answer.text) as { orders: { order_number: string }[] }
    assert.deepEqual(
      orders.map((order) => order.order_number),
      [own],
    )
  },
  'database-stopped': async (attack) => {
    const { token } = await stage.shopper()
    await withoutDatabase(stage, () => attack(() => get('/my/orders', token)))
  },
})

async function withFreshToken(attack: Attack, queries: string[]): Promise<void> {
  const { token } = await stage.shopper()
  for (const query of queries) await attack(() => get(`/my/orders?${query}`, token))
}

testTable('GET /my/orders/:order_number', stage, {
  'A48-no-token': async (attack) => {
    const orderNumber = await (await stage.shopper()).order()
    await attack(() => send(stage.url, `/my/orders/${orderNumber}`, { method: 'GET' }))
  },
  'number-malformed': async (attack) => {
    const { token } = await stage.shopper()
    const numbers = [
      '1',
      guessedNumber.toLowerCase(),
      `${guessedNumber}0`,
      "' or 1=1 --",
      '\0'.repeat(26),
      '../products',
    ]
    for (const number of numbers) await attack(() => get(`/my/orders/${encodeURIComponent(number)}`, token))
  },
  'A34-guess': async (attack) => {
    const { token } = await stage.shopper()
    await attack(() => get(`/my/orders/${guessedNumber}`, token))
  },
  'A33-order-of-another': async (attack) => {
    const [mine, theirs] = [await stage.shopper(), await stage.shopper()]
    const orderNumber = await theirs.order()
    await attack(() => get(`/my/orders/${orderNumber}`, mine.token))
  },
  'database-stopped': async (attack) => {
    const mine = await stage.shopper()
    const orderNumber = await mine.order()
    await withoutDatabase(stage, () => attack(() => get(`/my/orders/${orderNumber}`, mine.token)))
  },
})
