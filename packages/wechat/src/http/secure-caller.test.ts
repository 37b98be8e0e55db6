import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { closedOrigin, startHost, unresolvableOrigin } from '../../test/loopback-host.ts'
import {
  authorityPem,
  clientCertificate,
  demanding,
  mismatched,
  misnamed,
  strangerPem,
  strangersCertificate,
} from '../../test/secure-world.ts'
import { WechatTransportError } from '../errors.ts'
import type { HttpCaller, Repetition } from './http-caller.ts'
import type { HttpOptions } from './http-options.ts'
import { createSecureCaller } from './secure-caller.ts'

function makeCaller(secureBaseUrls: string[], options: HttpOptions = {}, certificate = clientCertificate): HttpCaller {
  const fixed = { secureCaPem: authorityPem, random: () => 0, timeoutMs: 3000 }
  const caller = createSecureCaller({ secureBaseUrls, ...fixed, ...options }, certificate, [])
  assert(caller !== undefined)
  return caller
}

function post(caller: HttpCaller, repetition: Repetition = 'once'): Promise<string> {
  return caller.run(repetition, async (baseUrl, send) => {
    const { status, body } = await send({ method: 'POST', url: `${baseUrl}/x`, headers: {}, body: '<xml/>' })
    const text = Buffer.from(body).toString()
    if (status === 200 || status === 204) return text
    throw new WechatTransportError('status', 'x', { outcomeUnknown: true, status })
  })
}

/** A TCP server that does with each connection as told. */
async function startRaw(t: TestContext, take: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    take(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert(typeof address === 'object' && address !== null)
  return `https://127.0.0.1:${address.port}`
}

test('A host that demands the certificate gets it, with the body as given, on one kept connection', async (t) => {
  const ports = new Set<number | undefined>()
  const host = await startHost(
    t,
    (_, response) => {
      ports.add(response.socket?.remotePort)
      response.end('yes')
    },
    demanding,
  )
  const caller = makeCaller([host.origin])
  for (let call = 0; call < 3; call++) assert.equal(await post(caller), 'yes')
  assert.equal(ports.size, 1)
  const [request] = host.requests
  assert.deepEqual([request?.method, request?.url, request?.body], ['POST', '/x', '<xml/>'])
  assert.equal(request?.headers['content-length'], '6')
})

test('An answer without a body is an empty one', async (t) => {
  const host = await startHost(t, (_, response) => void response.writeHead(204).end(), demanding)
  assert.equal(await post(makeCaller([host.origin])), '')
})

test('A53: a host of another authority, of none that is known, or for another address is sent nothing', async (t) => {
  const host = await startHost(t, (_, response) => void response.end('yes'), demanding)
  const other = await startHost(t, (_, response) => void response.end('yes'), misnamed)
  const error = { code: 'wechat_transport', reason: 'tls', outcomeUnknown: false }
  await assert.rejects(post(makeCaller([host.origin], { secureCaPem: strangerPem })), error)
  const withoutAuthority = createSecureCaller({ secureBaseUrls: [host.origin] }, clientCertificate, [])
  assert(withoutAuthority !== undefined)
  await assert.rejects(post(withoutAuthority), error)
  await assert.rejects(post(makeCaller([other.origin])), { ...error, systemCode: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  assert.deepEqual([host.requests, other.requests], [[], []])
})

test('A certificate that the host does not take gets no answer, and no request through', async (t) => {
  const host = await startHost(t, (_, response) => void response.end('yes'), demanding)
  await assert.rejects(post(makeCaller([host.origin], {}, strangersCertificate)), { code: 'wechat_transport' })
  assert.equal(host.requests.length, 0)
})

test('F42: no name, no connection, no TLS and a handshake cut short were never sent, so any call goes on', async (t) => {
  const host = await startHost(t, (_, response) => void response.end('yes'), demanding)
  const bad: Array<[reason: string, origin: string]> = [
    ['dns', unresolvableOrigin.replace('http:', 'https:')],
    ['connect', (await closedOrigin()).replace('http:', 'https:')],
    ['tls', await startRaw(t, (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['connect', await startRaw(t, (socket) => void socket.once('data', () => socket.destroy()))],
  ]
  for (const [reason, origin] of bad) {
    await assert.rejects(
      post(makeCaller([origin])),
      { code: 'wechat_transport', reason, outcomeUnknown: false },
      origin,
    )
    assert.equal(await post(makeCaller([origin, host.origin])), 'yes', origin)
  }
})

test('F25, F42: an answer lost after sending is unknown, and only what may be repeated is sent again', async (t) => {
  const broken = await startHost(t, (_, response) => void response.destroy(), demanding)
  const host = await startHost(t, (_, response) => void response.end('yes'), demanding)
  const caller = makeCaller([broken.origin, host.origin])
  await assert.rejects(post(caller), { code: 'wechat_transport', reason: 'reset', outcomeUnknown: true })
  assert.equal(host.requests.length, 0)
  assert.equal(await post(caller, 'repeatable'), 'yes')
})

test('F41: three failures pass the first host over, a silent one leaves time for the second', async (t) => {
  const silent = await startHost(t, () => undefined, demanding)
  const host = await startHost(t, (_, response) => void response.end('yes'), demanding)
  const caller = makeCaller([silent.origin, host.origin], { timeoutMs: 2000 })
  for (let call = 0; call < 4; call++) assert.equal(await post(caller, 'repeatable'), 'yes')
  assert.equal(silent.requests.length, 3)
})

test('F14, F25: silence, a slow body and a handshake without end are cut at the limit and unknown', async (t) => {
  const silent = await startHost(t, () => undefined, demanding)
  const slow = await startHost(
    t,
    (_, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'), 50)
      response.on('close', () => clearInterval(timer))
    },
    demanding,
  )
  const mute = await startRaw(t, () => undefined)
  for (const origin of [silent.origin, slow.origin, mute]) {
    const error = { code: 'wechat_transport', reason: 'timeout', outcomeUnknown: true }
    await assert.rejects(post(makeCaller([origin], { timeoutMs: 400 })), error)
  }
})

test('F13: half a body, a redirect, an impossible status and more than 1 MiB are no answers', async (t) => {
  const pages: Array<[reason: string, body: (response: import('node:http').ServerResponse) => void]> = [
    ['reset', (response) => response.writeHead(200, { 'content-length': '9' }).write('x', () => response.destroy())],
    ['redirect', (response) => response.writeHead(302, { location: '/y' }).end()],
    ['redirect', (response) => response.writeHead(304).end()],
    ['reset', (response) => response.writeHead(799).end()],
    ['too_large', (response) => response.end(Buffer.alloc(1024 * 1024 + 1))],
  ]
  const host = await startHost(t, (_, response, count) => pages[count - 1]?.[1](response), demanding)
  const caller = makeCaller([host.origin])
  for (const [reason] of pages) {
    await assert.rejects(post(caller), { code: 'wechat_transport', reason, outcomeUnknown: true }, reason)
  }
  assert.equal(host.requests.length, pages.length)
})

test('An injected transport replaces the own one', async () => {
  const asked: unknown[] = []
  const secureFetch: typeof fetch = async (url) => {
    asked.push(url)
    return new Response('yes')
  }
  assert.equal(await post(makeCaller(['https://127.0.0.1'], { secureFetch })), 'yes')
  assert.deepEqual(asked, ['https://127.0.0.1/x'])
})

test('Without a certificate there is no caller, yet the options are checked', () => {
  assert.equal(createSecureCaller({}, undefined, ['https://127.0.0.1']), undefined)
  const { certificatePem, privateKeyPem } = clientCertificate
  const mistakes: Array<[HttpOptions, Parameters<typeof createSecureCaller>[1]?]> = [
    [{ secureBaseUrls: ['http://127.0.0.1'] }],
    [{ secureBaseUrls: ['https://127.0.0.1', 'http://127.0.0.1'] }],
    [{ secureBaseUrls: ['https://127.0.0.1/secapi'] }],
    [{ secureBaseUrls: [] }],
    [{ secureCaPem: 'x' }],
    [{ secureCaPem: privateKeyPem }],
    [{}, mismatched],
    [{}, { certificatePem, privateKeyPem: '' }],
    [{}, { certificatePem, privateKeyPem: certificatePem }],
    [{}, { certificatePem: privateKeyPem, privateKeyPem }],
    [{}, { certificatePem: '', privateKeyPem }],
  ]
  for (const [options, certificate] of mistakes) {
    assert.throws(
      () => createSecureCaller(options, certificate, ['https://127.0.0.1']),
      (error) => error instanceof TypeError && !error.message.includes('MII'),
      JSON.stringify(options),
    )
  }
})
