import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type Phone, startPhone } from '../src/index.ts'
import { ask, kiosk, Listener } from './stage.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let phone: Phone
let api: Server
let apiUrl: string
const seen: Seen[] = []
/** Called when a connection to /silence ends. */
let onHangUp = () => {}

before(async () => {
  api = createServer(async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    const { method = '', url = '', headers } = incoming
    seen.push({ method, url, headers, body })
    if (url === '/silence') response.once('close', () => onHangUp())
    else if (url === '/bytes') response.end(Buffer.from([0, 255, 128]))
    else if (url === '/away') response.writeHead(302, { location: 'http://192.0.2.1/secret' }).end()
    else if (url === '/round') response.writeHead(307, { location: '/round' }).end()
    else if (url === '/moved') response.writeHead(302, { location: '/here' }).end('gone')
    else if (url === '/problem')
      response
        .writeHead(409, { 'content-type': 'application/problem+json', 'set-cookie': ['a=1', 'b=2'] })
        .end('{"code":"sold_out","detail":"nothing left"}')
    else response.end('hello')
  })
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  phone = await startPhone({ folder: kiosk, port: 0, wechatUrl: 'http://127.0.0.1:9', apiUrl })
})

after(async () => {
  await phone.close()
  api.closeAllConnections()
  await new Promise((resolve) => api.close(resolve))
})

test('a request arrives as the mini program wrote it, in the name of WeChat', async () => {
  const header = { 'X-Own': '1', Referer: 'http://other/', Host: 'other', 'content-type': 'text/plain' }
  const answer = await ask(phone, 'request', { url: `${apiUrl}/a?b=c`, method: 'PUT', header, data: '面' })
  assert.equal(answer['statusCode'], 200)
  assert.equal(answer['data'], 'hello')
  const { method, url, headers, body } = seen.at(-1) ?? assert.fail()
  assert.deepEqual([method, url, body], ['PUT', '/a?b=c', '面'])
  assert.equal(headers['x-own'], '1')
  assert.equal(headers.host, new URL(apiUrl).host)
  assert.match(headers.referer ?? '', /^https:\/\/servicewechat\.com\/.*\/page-frame\.html$/)
  assert.match(headers['user-agent'] ?? '', /MicroMessenger/)
})

test("the default back end's address leads to the configured one", async () => {
  for (const host of ['127.0.0.1', 'localhost']) {
    const answer = await ask(phone, 'request', { url: `http://${host}:3000/default` })
    assert.equal(answer['data'], 'hello')
    assert.equal(seen.at(-1)?.url, '/default')
  }
})

test('bytes go out and come back unharmed', async () => {
  const sent = Buffer.from('b1n\r\n').toString('base64')
  const answer = await ask(phone, 'request', {
    url: `${apiUrl}/bytes`,
    method: 'POST',
    bodyBase64: sent,
    responseType: 'arraybuffer',
  })
  assert.deepEqual(Buffer.from(String(answer['dataBase64']), 'base64'), Buffer.from([0, 255, 128]))
  assert.equal(seen.at(-1)?.body, 'b1n\r\n')
})

test('an HTTP error is an answer, and the story shows its problem', async () => {
  const listener = await Listener.to(phone)
  const answer = await ask(phone, 'request', { url: `${apiUrl}/problem`, method: 'POST', data: '{}' })
  await listener.until('its end', () => listener.entries.at(-1)?.answer?.status === 409)
  listener.stop()
  assert.equal(answer['statusCode'], 409)
  assert.equal((answer['header'] as Record<string, string>)['set-cookie'], 'a=1,b=2')
  assert.deepEqual(listener.entries.at(-1)?.verdict, { ok: false, code: 'sold_out', message: 'nothing left' })
})

test('addresses beyond this machine are refused, also behind a redirect', async () => {
  const before = seen.length
  for (const url of ['http://192.0.2.1/', 'http://169.254.169.254/', 'file:///etc/passwd', 'http://example.com/']) {
    const answer = await ask(phone, 'request', { url })
    assert.deepEqual(answer, { errMsg: 'request:fail url not in domain list', errno: 600002 }, url)
  }
  assert.equal(seen.length, before)
  const away = await ask(phone, 'request', { url: `${apiUrl}/away` })
  assert.equal(away['errno'], 600002)
  const round = await ask(phone, 'request', { url: `${apiUrl}/round` })
  assert.equal(round['errno'], 600008)
})

test('a redirect is followed as a GET, or handed over when asked for', async () => {
  const followed = await ask(phone, 'request', { url: `${apiUrl}/moved`, method: 'POST', data: 'x' })
  assert.deepEqual([followed['data'], seen.at(-1)?.method, seen.at(-1)?.body], ['hello', 'GET', ''])
  const manual = await ask(phone, 'request', { url: `${apiUrl}/moved`, redirect: 'manual' })
  assert.equal(manual['statusCode'], 302)
})

test('what goes wrong on the network has the words and the errno of WeChat', async () => {
  const timeout = await ask(phone, 'request', { url: `${apiUrl}/silence`, timeout: 100 })
  assert.deepEqual(timeout, { errMsg: 'request:fail timeout', errno: 5 })
  const refused = await ask(phone, 'request', { url: 'http://127.0.0.1:9/' })
  assert.match(String(refused['errMsg']), /^request:fail errcode:-102 .*ERR_CONNECTION_REFUSED$/)
  assert.equal(refused['errno'], 600001)
  const header = { 'x-bad': 'a\nb' }
  assert.equal((await ask(phone, 'request', { url: apiUrl, header }))['errno'], 600005)
})

test('an aborted request is aborted at the back end too', async () => {
  const hungUp = new Promise<void>((resolve) => {
    onHangUp = resolve
  })
  await fetch(`${phone.url}/_phone/story`, { method: 'DELETE' })
  const listener = await Listener.to(phone)
  const before = seen.length
  const abort = new AbortController()
  const body = JSON.stringify({ url: `${apiUrl}/silence` })
  const asked = fetch(`${phone.url}/_phone/request`, { method: 'POST', body, signal: abort.signal })
  await listener.until('the request', () => seen.length > before && listener.entries.length === 1)
  abort.abort()
  await assert.rejects(asked, { name: 'AbortError' })
  await hungUp
  await listener.until('its end', () => listener.entries.at(-1)?.verdict?.code === 'request:fail abort')
  listener.stop()
})

test('nonsense is answered with 400 and a plain message', async () => {
  const bad = [
    {},
    { url: 1 },
    { url: apiUrl, method: 'PATCH' },
    { url: apiUrl, method: 'CONNECT' },
    { url: apiUrl, timeout: 0 },
  ]
  for (const input of bad) assert.equal((await ask(phone, 'request', input))['code'], 'bad_request')
  const noJson = await fetch(`${phone.url}/_phone/request`, { method: 'POST', body: '[1]' })
  assert.equal(noJson.status, 400)
  assert.equal((await fetch(`${phone.url}/_phone/nothing`)).status, 404)
  assert.equal((await fetch(`${phone.url}/elsewhere`)).status, 404)
  assert.equal((await fetch(`${phone.url}/`, { method: 'POST' })).status, 405)
})

test('other sites, also those that have bent their name to this machine, get nothing', async () => {
  const foreign = await fetch(`${phone.url}/_phone/request`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
    body: JSON.stringify({ url: apiUrl }),
  })
  assert.equal(foreign.status, 403)
  const { port } = new URL(phone.url)
  const bent = await new Promise((resolve, reject) => {
    request(
      { port, host: '127.0.0.1', path: '/_phone/story', headers: { host: `evil.example:${port}` } },
      ({ statusCode }) => resolve(statusCode),
    )
      .on('error', reject)
      .end()
  })
  assert.equal(bent, 403)
  const own = await fetch(`${phone.url}/_phone/event`, { method: 'POST', headers: { origin: phone.url }, body: '{}' })
  assert.equal(own.status, 200)
})
