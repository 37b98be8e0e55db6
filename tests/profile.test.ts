import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { appidOf, refusedWith, Shopper, startShop } from './support/shop.ts'

const shop = await startShop()
const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  deflateSync(Buffer.alloc(64)),
])

async function upload(
  token: string,
  content: Uint8Array<ArrayBuffer>,
  field = 'avatar',
): Promise<{ status: number; body: Record<string, string> }> {
  const form = new FormData()
  form.set(field, new Blob([content]), 'avatar.png')
  const response = await fetch(new URL('/my/avatar', shop.server.url), {
    method: 'POST',
    headers: { authorization: token },
    body: form,
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

test('nickname and avatar are kept, and the picture comes from our own address', async () => {
  const shopper = await Shopper.arrive(shop)
  assert.deepEqual(await shop.api.profile(shopper.token), {})
  assert.deepEqual(await shop.api.changeProfile(shopper.token, { nickname: '小明' }), { nickname: '小明' })
  const { status, body } = await upload(shopper.token, new Uint8Array(png))
  assert.equal(status, 200)
  assert.equal(body['nickname'], '小明')
  const picture = await fetch(new URL(body['avatar_path'] ?? '', shop.server.url))
  assert.equal(picture.headers.get('content-type'), 'image/png')
  assert.deepEqual(Buffer.from(await picture.arrayBuffer()), png)
})

test('A46: what is no picture by its bytes is no avatar, whatever it is called', async () => {
  const shopper = await Shopper.arrive(shop)
  const script = new Uint8Array(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'))
  for (const [content, field] of [
    [script, 'avatar'],
    [new Uint8Array(png), 'other'],
    [new Uint8Array(300 * 1024), 'avatar'],
  ] as const) {
    assert.deepEqual((await upload(shopper.token, content, field)).body['code'], 'avatar_invalid')
  }
  assert.deepEqual(await shop.api.profile(shopper.token), {})
})

test('a new picture gets a new address, and the old one shows nothing', async () => {
  const shopper = await Shopper.arrive(shop)
  const first = (await upload(shopper.token, new Uint8Array(png))).body['avatar_path'] ?? ''
  const second = (await upload(shopper.token, new Uint8Array(png))).body['avatar_path'] ?? ''
  assert.notEqual(first, second)
  assert.equal((await fetch(new URL(first, shop.server.url))).status, 404)
})

test('the phone number is exchanged for its code once, kept sealed, and shown with its middle hidden', async () => {
  const shopper = await Shopper.arrive(shop)
  const { code } = await shop.wechat.control<{ code: string }>('/_sim/wx/phoneNumber', {
    appid: appidOf(shop.config),
    user: shopper.user,
  })
  const { phone } = await shop.api.bindPhone(shopper.token, { code })
  assert.match(phone ?? '', /^1\d{2}\*{4}\d{4}$/)
  await assert.rejects(shop.api.bindPhone(shopper.token, { code }), refusedWith('phone_code_invalid'))
  const [user] = await shop.sql<
    { sealed_phone: Uint8Array }[]
  >`select sealed_phone from users where sealed_phone is not null`
  assert.doesNotMatch(Buffer.from(user?.sealed_phone ?? []).toString('latin1'), /1\d{10}/)
})

test('A40: the code of wx.login is no code for a phone number', async () => {
  const shopper = await Shopper.arrive(shop)
  const { code } = await shop.wechat.login(appidOf(shop.config), shopper.user)
  await assert.rejects(shop.api.bindPhone(shopper.token, { code }), refusedWith('phone_code_invalid'))
})
