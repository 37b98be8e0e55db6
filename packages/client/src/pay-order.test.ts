import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Ending, problem, ScriptedPhone, silence } from '../test/scripted-phone.ts'

const pay = { timeStamp: '1700000000', nonceStr: 'n', package: 'prepay_id=p', signType: 'RSA', paySign: 's' } as const
const orderNumber = '01HZX3N6M8J5T9Q2W4E7R1Y0PA'

const order = (status: string, reason?: string): Ending => ({
  statusCode: 200,
  data: { order_number: orderNumber, status, ...(reason === undefined ? {} : { pending_reason: reason }) },
})
const paid = order('paid')
const notPaid = order('pending', 'not_paid')

/** A shop that prepays, and answers checks with these; the last one stays. */
function shop(...checks: Ending[]): ScriptedPhone {
  return new ScriptedPhone(({ path }) => {
    if (path === '/users/wxlogin') return { statusCode: 200, data: { token: 't' } }
    if (path === '/my/orders/req_unifiedorder') return { statusCode: 200, data: { pay } }
    return (checks.length > 1 ? checks.shift() : checks[0]) ?? silence
  })
}

function checksSent(phone: ScriptedPhone): number {
  return phone.sentTo('/my/orders/chkOrder').length
}

test('a payment that went well is paid because the server says so; the sheet got the five parameters untouched', async () => {
  const phone = shop(paid)
  const answer = await phone.start().pay(orderNumber)
  assert.equal(answer.outcome, 'paid')
  assert.equal(answer.errMsg, 'requestPayment:ok')
  assert.equal(answer.order?.status, 'paid')
  assert.deepEqual(phone.sheets, [pay])
  assert.deepEqual(phone.storage.get('fenpay.payments'), [])
})

test('F16, ok is not believed: while the server does not know of the money, it is asked with growing gaps, then it is pending', async () => {
  const phone = shop(notPaid)
  const answer = await phone.start().pay(orderNumber)
  assert.deepEqual([answer.outcome, answer.why, answer.errMsg], ['pending', 'not_paid', 'requestPayment:ok'])
  assert.deepEqual(phone.waitsMs, [0, 1000, 2000, 4000, 8000, 15_000])
  assert.deepEqual(phone.storage.get('fenpay.payments'), [orderNumber], 'the next launch looks at it')
})

test('cancel is not believed: the order may be paid all the same', async () => {
  const phone = shop(paid)
  phone.sheet = () => 'requestPayment:fail cancel'
  assert.equal((await phone.start().pay(orderNumber)).outcome, 'paid')
})

for (const errMsg of ['requestPayment:fail cancel', 'requestPayment:cancel']) {
  test(`after ${errMsg} one answer is enough`, async () => {
    const phone = shop(notPaid)
    phone.sheet = () => errMsg
    const answer = await phone.start().pay(orderNumber)
    assert.deepEqual([answer.outcome, answer.why, answer.errMsg], ['pending', 'cancelled', errMsg])
    assert.equal(checksSent(phone), 1)
    assert.deepEqual(phone.storage.get('fenpay.payments'), [])
  })
}

test('after a cancel that the server cannot ask WeChat about, that is said, and the payment is remembered', async () => {
  const phone = shop(order('pending', 'wechat_unreachable'))
  phone.sheet = () => 'requestPayment:fail cancel'
  const answer = await phone.start().pay(orderNumber)
  assert.deepEqual([answer.outcome, answer.why], ['pending', 'wechat_unreachable'])
  assert.deepEqual(phone.storage.get('fenpay.payments'), [orderNumber])
})

test('any other failure is asked about too, a few times, and its words are kept', async () => {
  const phone = shop(notPaid, notPaid, paid)
  phone.sheet = () => 'requestPayment:fail jsapi has no permission'
  const answer = await phone.start().pay(orderNumber)
  assert.deepEqual([answer.outcome, answer.errMsg], ['paid', 'requestPayment:fail jsapi has no permission'])
  assert.equal(checksSent(phone), 3)
  const unpaid = shop(notPaid)
  unpaid.sheet = () => 'requestPayment:fail'
  const fenpay = unpaid.start()
  assert.equal((await fenpay.pay(orderNumber)).why, 'not_paid')
  assert.equal(checksSent(unpaid), 3)
  await fenpay.pay(orderNumber)
  assert.deepEqual(unpaid.storage.get('fenpay.payments'), [orderNumber], 'it is remembered once')
})

test('a wx.requestPayment that throws is a failure like any other', async () => {
  const phone = shop(notPaid)
  const broken = () => {
    throw new TypeError('no such thing')
  }
  const answer = await phone.start({ wx: { ...phone.wx, requestPayment: broken } }).pay(orderNumber)
  assert.deepEqual([answer.outcome, answer.errMsg], ['pending', 'TypeError: no such thing'])
})

test('without an answer nothing is claimed, and the order is unknown', async () => {
  const phone = shop(silence)
  const answer = await phone.start().pay(orderNumber)
  assert.deepEqual(answer, {
    outcome: 'pending',
    orderNumber,
    order: undefined,
    why: 'no_answer',
    errMsg: 'requestPayment:ok',
  })
})

test('a server that answers slowly is not asked for longer', async () => {
  const phone = shop(notPaid)
  const { script } = phone
  phone.script = async (request) => {
    if (request.path === '/my/orders/chkOrder') phone.nowMs += 12_000
    return script(request)
  }
  await phone.start().pay(orderNumber)
  assert.equal(checksSent(phone), 3)
})

test('ten minutes in the background use up no more than one time limit', async () => {
  const phone = shop(silence, silence, paid)
  const { script } = phone
  phone.script = async (request) => {
    if (checksSent(phone) === 1) phone.nowMs += 600_000
    return script(request)
  }
  assert.equal((await phone.start().pay(orderNumber)).outcome, 'paid')
})

for (const [code, check, outcome, why] of [
  ['order_already_paid', paid, 'paid', undefined],
  ['order_closed', order('closed'), 'closed', undefined],
  ['order_closed', order('closing', 'not_paid'), 'pending', 'closing'],
  ['order_expired', notPaid, 'pending', 'closing'],
  ['order_expired', order('pending', 'wechat_unreachable'), 'pending', 'wechat_unreachable'],
  ['order_expired', silence, 'pending', 'no_answer'],
] as const) {
  test(`prepay says ${code}: no sheet, and the answer is ${outcome}${why === undefined ? '' : `, ${why}`}`, async () => {
    const phone = shop(check)
    const { script } = phone
    phone.script = (request) => (request.path.endsWith('unifiedorder') ? problem(409, code) : script(request))
    const answer = await phone.start().pay(orderNumber)
    assert.deepEqual([answer.outcome, answer.why, answer.errMsg], [outcome, why, undefined])
    assert.equal(phone.sheets.length, 0)
    assert.deepEqual(phone.storage.get('fenpay.payments') ?? [], [])
  })
}

test('when prepay fails, no sheet opens, and the failure is told', async () => {
  const phone = shop(paid)
  phone.script = ({ path }) =>
    path === '/users/wxlogin' ? { statusCode: 200, data: { token: 't' } } : problem(502, 'wechat_refused')
  await assert.rejects(phone.start().pay(orderNumber), { code: 'wechat_refused' })
  assert.equal(phone.sheets.length, 0)
  assert.equal(phone.storage.has('fenpay.payments'), false)
})

test('two taps open one sheet and share one answer; a later tap opens another', async () => {
  const phone = shop(notPaid)
  phone.sheet = () => 'requestPayment:fail cancel'
  const fenpay = phone.start()
  const [first, second] = await Promise.all([fenpay.pay(orderNumber), fenpay.pay(orderNumber)])
  assert.equal(first, second)
  assert.equal(phone.sheets.length, 1)
  await fenpay.pay(orderNumber)
  assert.equal(phone.sheets.length, 2)
})

test('a payment is noted before the sheet opens; after a death the next launch settles it', async () => {
  const phone = shop(paid)
  let notedAtSheet: unknown
  phone.sheet = () => {
    notedAtSheet = phone.storage.get('fenpay.payments')
    return new Promise(() => undefined)
  }
  void phone.start().pay(orderNumber)
  while (phone.sheets.length === 0) await new Promise(setImmediate)
  assert.deepEqual(notedAtSheet, [orderNumber])
  const fenpay = phone.start()
  const [answer, ...others] = await fenpay.resume()
  assert.deepEqual([answer?.outcome, answer?.orderNumber, answer?.errMsg], ['paid', orderNumber, undefined])
  assert.equal(others.length, 0)
  assert.deepEqual(await fenpay.resume(), [], 'it is told once')
})

test('resume asks nobody when nothing was begun, and leaves a payment alone that is running', async () => {
  const phone = shop(paid)
  let endSheet: (errMsg: string) => void = () => undefined
  phone.sheet = () => new Promise((resolve) => (endSheet = resolve))
  const fenpay = phone.start()
  assert.deepEqual(await fenpay.resume(), [])
  assert.equal(phone.sent.length, 0)
  const paying = fenpay.pay(orderNumber)
  while (phone.sheets.length === 0) await new Promise(setImmediate)
  assert.deepEqual(await fenpay.resume(), [])
  assert.equal(checksSent(phone), 0)
  endSheet('requestPayment:ok')
  assert.equal((await paying).outcome, 'paid')
})

test('resume keeps what is pending, and drops an order that the server does not know', async () => {
  const phone = shop(notPaid)
  phone.storage.set('fenpay.payments', [orderNumber])
  assert.deepEqual(
    (await phone.start().resume()).map(({ outcome, why }) => [outcome, why]),
    [['pending', 'not_paid']],
  )
  assert.deepEqual(phone.storage.get('fenpay.payments'), [orderNumber])
  const closing = shop(order('closing', 'not_paid'))
  closing.storage.set('fenpay.payments', [orderNumber])
  assert.equal((await closing.start().resume())[0]?.why, 'closing')
  const elsewhere = shop(problem(404, 'order_not_found'))
  elsewhere.storage.set('fenpay.payments', [orderNumber])
  assert.deepEqual(await elsewhere.start().resume(), [])
  assert.deepEqual(elsewhere.storage.get('fenpay.payments'), [])
})

for (const name of ['checkOrder', 'cancelOrder', 'myOrder'] as const) {
  test(`a payment begun is forgotten when ${name} shows the order settled`, async () => {
    const phone = shop(order('closed'))
    phone.storage.set('fenpay.payments', [orderNumber])
    assert.equal((await phone.start()[name](orderNumber)).status, 'closed')
    assert.deepEqual(phone.storage.get('fenpay.payments'), [])
  })
}

test('property: paid is answered if and only if the server said paid, and in bounded time', async () => {
  const sheet = fc.constantFrom(
    'requestPayment:ok',
    'requestPayment:fail cancel',
    'requestPayment:cancel',
    'requestPayment:fail',
  )
  const check = fc.constantFrom<Ending[]>(
    paid,
    order('closed'),
    order('closing', 'not_paid'),
    notPaid,
    order('pending', 'no_payment_started'),
    order('pending', 'wechat_unreachable'),
    order('pending'),
    silence,
    problem(500, 'internal'),
    problem(401, 'login_required'),
    { statusCode: 200, data: '<html>paid</html>' },
    { statusCode: 200, data: { status: 'SUCCESS' } },
    { statusCode: 404, data: '<html>' },
  )
  await fc.assert(
    fc.asyncProperty(sheet, fc.array(check, { minLength: 1, maxLength: 12 }), async (errMsg, checks) => {
      const phone = shop(...checks)
      phone.sheet = () => errMsg
      const said: string[] = []
      const { script } = phone
      phone.script = async (request) => {
        const ending = await script(request)
        if (request.path.endsWith('chkOrder') && 'statusCode' in ending && ending.statusCode === 200) {
          said.push((ending.data as { status?: string }).status ?? '')
        }
        return ending
      }
      const startedAtMs = phone.nowMs
      const { outcome, why, order: shown } = await phone.start().pay(orderNumber)
      assert.equal(outcome === 'paid', said.includes('paid'))
      assert.equal(outcome === 'closed', said.includes('closed'))
      if (outcome !== 'pending') assert.equal(shown?.status, outcome)
      const isRemembered = outcome === 'pending' && why !== 'cancelled'
      assert.deepEqual(phone.storage.get('fenpay.payments'), isRemembered ? [orderNumber] : [])
      assert.ok(phone.nowMs - startedAtMs <= 30_000)
      assert.ok(checksSent(phone) <= 12, 'six questions, each again after a 401')
      assert.equal(phone.sheets.length, 1)
    }),
    { numRuns: 300 },
  )
})
