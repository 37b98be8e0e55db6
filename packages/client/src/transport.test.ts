import assert from 'node:assert/strict'
import { test } from 'node:test'
import { baseUrl, problem, ScriptedPhone } from '../test/scripted-phone.ts'
import { createFenpay } from './fenpay.ts'

const found = { statusCode: 200, data: { products: [] } }

test('of many calls at once eight run, and all are answered', async () => {
  let running = 0
  let runningMax = 0
  const phone = new ScriptedPhone(async () => {
    running += 1
    runningMax = Math.max(runningMax, running)
    await new Promise(setImmediate)
    running -= 1
    return runningMax > 8 ? { errMsg: 'request:fail', errno: 600009 } : found
  })
  const fenpay = phone.start()
  const call = () => fenpay.products()
  const early = Array.from({ length: 20 }, call)
  await early[0]
  await Promise.all([...early, ...Array.from({ length: 20 }, call)])
  assert.equal(runningMax, 8)
  await fenpay.products()
})

test('a failed request gives its place back', async () => {
  const phone = new ScriptedPhone(() => problem(404, 'not_found'))
  const fenpay = phone.start()
  for (let call = 0; call < 10; call++) await assert.rejects(fenpay.products(), { code: 'not_found' })
  phone.script = () => found
  await fenpay.products()
})

test('an address ends in a slash or not, keeps its path, and is refused when it is none', async () => {
  const paths: string[] = []
  const wx = {
    ...new ScriptedPhone(() => found).wx,
    request: ({ url, success }: { url: string; success: (answer: never) => void }) => {
      paths.push(url)
      success({ ...found, header: {} } as never)
    },
  }
  await createFenpay({ wx, baseUrl: `${baseUrl}/` }).products()
  await createFenpay({ wx, baseUrl: `${baseUrl}/shop`, appid: 'wx0123456789abcdef' }).products()
  assert.deepEqual(paths, [`${baseUrl}/products`, `${baseUrl}/shop/products?appid=wx0123456789abcdef`])
  assert.throws(() => createFenpay({ wx, baseUrl: 'pay.example.com' }), { code: 'misuse' })
})

test('an avatar is uploaded with the token, and its answer read from text', async () => {
  const phone = new ScriptedPhone(({ path }) =>
    path === '/users/wxlogin'
      ? { statusCode: 200, data: { token: 't' } }
      : { statusCode: 200, data: '{"avatar_path":"/avatars/1/2"}' },
  )
  assert.deepEqual(await phone.start().changeAvatar('wxfile://tmp/a.png'), { avatar_path: '/avatars/1/2' })
  const upload = { method: 'UPLOAD', path: '/my/avatar', header: { authorization: 't' } }
  assert.deepEqual(phone.sent.at(-1), { ...upload, data: { avatar: 'wxfile://tmp/a.png' } })
  phone.script = () => ({ statusCode: 400, data: JSON.stringify({ code: 'avatar_invalid', detail: 'no picture' }) })
  await assert.rejects(phone.start().changeAvatar('wxfile://tmp/a.txt'), { code: 'avatar_invalid', statusCode: 400 })
  phone.script = () => ({ statusCode: 200, data: '<html>' })
  await assert.rejects(phone.start().changeAvatar('wxfile://tmp/a.png'), { code: 'unexpected_answer' })
})

test('a phone number code is good once, so that it is sent once', async () => {
  const phone = new ScriptedPhone(({ path }) =>
    path === '/users/wxlogin'
      ? { statusCode: 200, data: { token: 't' } }
      : { errMsg: 'request:fail timeout', errno: 5 },
  )
  await assert.rejects(phone.start().bindPhone('code'), { code: 'network', errno: 5 })
  assert.equal(phone.sentTo('/my/phone').length, 1)
})

test('a call about an order without its number sends nothing', async () => {
  const phone = new ScriptedPhone(() => found)
  const fenpay = phone.start()
  for (const call of [fenpay.pay, fenpay.checkOrder, fenpay.myOrder, fenpay.cancelOrder]) {
    await assert.rejects(call(''), { code: 'misuse' })
    await assert.rejects(call({ type: 'tap' } as never), { code: 'misuse' })
  }
  assert.equal(phone.sent.length, 0)
  assert.equal(phone.logins, 0)
})
