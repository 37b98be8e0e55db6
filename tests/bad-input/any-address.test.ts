import assert from 'node:assert/strict'
import { type Answer, send } from './support/answer.ts'
import { guessedNumber } from './support/order-number-cases.ts'
import { sendRaw } from './support/raw-http.ts'
import { startStage } from './support/stage.ts'
import { type Attack, testTable } from './support/test-table.ts'

const stage = await startStage()
const limited = await startStage({ env: { FENPAY_RATE_LIMIT_PER_MINUTE: '3' } })
const get = (path: string) => send(stage.url, path, { method: 'GET' })
const raw = (...parts: Parameters<typeof sendRaw>[1]) => sendRaw(stage.url, parts)
const jsonPost = 'POST /users/wxlogin HTTP/1.1\nHost: shop\nContent-Type: application/json\n'
const body = '{"code":"x"}'

async function attackWithEach(attack: Attack, requests: string[]): Promise<void> {
  for (const request of requests) await attack(() => raw(request))
}

// The slow ones take as long as the server's patience; they begin now and are looked at in their tests.
const slowHeaders = slowly(['GET /products HTTP/1.1\nHost: shop\n', ...drip('X-Slow: 1\n')])
const slowBody = slowly([`${jsonPost}Content-Length: 100\n\n`, ...drip(' ')])

function drip(text: string) {
  return Array.from({ length: 40 }, () => [{ pauseMs: 500 }, text]).flat()
}

async function slowly(parts: Parameters<typeof sendRaw>[1]): Promise<{ answer: Answer; tookMs: number }> {
  const startedAt = performance.now()
  const answer = await sendRaw(stage.url, parts)
  return { answer, tookMs: performance.now() - startedAt }
}

async function attackBySlowness(attack: Attack, sent: typeof slowBody): Promise<void> {
  const { answer, tookMs } = await sent
  await attack(async () => answer)
  // To its end the whole would take twenty seconds.
  assert.ok(tookMs < 18_000, `took ${tookMs} ms`)
}

testTable('Any address', stage, {
  unknown: async (attack) => {
    for (const path of ['/', '/admin', '/my', '/order', '/wechat/notify', '/.env', '/favicon.ico', '/PRODUCTS']) {
      await attack(() => get(path))
    }
    await attack(() => raw('GET //products HTTP/1.1\nHost: shop\n\n'))
  },
  'A31-pay-success': async (attack) => {
    for (const path of ['/paySuccess', '/order/paySuccess?orderNo=1', '/order/refund']) {
      await attack(() => send(stage.url, path, { json: { order_number: guessedNumber } }))
    }
  },
  'A67-traversal': async (attack) => {
    for (const path of ['/docs/static/..%2f..%2f..%2fpackage.json', '/docs/static/%2e%2e/%2e%2e/package.json']) {
      await attack(() => raw(`GET ${path} HTTP/1.1\nHost: shop\n\n`))
    }
    await attack(() => raw('GET /docs/static/../../../../package.json HTTP/1.1\nHost: shop\n\n'))
  },
  'bad-escape': async (attack) => {
    for (const path of ['/%', '/my/orders/%ff', '/products/%E0%A4', '/wechat/notify/v3/%zz']) {
      await attack(() => raw(`GET ${path} HTTP/1.1\nHost: shop\n\n`))
    }
  },
  'long-address': async (attack) => {
    await attack(() => get(`/my/orders/${'A'.repeat(200)}`))
    await attack(() => send(stage.url, `/wechat/notify/v3/${'1'.repeat(200)}`, { json: {} }))
  },
  'other-method': async (attack) => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await attack(() => send(stage.url, '/order/submit', { method }))
      assert.equal(answer.headers.get('allow'), 'POST')
    }
    await attack(() => send(stage.url, '/products', { json: {} }))
    await attack(() => raw('TRACE /products HTTP/1.1\nHost: shop\n\n'))
  },
  'no-http': (attack) =>
    attackWithEach(attack, [
      'hello\n\n',
      'FOO /products HTTP/1.1\nHost: shop\n\n',
      'GET /products HTTP/9.9\nHost: shop\n\n',
      'PRI * HTTP/2.0\n\nSM\n\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ]),
  'A57-smuggling': (attack) =>
    attackWithEach(attack, [
      `${jsonPost}Content-Length: ${body.length}\nTransfer-Encoding: chunked\n\n0\n\nGET /docs HTTP/1.1\nHost: x\n\n`,
      `${jsonPost}Transfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n`,
      `${jsonPost}Content-Length: ${body.length}\nContent-Length: 0\n\n${body}`,
      `${jsonPost}Content-Length: ${body.length}\nContent-Length: ${body.length}\n\n${body}`,
      `${jsonPost}Content-Length: +${body.length}\n\n${body}`,
      `${jsonPost}Content-Length: ${body.length}, ${body.length}\n\n${body}`,
      `${jsonPost}Content-Length : ${body.length}\n\n${body}`,
      `${jsonPost}Transfer-Encoding: chunked, identity\n\n0\n\n`,
      `${jsonPost}Transfer-Encoding: chunked\n\nzz\n${body}\n0\n\n`,
    ]),
  'A57-headers': (attack) =>
    attackWithEach(attack, [
      'GET /products HTTP/1.1\nHost: shop\nX-A: a\0b\n\n',
      'GET /products HTTP/1.1\nHost: shop\nX-A: a\n folded\n\n',
      'GET /products HTTP/1.1\nHost: shop\nX A: a\n\n',
      'GET /products HTTP/1.1\nHost: shop\n: a\n\n',
    ]),
  'A57-no-host': (attack) => attackWithEach(attack, ['GET /products HTTP/1.1\n\n']),
  'A57-huge-headers': (attack) =>
    attackWithEach(attack, [
      `GET /products HTTP/1.1\nHost: shop\nX-Huge: ${'a'.repeat(20_000)}\n\n`,
      `GET /products HTTP/1.1\nHost: shop\n${'X-Many: a\n'.repeat(3_000)}\n`,
      `GET /products?${'a'.repeat(20_000)} HTTP/1.1\nHost: shop\n\n`,
    ]),
  'A57-two-types': async (attack) => {
    const types = 'Content-Type: text/plain\n'
    await attack(() => raw(`${jsonPost}${types}Content-Length: ${body.length}\n\n${body}`))
  },
  'A57-declared-large': (attack) => attack(() => raw(`${jsonPost}Content-Length: 10000000\n\n`)),
  'A57-chunked-large': (attack) => {
    const chunk = `4000\n${' '.repeat(0x4000)}\n`
    return attack(() => raw(`${jsonPost}Transfer-Encoding: chunked\n\n${chunk.repeat(6)}0\n\n`))
  },
  'A57-compressed': async (attack) => {
    const { gzipSync } = await import('node:zlib')
    const zipped = Uint8Array.from(gzipSync(' '.repeat(1_000_000)))
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    await attack(() => send(stage.url, '/users/wxlogin', { body: zipped, headers }))
  },
  'A57-slow-headers': (attack) => attackBySlowness(attack, slowHeaders),
  'A57-slow-body': (attack) => attackBySlowness(attack, slowBody),
})

testTable('Any address but those of WeChat', limited, {
  'rate-limit': async (attack) => {
    for (let call = 0; call < 3; call++) await send(limited.url, '/products', { method: 'GET' })
    const answer = await attack(() => send(limited.url, '/products', { method: 'GET' }))
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9][0-9]?$/)
    await attack(() => send(limited.url, '/order/submit', { json: {} }))
  },
  'A34-guessing': async (attack) => {
    const order = { json: { order_number: guessedNumber } }
    await attack(() => send(limited.url, '/my/orders/chkOrder', order))
  },
  'A40-guessing': (attack) => attack(() => send(limited.url, '/users/wxlogin', { json: { code: 'guess' } })),
  'A9-forwarded-for': async (attack) => {
    const headers = { 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.7', forwarded: 'for=203.0.113.7' }
    await attack(() => send(limited.url, '/products', { method: 'GET', headers }))
  },
})
