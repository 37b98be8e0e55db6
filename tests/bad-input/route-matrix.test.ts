import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, send } from './support/answer.ts'
import { differenceInWords, footprint } from './support/footprint.ts'
import { assertNoLeak } from './support/leaks.ts'
import { startStage } from './support/stage.ts'
import { assertProblem } from './support/test-table.ts'
import { movableWorld } from './support/world.ts'

const clock = movableWorld()
const stage = await startStage({ payApi: 'v2-md5', world: clock })

interface Rule {
  /** public: the token makes no difference. session: any user, for himself. owner: the order's owner alone. */
  access: 'public' | 'session' | 'owner'
  body?(orderNumber: string): Record<string, unknown>
}

const orderNumberBody = (order_number: string) => ({ order_number })
/** Who may call what. A route that the API gets without a line here fails the first test. */
const rules: Record<string, Rule> = {
  'GET /healthz': { access: 'public' },
  'GET /readyz': { access: 'public' },
  'GET /products': { access: 'public' },
  // A picture's address is as good as its key: 128 random bits, and the payment sheet of a friend may show it.
  'GET /avatars/{merchant_id}/{avatar_id}': { access: 'public' },
  'POST /users/wxlogin': { access: 'public', body: () => ({ code: 'a code of nobody' }) },
  'POST /users/logout': { access: 'public' },
  'POST /order/submit': { access: 'session', body: () => ({ items: [{ sku: 'tea-egg', quantity: 1 }] }) },
  'GET /my/profile': { access: 'session' },
  'POST /my/profile': { access: 'session', body: () => ({ nickname: '小红' }) },
  'POST /my/phone': { access: 'session', body: () => ({ code: 'a code of nobody' }) },
  'POST /my/avatar': { access: 'session' },
  'GET /my/orders': { access: 'session' },
  'GET /my/orders/{order_number}': { access: 'owner' },
  'POST /my/orders/req_unifiedorder': { access: 'owner', body: orderNumberBody },
  'POST /my/orders/chkOrder': { access: 'owner', body: orderNumberBody },
  'POST /my/orders/cancel': { access: 'owner', body: orderNumberBody },
  'POST /my/orders/ask_refund': { access: 'owner', body: (order_number) => ({ order_number, reason: '点错了' }) },
}

const owner = await stage.shopper()
const other = await stage.shopper()
const revoked = await stage.shopper()
await send(stage.url, '/users/logout', { token: revoked.token })
const expired = await stage.shopper()
clock.advance(7 * 24 * 60 * 60 - 30)
await Promise.all([owner.check(await owner.order()), other.check(await other.order())])
clock.advance(60)

const tokens: Record<string, string | undefined> = {
  'no token': undefined,
  'a wrong token': `${stage.merchant.mchid}.${'A'.repeat(43)}`,
  'a revoked token': revoked.token,
  'an expired token': expired.token,
  "another user's token": other.token,
  "the owner's token": owner.token,
}

test('A48: every route of the OpenAPI document has a rule, and every rule a route', async () => {
  const { text } = await send(stage.url, '/docs/json', { method: 'GET' })
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(routes.sort(), Object.keys(rules).sort())
})

for (const [route, rule] of Object.entries(rules)) {
  for (const [whose, token] of Object.entries(tokens)) {
    test(`A33, A48, I19: ${route} with ${whose}`, async () => {
      const orderNumber = await owner.order('tea-egg', 1)
      const before = await footprint(stage.sql, stage.wechat)
      const answer = await call(route, rule, token, orderNumber)
      const after = await footprint(stage.sql, stage.wechat)
      assertNoLeak(answer, stage.secrets)
      const expected = expectedStatus(rule, token)
      if (expected === 401) assertProblem({ status: 401, code: 'login_required' }, answer)
      else if (expected === 404) assertProblem({ status: 404, code: 'order_not_found' }, answer)
      else assert.ok(![401, 403, 500].includes(answer.status), answer.text)
      if (expected !== undefined) assert.equal(differenceInWords(before, after), 'nothing')
      if (token !== owner.token) assert.ok(!answer.text.includes(orderNumber), 'the order is not shown')
    })
  }
}

function expectedStatus({ access }: Rule, token: string | undefined): number | undefined {
  if (access === 'public' || token === owner.token) return undefined
  if (token !== other.token) return 401
  return access === 'owner' ? 404 : undefined
}

async function call(route: string, { body }: Rule, token: string | undefined, orderNumber: string): Promise<Answer> {
  const [method = '', path = ''] = route.split(' ')
  // These two have still to be used by the tests that follow.
  if (path === '/users/logout' && (token === owner.token || token === other.token)) {
    return send(stage.url, path, { method, token: (await stage.shopper()).token })
  }
  return send(stage.url, addressOf(path, orderNumber), {
    method,
    token,
    ...(body === undefined ? {} : { json: body(orderNumber) }),
  })
}

function addressOf(path: string, orderNumber: string): string {
  const parts = { order_number: orderNumber, merchant_id: stage.merchant.mchid, avatar_id: orderNumber }
  return Object.entries(parts).reduce((address, [name, value]) => address.replace(`{${name}}`, value), path)
}
