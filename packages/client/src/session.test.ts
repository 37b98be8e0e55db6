import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { problem, ScriptedPhone, type SentRequest, silence } from '../test/scripted-phone.ts'
import type { FenpayError } from './errors.ts'

const noOrders = { statusCode: 200, data: { orders: [] } }
const userInfo = { encryptedData: 'E', rawData: 'R', iv: 'I', signature: 'S' }

/** Gives a new token for each code, and takes those that `revoked` does not hold. */
function tokens(revoked = new Set<string>(), onAuthorised: (request: SentRequest) => void = () => {}) {
  let issued = 0
  return (request: SentRequest) => {
    if (request.path === '/users/wxlogin') {
      issued += 1
      return { statusCode: 200, data: { token: `token-${issued}` } }
    }
    onAuthorised(request)
    const token = request.header['authorization'] ?? ''
    return token === '' || revoked.has(token) ? problem(401, 'login_required') : noOrders
  }
}

test('callers without a session share one login', async () => {
  const phone = new ScriptedPhone(tokens())
  const fenpay = phone.start()
  await Promise.all([fenpay.myOrders(), fenpay.login(), fenpay.myOrders(), fenpay.myOrders()])
  assert.equal(phone.logins, 1)
  assert.equal(phone.sentTo('/users/wxlogin').length, 1)
})

test('a kept token is used after a restart, and login() then calls nobody', async () => {
  const phone = new ScriptedPhone(tokens())
  await phone.start().login()
  assert.deepEqual(await phone.start().login(), { token: 'token-1' })
  assert.equal(phone.logins, 1)
})

test('401 brings one silent login, and the request once more with the new token', async () => {
  const phone = new ScriptedPhone(tokens(new Set(['token-1'])))
  await phone.start().myOrders()
  assert.deepEqual(
    phone.sentTo('/my/orders').map((request) => request.header['authorization']),
    ['token-1', 'token-2'],
  )
})

test('a second 401 is the answer', async () => {
  const phone = new ScriptedPhone(tokens(new Set(['token-1', 'token-2'])))
  await assert.rejects(phone.start().myOrders(), { code: 'login_required', statusCode: 401, requestId: 'R1' })
  assert.equal(phone.sentTo('/my/orders').length, 2)
})

test('property: whatever the order of answers, one login runs at a time, and no more than tokens were lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.boolean(), { maxLength: 16 }),
      async (scheduler, callers, losses) => {
        const revoked = new Set<string>()
        const answer = tokens(revoked, ({ header }) => {
          if (losses.pop() === true) revoked.add(header['authorization'] ?? '')
        })
        const phone = new ScriptedPhone((request) => scheduler.schedule(Promise.resolve(answer(request))))
        phone.login = () => scheduler.schedule(Promise.resolve({ code: 'code' }))
        const fenpay = phone.start()
        const ends = Array.from({ length: callers }, () => fenpay.myOrders().then(() => 'done', codeOf))
        await scheduler.waitFor(Promise.all(ends))
        for (const end of await Promise.all(ends)) assert.ok(end === 'done' || end === 'login_required')
        assert.equal(phone.loginsRunningMax, 1)
        assert.ok(phone.logins <= 1 + revoked.size)
        assert.ok(phone.sentTo('/my/orders').length <= 2 * callers)
      },
    ),
    { numRuns: 150 },
  )
})

test('each try of a login takes a new code: the one before may have been used', async () => {
  const codes: unknown[] = []
  const phone = new ScriptedPhone(({ data }) => {
    codes.push(data?.['code'])
    if (codes.length === 1) return silence
    return codes.length === 2 ? problem(504, 'wechat_unreachable') : { statusCode: 200, data: { token: 't' } }
  })
  assert.deepEqual(await phone.start().login(), { token: 't' })
  assert.deepEqual(codes, ['code-1', 'code-2', 'code-3'])
})

test("a login that fails keeps WeChat's own words, is told to all who wait, and the next call tries anew", async () => {
  const phone = new ScriptedPhone(tokens())
  phone.login = () => ({ errMsg: 'login:fail blocked', errno: 1402101 })
  const fenpay = phone.start()
  const ends = await Promise.all([fenpay.login().catch(codeOf), fenpay.myOrders().catch(codeOf)])
  assert.deepEqual(ends, ['login_failed', 'login_failed'])
  assert.equal(phone.logins, 4, 'one run of four tries')
  await assert.rejects(fenpay.login(), { code: 'login_failed', errMsg: 'login:fail blocked', errno: 1402101 })
  phone.login = () => ({ code: '' })
  await assert.rejects(fenpay.login(), { code: 'login_failed', errMsg: 'login:ok' })
  phone.login = () => ({ code: 'good' })
  await fenpay.login()
})

test('the old login sends the four fields with the code that was got before the tap', async () => {
  const phone = new ScriptedPhone(tokens())
  const fenpay = phone.start({ appid: 'wx0123456789abcdef' })
  await fenpay.prepareLogin()
  await fenpay.loginWithUserInfo(userInfo)
  assert.equal(phone.logins, 1)
  assert.deepEqual(phone.sent[0]?.data, { code: 'code-1', appid: 'wx0123456789abcdef', ...userInfo })
  await fenpay.loginWithUserInfo(userInfo)
  assert.equal(phone.sent[1]?.data?.['code'], 'code-2', 'a code is good once')
})

test('a code that was got too long ago is not used', async () => {
  const phone = new ScriptedPhone(tokens())
  const fenpay = phone.start()
  await fenpay.prepareLogin()
  phone.nowMs += 5 * 60_000
  await fenpay.loginWithUserInfo(userInfo)
  assert.equal(phone.sent[0]?.data?.['code'], 'code-2')
})

test('the old login waits for one under way, and whoever comes later waits for it', async () => {
  const phone = new ScriptedPhone(tokens())
  const fenpay = phone.start()
  const ends = [fenpay.login(), fenpay.loginWithUserInfo(userInfo), fenpay.login(), fenpay.login()]
  assert.deepEqual(
    (await Promise.all(ends)).map(({ token }) => token),
    ['token-1', 'token-2', 'token-2', 'token-2'],
  )
  assert.equal(phone.loginsRunningMax, 1)
})

test('logins one after the other stay one at a time, and logout waits for the last', async () => {
  const phone = new ScriptedPhone(tokens())
  const fenpay = phone.start()
  const first = fenpay.login()
  const old = [fenpay.loginWithUserInfo(userInfo), fenpay.loginWithUserInfo(userInfo)]
  await first
  await Promise.all([fenpay.logout(), ...old])
  assert.equal(phone.loginsRunningMax, 1)
  assert.equal(phone.logins, 3)
  assert.equal(phone.sentTo('/users/logout')[0]?.header['authorization'], 'token-3', 'logout waited for the last')
})

test('a user who refuses the old login is told apart, and nothing is sent', async () => {
  const phone = new ScriptedPhone(tokens())
  const refused = phone.start().loginWithUserInfo({ errMsg: 'getUserInfo:fail auth deny' })
  await assert.rejects(refused, { code: 'login_failed', errMsg: 'getUserInfo:fail auth deny' })
  assert.equal(phone.sent.length, 0)
})

test('logout ends the session here and there, and is nothing without one', async () => {
  const phone = new ScriptedPhone((request) =>
    request.path === '/users/logout' ? { statusCode: 204 } : tokens()(request),
  )
  const fenpay = phone.start()
  await fenpay.logout()
  assert.equal(phone.sent.length, 0)
  const underWay = fenpay.login()
  await fenpay.logout()
  await underWay
  assert.deepEqual(phone.sent.at(-1), {
    method: 'POST',
    path: '/users/logout',
    header: { authorization: 'token-1' },
    data: {},
  })
  await phone.start().login()
  assert.equal(phone.logins, 2, 'also after a restart')
})

function codeOf(error: FenpayError): string {
  return error.code
}
