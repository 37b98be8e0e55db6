import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { closedOrigin, type LoopbackHost, startHost, unresolvableOrigin } from '../../test/loopback-host.ts'
import { WechatRefusedError, WechatTransportError } from '../errors.ts'
import { HttpCaller, type Repetition } from './http-caller.ts'
import type { HttpOptions } from './http-options.ts'

function makeCaller(baseUrls: string[], options: HttpOptions = {}): HttpCaller {
  return new HttpCaller({ baseUrls, random: () => 0, timeoutMs: 2000, ...options }, [])
}

/** Calls with a plain GET; anything but 200 with "yes" is half an answer. */
function get(caller: HttpCaller, repetition: Repetition = 'read'): Promise<string> {
  return caller.run(repetition, async (baseUrl, send) => {
    const { status, body } = await send({ method: 'GET', url: `${baseUrl}/x`, headers: {} })
    const text = Buffer.from(body).toString()
    if (status === 200 && text === 'yes') return text
    throw new WechatTransportError('malformed_body', 'x', { outcomeUnknown: true })
  })
}

async function yesHost(t: TestContext): Promise<LoopbackHost> {
  return startHost(t, (_, response) => void response.end('yes'))
}

/** A host that breaks every connection as soon as a request arrives. */
async function resettingHost(t: TestContext): Promise<LoopbackHost> {
  return startHost(t, (_, response) => void response.destroy())
}

test('F42: a name that does not resolve and a refused connection were never sent, so any call goes on', async (t) => {
  const host = await yesHost(t)
  for (const bad of [unresolvableOrigin, await closedOrigin()]) {
    const caller = makeCaller([bad, host.origin])
    assert.equal(await get(caller, 'once'), 'yes', bad)
  }
  const dns = { code: 'wechat_transport', reason: 'dns', outcomeUnknown: false }
  await assert.rejects(get(makeCaller([unresolvableOrigin])), dns)
  const connect = { reason: 'connect', systemCode: 'ECONNREFUSED', outcomeUnknown: false }
  await assert.rejects(get(makeCaller([await closedOrigin()])), connect)
})

test('F42: a TLS failure was never sent', async (t) => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  assert(typeof address === 'object' && address !== null)
  const error = { code: 'wechat_transport', reason: 'tls', outcomeUnknown: false }
  await assert.rejects(get(makeCaller([`https://127.0.0.1:${address.port}`])), error)
})

test('F42: a connection reset after sending is unknown; only a call that may be repeated is', async (t) => {
  const broken = await resettingHost(t)
  const host = await yesHost(t)
  const caller = makeCaller([broken.origin, host.origin])
  await assert.rejects(get(caller, 'once'), { code: 'wechat_transport', reason: 'reset', outcomeUnknown: true })
  assert.equal(host.requests.length, 0)
  assert.equal(await get(caller), 'yes')
})

test('At most three tries are made', async (t) => {
  const broken = await resettingHost(t)
  await assert.rejects(get(makeCaller([broken.origin])), { reason: 'reset' })
  assert.equal(broken.requests.length, 3)
})

test('One lost answer makes the whole call unknown, whatever the later tries say', async (t) => {
  const broken = await resettingHost(t)
  const caller = makeCaller([broken.origin, await closedOrigin(), await closedOrigin()])
  await assert.rejects(get(caller), { reason: 'connect', outcomeUnknown: true })
})

test('A refusal after a lost answer leaves a write unknown, and is the answer of a read', async (t) => {
  const broken = await resettingHost(t)
  const { origin } = await yesHost(t)
  const refusal = { status: 200, apiCode: 'X', canonicalCode: 'X', apiMessage: '', advice: '', verified: true }
  const expected: Array<[Repetition, boolean]> = [
    ['read', false],
    ['repeatable', true],
  ]
  for (const [repetition, outcomeUnknown] of expected) {
    const call = makeCaller([broken.origin, origin]).run(repetition, async (baseUrl, send) => {
      await send({ method: 'GET', url: baseUrl, headers: {} })
      throw new WechatRefusedError({ ...refusal, outcomeUnknown: false })
    })
    await assert.rejects(call, { code: 'wechat_refused', outcomeUnknown }, repetition)
  }
})

test('F14: a body of one byte a second ends at the limit of the whole call', async (t) => {
  const slow = await startHost(t, (_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'), 100)
    response.on('close', () => clearInterval(timer))
  })
  const startedMs = performance.now()
  const error = { code: 'wechat_transport', reason: 'timeout', outcomeUnknown: true }
  await assert.rejects(get(makeCaller([slow.origin, slow.origin], { timeoutMs: 600 })), error)
  assert(performance.now() - startedMs >= 500)
  assert.equal(slow.requests.length, 2, 'each host once, and no time is left for another try')
})

test('F41: a silent first host leaves time for the second one', async (t) => {
  const silent = await startHost(t, () => undefined)
  const host = await yesHost(t)
  assert.equal(await get(makeCaller([silent.origin, host.origin], { timeoutMs: 800 })), 'yes')
  assert.equal(silent.requests.length, 1)
  assert.equal(host.requests.length, 1)
})

test('A silent host is given the whole limit when the call must not be repeated', async (t) => {
  const host = await startHost(t, (_, response) => void setTimeout(() => response.end('yes'), 1000))
  const caller = makeCaller([host.origin, host.origin], { timeoutMs: 1500 })
  assert.equal(await get(caller, 'once'), 'yes')
})

test('F41: after three failures the first host is passed over', async (t) => {
  const broken = await resettingHost(t)
  const host = await yesHost(t)
  const caller = makeCaller([broken.origin, host.origin])
  for (let call = 0; call < 5; call++) await get(caller)
  assert.equal(broken.requests.length, 3)
  assert.equal(host.requests.length, 5)
})

test('F13: half a body is a broken connection', async (t) => {
  const host = await startHost(t, (_, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('yes', () => response.destroy())
  })
  await assert.rejects(get(makeCaller([host.origin]), 'once'), { reason: 'reset', outcomeUnknown: true })
})

test('An answer over 1 MiB is not read to its end', async (t) => {
  let sent = 0
  function* blocks() {
    for (; sent < 64 * 1024 * 1024; sent += 65_536) yield Buffer.alloc(65_536)
  }
  const host = await startHost(t, (_, response) => {
    pipeline(Readable.from(blocks()), response, () => undefined)
  })
  const error = { code: 'wechat_transport', reason: 'too_large', outcomeUnknown: true }
  await assert.rejects(get(makeCaller([host.origin])), error)
  assert(sent < 32 * 1024 * 1024, `${sent} bytes`)
})

test('An injected fetch is used, and what it throws is kept out of the error', async () => {
  const secret = 'https://api.weixin.qq.com/sns/jscode2session?secret=s3cr3t'
  const failing = () => Promise.reject(new Error(secret, { cause: new Error(secret) }))
  const error = await get(makeCaller(['http://127.0.0.1'], { fetch: failing }), 'once').catch(
    (reason: unknown) => reason,
  )
  assert(error instanceof WechatTransportError)
  assert.deepEqual([error.reason, error.outcomeUnknown, error.cause], ['reset', true, undefined])
  assert.equal(String(error.stack).includes('s3cr3t'), false)
})

test('A nonce source that gives an unusable nonce is a TypeError', () => {
  for (const nonce of ['', 'x'.repeat(33), 'a"b', 'undefined']) {
    assert.throws(() => makeCaller(['http://127.0.0.1'], { nonce: () => nonce }).nonce(), TypeError)
  }
  assert.match(makeCaller(['http://127.0.0.1']).nonce(), /^[0-9a-f]{32}$/)
})
