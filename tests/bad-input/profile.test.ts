import { type Message, send } from './support/answer.ts'
import { guessedNumber, withoutDatabase } from './support/order-number-cases.ts'
import { sendRaw } from './support/raw-http.ts'
import { startStage } from './support/stage.ts'
import { type Attack, type Case, testTable } from './support/test-table.ts'
import { troubleCases } from './support/wechat-troubles.ts'

const stage = await startStage()
const shopper = await stage.shopper()
const post = (path: string, message: Message) => send(stage.url, path, { token: shopper.token, ...message })

const eachJson =
  (path: string, bodies: unknown[]): Case =>
  async (attack) => {
    for (const json of bodies) await attack(() => post(path, { json }))
  }

function withCode(wechatPath: string, body: string): Case {
  return async (attack) => {
    const code = await phoneCode()
    stage.relay.spoil(wechatPath, { status: 200, body })
    await attack(() => post('/my/phone', { json: { code } }))
  }
}

async function phoneCode(): Promise<string> {
  const json = { appid: stage.appid, user: shopper.user }
  return (await stage.wechat.control<{ code: string }>('/_sim/wx/phoneNumber', json)).code
}

testTable('POST /my/profile', stage, {
  'A48-no-token': (attack) => attack(() => send(stage.url, '/my/profile', { json: { nickname: '小明' } })),
  'not-json': (attack) =>
    attack(() => post('/my/profile', { body: '{', headers: { 'content-type': 'application/json' } })),
  'A13-type': (attack) => attack(() => post('/my/profile', { form: 'nickname=x' })),
  'nickname-wrong': eachJson('/my/profile', [{}, { nickname: '' }, { nickname: '名'.repeat(33) }, { nickname: ['x'] }]),
  'A61-nickname': eachJson('/my/profile', [{ nickname: 'a\u0000' }, { nickname: 'a\nb' }, { nickname: '\u001b[31m' }]),
  'A6-nickname': (attack) =>
    attack(() =>
      post('/my/profile', { body: '{"nickname":"\\ud83c"}', headers: { 'content-type': 'application/json' } }),
    ),
  'A32-more-fields': eachJson('/my/profile', [
    { nickname: 'x', openid: 'oVictim' },
    { nickname: 'x', phone: '13800001234' },
    { nickname: 'x', avatar_path: 'http://evil.example/' },
  ]),
  'database-stopped': (attack) =>
    withoutDatabase(stage, () => attack(() => post('/my/profile', { json: { nickname: 'x' } }))),
})

testTable('POST /my/phone', stage, {
  'A48-no-token': (attack) => attack(() => send(stage.url, '/my/phone', { json: { code: 'x' } })),
  'code-wrong': eachJson('/my/phone', [{}, { code: '' }, { code: 7 }, { code: 'x'.repeat(129) }]),
  'A39-number': eachJson('/my/phone', [{ code: 'x', phoneNumber: '13800001234' }]),
  'A40-guess': eachJson('/my/phone', [{ code: '0'.repeat(64) }, { code: 'a\u0000' }, { code: 'a b' }, { code: '码' }]),
  'A40-login-code': async (attack) => {
    const { code } = await stage.wechat.login(stage.appid, shopper.user)
    await attack(() => post('/my/phone', { json: { code } }))
  },
  'A40-replay': async (attack) => {
    const code = await phoneCode()
    await post('/my/phone', { json: { code } })
    await attack(() => post('/my/phone', { json: { code } }))
  },
  'wechat-48001': withCode('/wxa/business/getuserphonenumber', '{"errcode":48001,"errmsg":"api unauthorized"}'),
  'wechat--1': withCode('/wxa/business/getuserphonenumber', '{"errcode":-1,"errmsg":"system error"}'),
  ...troubleCases(stage, '/wxa/business/getuserphonenumber', async (attack, begin) => {
    const code = await phoneCode()
    await begin()
    await attack(() => post('/my/phone', { json: { code } }))
  }),
  'database-stopped': (attack) =>
    withoutDatabase(stage, () => attack(() => post('/my/phone', { json: { code: 'x' } }))),
})

const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const part = (content: Buffer, name = 'avatar') =>
  Buffer.concat([
    Buffer.from(`--b\r\ncontent-disposition: form-data; name="${name}"; filename="a.png"\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ])
const multipart = (...parts: Buffer[]): Message => ({
  body: Uint8Array.from(Buffer.concat([...parts, Buffer.from('--b--\r\n')])),
  headers: { 'content-type': 'multipart/form-data; boundary=b' },
})

async function attackWithEach(attack: Attack, messages: Message[]): Promise<void> {
  for (const message of messages) await attack(() => post('/my/avatar', message))
}

testTable('POST /my/avatar', stage, {
  'A48-no-token': (attack) => attack(() => send(stage.url, '/my/avatar', multipart(part(Buffer.from(png))))),
  'no-file': (attack) =>
    attackWithEach(attack, [
      multipart(),
      multipart(part(Buffer.from(png), 'other')),
      multipart(part(Buffer.from(png), '__proto__')),
      { ...multipart(part(Buffer.from(png))), headers: { 'content-type': 'multipart/form-data' } },
      multipart(Buffer.from('--b\r\ncontent-disposition: form-data; name="avatar"\r\n\r\nhttp://evil.example/\r\n')),
      {},
      { json: { avatar: 'http://evil.example/' } },
    ]),
  'A46-no-picture': (attack) =>
    attackWithEach(
      attack,
      ['<svg onload="alert(1)"/>', '<html>', 'GIF89a', '', 'RIFF    WAVE'].map((text) =>
        multipart(part(Buffer.from(text))),
      ),
    ),
  'A13-type': (attack) =>
    attackWithEach(attack, [{ form: 'avatar=x' }, { body: 'x', headers: { 'content-type': 'image/png' } }]),
  large: (attack) =>
    attackWithEach(attack, [multipart(part(Buffer.concat([Buffer.from(png), Buffer.alloc(256 * 1024)])))]),
  'half-body': async (attack) => {
    const { body } = multipart(part(Buffer.from(png)))
    const head = `POST /my/avatar HTTP/1.1\nHost: shop\nAuthorization: ${shopper.token}\nConnection: close\n`
    const type = 'Content-Type: multipart/form-data; boundary=b\n'
    const half = Buffer.from(body as Uint8Array).subarray(0, 60)
    await attack(() => sendRaw(stage.url, [`${head}${type}Content-Length: ${half.length}\n\n`, half]))
  },
  'database-stopped': (attack) =>
    withoutDatabase(stage, () => attackWithEach(attack, [multipart(part(Buffer.from(png)))])),
})

testTable('GET /avatars/:merchant_id/:avatar_id', stage, {
  'A34-guess': async (attack) => {
    const { mchid } = stage.merchant
    const addresses = [
      `${mchid}/${guessedNumber}`,
      `1900000002/${guessedNumber}`,
      `${mchid}/x`,
      `${mchid}/%00`,
      `%00/x`,
    ]
    for (const address of [...addresses, `${mchid}/..%2f..%2fpackage.json`, "x/'%20or%201=1"]) {
      await attack(() => send(stage.url, `/avatars/${address}`, { method: 'GET' }))
    }
  },
  'database-stopped': (attack) =>
    withoutDatabase(stage, () =>
      attack(() => send(stage.url, `/avatars/${stage.merchant.mchid}/${guessedNumber}`, { method: 'GET' })),
    ),
})
