import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Ending, problem, ScriptedPhone, type SentRequest, silence } from '../test/scripted-phone.ts'
import { isFenpayError } from './errors.ts'

const cart = { items: [{ sku: 'beef-noodles', quantity: 2 }], remark: '不要香菜' }

/** Makes one order for one key, unless `before` ends the request first; `after` ends it when the order is made. */
class Orders {
  readonly numberByKey = new Map<string, string>()
  status = 'pending'
  before: Ending[] = []
  after: Ending[] = []

  readonly script = (request: SentRequest): Ending => {
    if (request.path === '/users/wxlogin') return { statusCode: 200, data: { token: 't' } }
    if (request.path.startsWith('/my/orders/')) return { statusCode: 200, data: { status: this.status } }
    const early = this.before.shift()
    if (early !== undefined) return early
    const key = request.header['idempotency-key'] ?? 'no key'
    const orderNumber = this.numberByKey.get(key) ?? `N${this.numberByKey.size + 1}`
    this.numberByKey.set(key, orderNumber)
    return this.after.shift() ?? { statusCode: 200, data: { order_number: orderNumber } }
  }
}

function keysSent(phone: ScriptedPhone): (string | undefined)[] {
  return phone.sentTo('/order/submit').map((request) => request.header['idempotency-key'])
}

test('F44, an answer that got lost is asked for with the same key, and there is one order', async () => {
  const orders = new Orders()
  orders.after = [silence, silence]
  const phone = new ScriptedPhone(orders.script)
  assert.deepEqual(await phone.start().submitOrder(cart), { order_number: 'N1' })
  assert.equal(keysSent(phone).length, 3)
  assert.equal(new Set(keysSent(phone)).size, 1)
})

test('two taps on one cart are one order, another cart is another', async () => {
  const orders = new Orders()
  const fenpay = new ScriptedPhone(orders.script).start()
  const others = [{ items: cart.items }, { ...cart, items: [{ sku: 'beef-noodles', quantity: 1 }] }]
  const answers = await Promise.all([cart, { ...cart }, ...others].map((request) => fenpay.submitOrder(request)))
  assert.equal(answers[0], answers[1])
  assert.equal(new Set(answers.map((answer) => answer.order_number)).size, 3)
  assert.equal(orders.numberByKey.size, 3)
})

test('after an answer the same cart is a new order', async () => {
  const fenpay = new ScriptedPhone(new Orders().script).start()
  assert.notDeepEqual(await fenpay.submitOrder(cart), await fenpay.submitOrder(cart))
})

test('F44, a mini program that dies before the answer finds its order again', async () => {
  const orders = new Orders()
  const phone = new ScriptedPhone((request) => {
    const ending = orders.script(request)
    return request.path === '/order/submit' ? new Promise(() => undefined) : ending
  })
  void phone.start().submitOrder(cart)
  while (orders.numberByKey.size === 0) await new Promise(setImmediate)
  phone.script = orders.script
  assert.deepEqual(await phone.start().submitOrder(cart), { order_number: 'N1' })
  assert.equal(orders.numberByKey.size, 1)
})

test('an order found again that is over by now is not handed out: the cart is submitted anew', async () => {
  const orders = new Orders()
  orders.after = [silence, silence, silence, silence]
  const phone = new ScriptedPhone(orders.script)
  await assert.rejects(phone.start().submitOrder(cart), { code: 'network' })
  orders.status = 'closed'
  assert.deepEqual(await phone.start().submitOrder(cart), { order_number: 'N2' })
})

test('after 401 and 429 the key stays, since an earlier try may have made the order; after a refusal it is new', async () => {
  const orders = new Orders()
  const phone = new ScriptedPhone(orders.script)
  const fenpay = phone.start()
  orders.after = [problem(429, 'rate_limited', { 'retry-after': '60' })]
  await assert.rejects(fenpay.submitOrder(cart), { code: 'rate_limited' })
  orders.before = [problem(401, 'login_required'), problem(401, 'login_required')]
  await assert.rejects(fenpay.submitOrder(cart), { code: 'login_required' })
  orders.before = [problem(409, 'out_of_stock')]
  await assert.rejects(fenpay.submitOrder(cart), { code: 'out_of_stock', statusCode: 409 })
  const [first, second, , third] = keysSent(phone)
  assert.ok(first === second && second === third)
  await fenpay.submitOrder(cart)
  assert.notEqual(keysSent(phone).at(-1), first)
})

test('of carts without an answer the last ten are remembered', async () => {
  const phone = new ScriptedPhone(({ path }) =>
    path === '/users/wxlogin' ? { statusCode: 200, data: { token: 't' } } : problem(500, 'internal'),
  )
  const fenpay = phone.start()
  for (let quantity = 1; quantity <= 12; quantity++) {
    await assert.rejects(fenpay.submitOrder({ items: [{ sku: 'tea-egg', quantity }] }), { code: 'internal' })
  }
  assert.equal((phone.storage.get('fenpay.submits') as unknown[]).length, 10)
})

test('full storage does not stop an order, nor a repeat of it', async () => {
  const orders = new Orders()
  orders.after = [silence, silence, silence, silence]
  const phone = new ScriptedPhone(orders.script)
  const full = () => {
    throw new Error('setStorage:fail storage limit exceeded')
  }
  const fenpay = phone.start({ wx: { ...phone.wx, setStorageSync: full, getStorageSync: full } })
  await assert.rejects(fenpay.submitOrder(cart), { code: 'network' })
  assert.deepEqual(await fenpay.submitOrder(cart), { order_number: 'N1' })
  assert.equal(phone.logins, 1)
})

test("a key is made of WeChat's random bytes, or of time and dice, in characters that the API takes", async () => {
  const phone = new ScriptedPhone(new Orders().script)
  const random = () => 0.5
  const fill: NonNullable<typeof phone.wx.getRandomValues> = ({ length, success }) =>
    success({ randomValues: new Uint8Array(length).fill(255).buffer })
  await phone.start({ wx: { ...phone.wx, getRandomValues: fill } }).submitOrder(cart)
  const refuse: typeof fill = ({ fail }) => fail({ errMsg: 'getRandomValues:fail' })
  await phone.start({ random, wx: { ...phone.wx, getRandomValues: refuse } }).submitOrder(cart)
  await phone.start({ random }).submitOrder(cart)
  await phone.start({ randomId: () => 'mine' }).submitOrder(cart)
  assert.deepEqual(keysSent(phone), [Array(16).fill(255).join('.'), '1700000000000-0.5', '1700000000000-0.5', 'mine'])
  for (const key of keysSent(phone)) assert.match(key ?? '', /^[\x21-\x7E]{1,128}$/)
})

test('property, I20: however often silence and deaths come between, the cart becomes one order', async () => {
  const blow = fc.constantFrom('lost before', 'lost after', 'busy', 'session over', 'death before', 'death after')
  await fc.assert(
    fc.asyncProperty(fc.array(blow, { maxLength: 12 }), async (blows) => {
      const orders = new Orders()
      let dies: () => void = () => undefined
      const phone = new ScriptedPhone((request) => {
        const hit = request.path === '/order/submit' ? blows.shift() : undefined
        if (hit === 'lost before') return silence
        if (hit === 'busy') return problem(503, 'database_unavailable')
        if (hit === 'session over') return problem(401, 'login_required')
        const ending = hit === 'death before' ? silence : orders.script(request)
        if (hit === 'lost after') return silence
        if (hit === undefined) return ending
        dies()
        return new Promise(() => undefined)
      })
      let submitted: { order_number: string } | undefined
      let fenpay = phone.start()
      while (submitted === undefined) {
        const death = new Promise<'dead'>((resolve) => {
          dies = () => resolve('dead')
        })
        const end = await Promise.race([death, fenpay.submitOrder(cart).catch((error) => error as unknown)])
        if (end === 'dead') fenpay = phone.start()
        else if (!isFenpayError(end)) submitted = end as { order_number: string }
      }
      assert.equal(submitted.order_number, 'N1')
      assert.equal(orders.numberByKey.size, 1)
      assert.deepEqual(phone.storage.get('fenpay.submits'), [])
    }),
    { numRuns: 200 },
  )
})
