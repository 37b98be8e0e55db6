import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answerer, startHost } from '../../test/loopback-host.ts'
import { nowMs } from '../../test/test-platform.ts'
import { MiniProgramClient, type MiniProgramOptions } from '../index.ts'

const appid = 'wx4f4bc4dec97d474b'
const secret = '0123456789abcdef0123456789abcdef'
const sessionKey = 'tiihtNczf5v6AKRyjwEUhQ=='

function makeClient(options: Partial<MiniProgramOptions> = {}): MiniProgramClient {
  return new MiniProgramClient({ appid, secret, clock: () => nowMs, random: () => 0, timeoutMs: 2000, ...options })
}

/** WeChat answers JSON as text/plain here, and refusals with HTTP 200. */
const answering =
  (...answers: object[]): Answerer =>
  (_, response, count) => {
    const answer = answers[Math.min(count, answers.length) - 1]
    response.writeHead(200, { 'content-type': 'text/plain' }).end(JSON.stringify(answer))
  }

test('A login code is exchanged with appid and secret, errcode 0 or none', async (t) => {
  const session = { openid: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE', session_key: sessionKey }
  const unionid = 'ocMvos6NjeKLIBqg5Mr9QjxrP1FA'
  const host = await startHost(t, answering(session, { ...session, unionid, errcode: 0, errmsg: 'ok' }))
  const client = makeClient({ baseUrls: [host.origin] })
  const plain = await client.code2Session('033x/+&=y')
  assert.equal(plain.openid, session.openid)
  assert.equal(plain.session_key.reveal(), sessionKey)
  assert.equal('unionid' in plain, false)
  assert.equal((await client.code2Session('034x')).unionid, unionid)
  const url = new URL(host.requests[0]?.url ?? '', host.origin)
  assert.equal(url.pathname, '/sns/jscode2session')
  const query = { appid, secret, js_code: '033x/+&=y', grant_type: 'authorization_code' }
  assert.deepEqual(Object.fromEntries(url.searchParams), query)
})

test('A40: a refused code brings errcode, advice and request id, and is tried once', async (t) => {
  const errmsg = 'invalid code, rid: 65a1b2c3-1a2b3c4d-5e6f7a8b'
  const host = await startHost(t, answering({ errcode: 40029, errmsg }))
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).code2Session('x'), {
    code: 'wechat_refused',
    status: 200,
    apiCode: '40029',
    apiMessage: errmsg,
    advice: 'The code has expired, was used, or belongs to another Mini Program: get a new one from the client.',
    requestId: '65a1b2c3-1a2b3c4d-5e6f7a8b',
    verified: false,
    outcomeUnknown: false,
  })
  assert.equal(host.requests.length, 1)
})

test('A code is never sent twice, however its exchange fails', async (t) => {
  const failures: Array<[expected: object, answer: Answerer]> = [
    [{ code: 'wechat_refused', outcomeUnknown: true }, answering({ errcode: -1, errmsg: 'system error' })],
    [{ code: 'wechat_transport', reason: 'reset' }, (_, response) => void response.destroy()],
    [{ code: 'wechat_transport', reason: 'status', status: 502 }, (_, response) => void response.writeHead(502).end()],
    [{ code: 'wechat_transport', reason: 'malformed_body' }, (_, response) => void response.end('<html>')],
    [{ code: 'wechat_transport', reason: 'malformed_body' }, answering([])],
    [{ code: 'wechat_malformed', reason: 'missing_field' }, answering({})],
    [{ code: 'wechat_malformed', reason: 'invalid_field' }, answering({ openid: 'o', session_key: 'short' })],
  ]
  for (const [expected, answer] of failures) {
    const host = await startHost(t, answer)
    const client = makeClient({ baseUrls: [host.origin, host.origin] })
    await assert.rejects(client.code2Session('x'), expected, JSON.stringify(expected))
    assert.equal(host.requests.length, 1)
  }
})

/** Tokens T1, T2 … in order, each repeated until WeChat is told to force a new one or `next` is called. */
function tokenHost(answer: (token: string) => object) {
  const state = { number: 1, forced: 0, plain: 0 }
  const answerer: Answerer = (request, response) => {
    if (!request.url.startsWith('/cgi-bin/stable_token')) {
      const token = new URL(request.url, 'http://x').searchParams.get('access_token') ?? ''
      response.end(JSON.stringify(answer(token)))
      return
    }
    const { force_refresh, ...grant } = JSON.parse(request.body)
    assert.deepEqual(grant, { grant_type: 'client_credential', appid, secret })
    if (force_refresh) {
      state.number++
      state.forced++
    } else state.plain++
    response.end(JSON.stringify({ access_token: `T${state.number}`, expires_in: 7200 }))
  }
  return { state, answerer }
}

const phone = {
  phone_info: {
    phoneNumber: '+8613580006666',
    purePhoneNumber: '13580006666',
    countryCode: '86',
    watermark: { appid, timestamp: 1637744274 },
  },
}

test('Many callers share one token request, and the token is kept until five minutes before its end', async (t) => {
  const { state, answerer } = tokenHost(() => phone)
  const host = await startHost(t, answerer)
  let now = nowMs
  const client = makeClient({ baseUrls: [host.origin], clock: () => now })
  const tokens = await Promise.all(Array.from({ length: 20 }, () => client.accessToken()))
  assert.deepEqual(new Set(tokens), new Set(['T1']))
  now += 6_899_999
  await client.accessToken()
  assert.equal(state.plain, 1)
  state.number = 2
  now += 1
  assert.equal(await client.accessToken(), 'T2')
  assert.equal(state.plain, 2)
})

test('A token request that fails is not remembered', async (t) => {
  const host = await startHost(
    t,
    answering({ errcode: 45011, errmsg: 'minute quota' }, { access_token: 'T1', expires_in: 7200 }),
  )
  const client = makeClient({ baseUrls: [host.origin] })
  await assert.rejects(client.accessToken(), { code: 'wechat_refused', apiCode: '45011' })
  assert.equal(await client.accessToken(), 'T1')
})

test('A phone number is fetched with its code and the token', async (t) => {
  const { answerer } = tokenHost(() => ({ errcode: 0, errmsg: 'ok', ...phone }))
  const host = await startHost(t, answerer)
  const number = await makeClient({ baseUrls: [host.origin] }).phoneNumber('c0de')
  assert.deepEqual(number, { phoneNumber: '+8613580006666', purePhoneNumber: '13580006666', countryCode: '86' })
  assert.equal(host.requests[1]?.url, '/wxa/business/getuserphonenumber?access_token=T1')
  assert.equal(host.requests[1]?.body, '{"code":"c0de"}')
})

test('A phone number for another appid is refused', async (t) => {
  const watermark = { appid: 'wx0000000000000000', timestamp: 1 }
  const { answerer } = tokenHost(() => ({ phone_info: { ...phone.phone_info, watermark } }))
  const host = await startHost(t, answerer)
  const expected = { code: 'wechat_malformed', reason: 'identity_mismatch' }
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).phoneNumber('c0de'), expected)
})

for (const errcode of [40001, 40014, 42001]) {
  test(`A token refused with ${errcode} is renewed once for all callers, plainly if that brings a new one`, async (t) => {
    const { state, answerer } = tokenHost((token) => (token === 'T1' ? { errcode, errmsg: 'stale' } : phone))
    const host = await startHost(t, answerer)
    const client = makeClient({ baseUrls: [host.origin] })
    await client.accessToken()
    state.number = 2
    await Promise.all(Array.from({ length: 10 }, () => client.phoneNumber('c0de')))
    assert.deepEqual(state, { number: 2, forced: 0, plain: 2 })
  })
}

test('A renewal is forced when a plain one brings the refused token back, at most every 30 seconds', async (t) => {
  let good = 'T2'
  const { state, answerer } = tokenHost((token) => (token === good ? phone : { errcode: 40001, errmsg: 'stale' }))
  const host = await startHost(t, answerer)
  let now = nowMs
  const client = makeClient({ baseUrls: [host.origin], clock: () => now })
  await Promise.all(Array.from({ length: 10 }, () => client.phoneNumber('c0de')))
  assert.equal(state.forced, 1)
  good = 'T3'
  now += 29_999
  await assert.rejects(client.phoneNumber('c0de'), { code: 'wechat_refused', apiCode: '40001' })
  assert.equal(state.forced, 1)
  now += 1
  await client.phoneNumber('c0de')
  assert.equal(state.forced, 2)
})

test('Another refusal than a stale token renews nothing', async (t) => {
  const { state, answerer } = tokenHost(() => ({ errcode: 40029, errmsg: 'invalid code' }))
  const host = await startHost(t, answerer)
  await assert.rejects(makeClient({ baseUrls: [host.origin] }).phoneNumber('c0de'), { apiCode: '40029' })
  assert.equal(state.plain, 1)
  assert.equal(host.requests.length, 2)
})

test("A11: a caller's mistakes are TypeErrors", async () => {
  const client = makeClient()
  for (const code of ['', 'undefined', 'null', 'a b', 'x'.repeat(513), '中']) {
    await assert.rejects(client.code2Session(code), TypeError, code)
    await assert.rejects(client.phoneNumber(code), TypeError, code)
  }
  for (const wrong of ['', 'undefined', 'short', '0'.repeat(32), 'your_secret_your_secret']) {
    assert.throws(() => makeClient({ secret: wrong }), TypeError, wrong)
  }
  assert.throws(() => makeClient({ appid: '' }), TypeError)
  assert.throws(() => makeClient({ appid: 'undefined' }), TypeError)
})
