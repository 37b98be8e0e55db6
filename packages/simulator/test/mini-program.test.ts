import assert from 'node:assert/strict'
import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { openStage, type Stage } from './stage.ts'
import { call, control, type Json, type MerchantConfig, type Reply } from './wechat-client.ts'

let stage: Stage
let other: MerchantConfig
before(async () => {
  stage = await openStage()
  other = (await control(stage.url, 'merchants', { name: '别家' })).json as unknown as MerchantConfig
})
after(() => stage.close())

const login = async (user: string, more: object = {}): Promise<Json> =>
  (await stage.control('wx/login', { appid: stage.appid, user, ...more })).json
const codeOf = async (user: string): Promise<string> => (await login(user))['code'] ?? ''

function assertWxError(reply: Reply, errcode: number, text: string): void {
  assert.equal(reply.status, 200)
  assert.equal(reply.json['errcode'], errcode)
  assert.match(reply.json['errmsg'] ?? '', new RegExp(`^${text}, rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$`))
}

describe('jscode2session', () => {
  it('gives openid, unionid and session_key, and no errcode', async () => {
    const { json } = await stage.code2Session(await codeOf('甲'))
    assert.deepEqual(Object.keys(json).sort(), ['openid', 'session_key', 'unionid'])
    assert.match(json['openid'] ?? '', /^o[\w-]{27}$/)
    assert.equal(Buffer.from(json['session_key'] ?? '', 'base64').length, 16)
  })

  it('refuses with WeChat’s codes', async () => {
    const code = await codeOf('甲')
    const cases: readonly [changes: Record<string, string>, errcode: number, text: string][] = [
      [{ appid: '' }, 41002, 'appid missing'],
      [{ secret: '' }, 41004, 'appsecret missing'],
      [{ js_code: '' }, 41008, 'missing code'],
      [{ grant_type: 'client_credential' }, 40002, 'invalid grant_type'],
      [{ appid: 'wx0000000000000000' }, 40013, 'invalid appid'],
      [{ secret: 'wrong' }, 40125, 'invalid appsecret'],
      [{ js_code: 'garbage' }, 40029, 'invalid code'],
      [{ appid: other.apps[0]?.appid ?? '', secret: other.apps[0]?.secret ?? '' }, 40029, 'invalid code'],
    ]
    for (const [changes, errcode, text] of cases) assertWxError(await stage.code2Session(code, changes), errcode, text)
    assert.ok((await stage.code2Session(code)).json['openid'], 'a refused exchange does not use the code up')
  })

  it('takes a code once, and for five minutes only (A40)', async () => {
    const code = await codeOf('甲')
    await stage.code2Session(code)
    assertWxError(await stage.code2Session(code), 40163, 'code been used')
    const late = await codeOf('甲')
    await stage.advance(299)
    const inTime = await codeOf('甲')
    assert.ok((await stage.code2Session(late)).json['openid'])
    await stage.advance(301)
    assertWxError(await stage.code2Session(inTime), 40029, 'invalid code')
    assertWxError(await stage.code2Session(late), 40029, 'invalid code')
  })

  it('keeps a person’s openid within an app, gives another in another app, and one unionid', async () => {
    const first = (await stage.code2Session(await codeOf('乙'))).json
    const again = (await stage.code2Session(await codeOf('乙'))).json
    const { appid, secret } = other.apps[0] ?? assert.fail()
    const { json } = await stage.control('wx/login', { appid, user: '乙' })
    const elsewhere = (await stage.code2Session(json['code'] ?? '', { appid, secret })).json
    assert.equal(again['openid'], first['openid'])
    assert.notEqual(elsewhere['openid'], first['openid'])
    assert.equal(elsewhere['unionid'], first['unionid'])
    assert.notEqual((await stage.code2Session(await codeOf('丙'))).json['unionid'], first['unionid'])
  })

  it('keeps the session_key for half an hour of logins, then a login replaces it', async () => {
    const key = async () => (await stage.code2Session(await codeOf('丁'))).json['session_key']
    const first = await key()
    assert.equal(await key(), first)
    await stage.advance(1801)
    assert.notEqual(await key(), first)
  })

  it('is busy or limited on demand (F40)', async () => {
    await stage.fault('login.busy', { match: { path: 'jscode2session' } })
    await stage.fault('login.busy', { options: { errcode: 45011 } })
    const code = await codeOf('甲')
    assertWxError(await stage.code2Session(code), -1, 'system error')
    assertWxError(await stage.code2Session(code), 45011, 'api minute-quota reach limit mustslower retry next minute')
    assert.ok((await stage.code2Session(code)).json['openid'])
  })
})

describe('the profile of the getUserInfo button', () => {
  it('is signed and encrypted under the session_key of this login', async () => {
    const { code, rawData, signature, encryptedData, iv } = await login('小明', { with_user_info: true })
    const session = (await stage.code2Session(code ?? '')).json
    const sessionKey = session['session_key'] ?? ''
    assert.equal(createHash('sha1').update(`${rawData}${sessionKey}`).digest('hex'), signature)
    const decipher = createDecipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), Buffer.from(iv ?? '', 'base64'))
    const plain = Buffer.concat([decipher.update(Buffer.from(encryptedData ?? '', 'base64')), decipher.final()])
    const data = JSON.parse(plain.toString()) as Json
    assert.deepEqual([data['openId'], data['unionId']], [session['openid'], session['unionid']])
    assert.equal(data['watermark']?.['appid'], stage.appid)
    assert.ok(
      Math.abs((data['watermark']?.['timestamp'] ?? 0) * 1000 - ((await stage.control('clock')).json['now_ms'] ?? 0)) <
        5000,
    )
    const profile = JSON.parse(rawData ?? '') as Json
    assert.deepEqual([profile['nickName'], data['nickName']], ['小明', '小明'])
    const picture = await call(profile['avatarUrl'] ?? '')
    assert.equal(picture.headers.get('content-type'), 'image/svg+xml')
    assert.match(picture.text, /^<svg /)
  })
})

describe('access tokens', () => {
  const plain = (changes: Record<string, string> = {}): Promise<Reply> =>
    call(
      `${stage.url}/cgi-bin/token?${new URLSearchParams({ grant_type: 'client_credential', appid: stage.appid, secret: stage.secret, ...changes })}`,
    )
  const stable = (more: object = {}): Promise<Reply> =>
    call(`${stage.url}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({ grant_type: 'client_credential', appid: stage.appid, secret: stage.secret, ...more }),
    })
  const works = async (token: string): Promise<boolean> => {
    const reply = await call(`${stage.url}/wxa/business/getuserphonenumber?access_token=${token}`, {
      method: 'POST',
      body: '{}',
    })
    return reply.json['errcode'] === 40029
  }
  const tokenOf = ({ json }: Reply): string => json['access_token'] ?? assert.fail(JSON.stringify(json))

  it('a plain token is new each time, the one before works five more minutes', async () => {
    const first = await plain()
    assert.equal(first.json['expires_in'], 7200)
    const second = await plain()
    assert.notEqual(tokenOf(second), tokenOf(first))
    assert.ok(await works(tokenOf(first)))
    await stage.advance(301)
    assert.ok(!(await works(tokenOf(first))))
    assert.ok(await works(tokenOf(second)))
  })

  it('a stable token stays until its last five minutes, then two work', async () => {
    const first = await stable()
    assert.equal(tokenOf(await stable()), tokenOf(first))
    await stage.advance(7200 - 290)
    const second = await stable()
    assert.notEqual(tokenOf(second), tokenOf(first))
    assert.ok((await works(tokenOf(first))) && (await works(tokenOf(second))))
  })

  it('a forced refresh ends the old stable token at once, but not twice within thirty seconds', async () => {
    const first = tokenOf(await stable())
    await stage.advance(31)
    const second = tokenOf(await stable({ force_refresh: true }))
    assert.notEqual(second, first)
    assert.ok(!(await works(first)))
    assert.equal(tokenOf(await stable({ force_refresh: true })), second)
  })

  it('both refuse with WeChat’s codes', async () => {
    assertWxError(await plain({ grant_type: 'x' }), 40002, 'invalid grant_type')
    assertWxError(await plain({ appid: 'x' }), 40013, 'invalid appid')
    assertWxError(await stable({ secret: 'x' }), 40125, 'invalid appsecret')
    assertWxError(await stable({ appid: '' }), 41002, 'appid missing')
    assertWxError(await call(`${stage.url}/cgi-bin/stable_token`), 43002, 'require POST method')
    assertWxError(await call(`${stage.url}/cgi-bin/stable_token`, { method: 'POST' }), 44002, 'empty post data')
    assertWxError(
      await call(`${stage.url}/cgi-bin/stable_token`, { method: 'POST', body: '[]' }),
      47001,
      'data format error',
    )
  })

  it('a missing, unknown or expired token is told apart', async () => {
    const ask = (token: string) =>
      call(`${stage.url}/wxa/business/getuserphonenumber?access_token=${token}`, {
        method: 'POST',
        body: '{"code":"x"}',
      })
    assertWxError(await ask(''), 41001, 'access_token missing')
    assertWxError(await ask('x'), 40001, 'invalid credential, access_token is invalid or not latest')
    const token = tokenOf(await plain())
    await stage.advance(7200)
    assertWxError(await ask(token), 42001, 'access_token expired')
  })

  it('a phone number comes for its own kind of code, once, in its app', async () => {
    const token = tokenOf(await stable())
    const ask = async (code: string, by = token) =>
      call(`${stage.url}/wxa/business/getuserphonenumber?access_token=${by}`, {
        method: 'POST',
        body: JSON.stringify({ code }),
      })
    const press = async () =>
      (await stage.control('wx/phoneNumber', { appid: stage.appid, user: '甲' })).json['code'] ?? ''
    const code = await press()
    const { json } = await ask(code)
    assert.equal(json['errcode'], 0)
    assert.match(json['phone_info']?.['purePhoneNumber'] ?? '', /^138\d{8}$/)
    assert.equal(json['phone_info']?.['watermark']?.['appid'], stage.appid)
    assertWxError(await ask(code), 40029, 'invalid code')
    assertWxError(await ask(await codeOf('甲')), 40029, 'invalid code')
    assertWxError(await stage.code2Session(await press()), 40029, 'invalid code')
    const { appid, secret } = other.apps[0] ?? assert.fail()
    assertWxError(await ask(await press(), tokenOf(await stable({ appid, secret }))), 40013, 'invalid appid')
  })

  it('checksession and resetusersessionkey take the HMAC of the empty text', async () => {
    const token = tokenOf(await stable())
    const session = (await stage.code2Session(await codeOf('戊'))).json
    const ask = (path: string, key: string, more: Record<string, string> = {}) => {
      const signature = createHmac('sha256', key).update('').digest('hex')
      const query = {
        access_token: token,
        openid: session['openid'] ?? '',
        signature,
        sig_method: 'hmac_sha256',
        ...more,
      }
      return call(`${stage.url}/wxa/${path}?${new URLSearchParams(query)}`)
    }
    const key = session['session_key'] ?? ''
    assert.equal((await ask('checksession', key)).json['errcode'], 0)
    assertWxError(await ask('checksession', 'another'), 87009, 'invalid signature')
    assertWxError(await ask('checksession', key, { sig_method: 'md5' }), 87008, 'invalid sig_method')
    assertWxError(await ask('checksession', key, { openid: 'x' }), 40003, 'invalid openid')
    const renewed = (await ask('resetusersessionkey', key)).json
    assert.notEqual(renewed['session_key'], key)
    assertWxError(await ask('checksession', key), 87009, 'invalid signature')
    assert.equal((await ask('checksession', renewed['session_key'] ?? '')).json['errcode'], 0)
  })
})
