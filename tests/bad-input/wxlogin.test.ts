import assert from 'node:assert/strict'
import { type Message, send } from './support/answer.ts'
import type { Spoilt } from './support/relay.ts'
import { startStage } from './support/stage.ts'
import { type Attack, testTable } from './support/test-table.ts'

const stage = await startStage()
const logIn = (message: Message) => send(stage.url, '/users/wxlogin', message)
const logInWith = (json: unknown) => logIn({ json })
const freshCode = async (user = '小明') => (await stage.wechat.login(stage.appid, user)).code
const withUserInfo = (user = '小明') => stage.wechat.login(stage.appid, user, true)

async function attackWithEach(attack: Attack, bodies: unknown[]): Promise<void> {
  for (const body of bodies) await attack(() => logInWith(body))
}

/** WeChat's answer to code2Session is replaced; the code itself is a good one. */
function answeredBy(how: Spoilt) {
  return async (attack: Attack) => {
    const code = await freshCode()
    stage.relay.spoil('/sns/jscode2session', how)
    return attack(() => logInWith({ code }))
  }
}

function refusedBy(errcode: number, errmsg: string) {
  return async (attack: Attack) => {
    const answer = await answeredBy({ status: 200, body: JSON.stringify({ errcode, errmsg }) })(attack)
    return JSON.parse(answer.text) as { wechat?: { code: string; message: string } }
  }
}

testTable('POST /users/wxlogin', stage, {
  'not-json': async (attack) => {
    for (const body of ['{"code":', "{'code':'x'}", 'code=x', '{"code":"x"}{}']) {
      await attack(() => logIn({ body, headers: { 'content-type': 'application/json' } }))
    }
  },
  'no-body': (attack) => attack(() => logIn({ headers: { 'content-type': 'application/json' } })),
  'no-type': async (attack) => {
    const code = await freshCode()
    const body = new TextEncoder().encode(JSON.stringify({ code }))
    await attack(() => logIn({ body }))
  },
  'A6-utf8': async (attack) => {
    const bytes = Uint8Array.from([...Buffer.from('{"code":"'), 0xc0, 0xaf, ...Buffer.from('"}')])
    await attack(() => logIn({ body: bytes, headers: { 'content-type': 'application/json' } }))
  },
  'A6-utf16': async (attack) => {
    const body = Uint8Array.from(Buffer.from('\ufeff{"code":"x"}', 'utf16le'))
    await attack(() => logIn({ body, headers: { 'content-type': 'application/json' } }))
  },
  'A13-type': async (attack) => {
    const code = await freshCode()
    await attack(() => logIn({ form: `code=${code}` }))
    for (const type of ['text/plain', 'text/xml', 'multipart/form-data; boundary=x', 'application/json-patch+json']) {
      await attack(() => logIn({ body: JSON.stringify({ code }), headers: { 'content-type': type } }))
    }
  },
  'A60-proto': async (attack) => {
    const code = await freshCode()
    for (const member of ['"__proto__":{"admin":true}', '"constructor":{"prototype":{"admin":true}}']) {
      const body = `{"code":${JSON.stringify(code)},${member}}`
      await attack(() => logIn({ body, headers: { 'content-type': 'application/json' } }))
    }
  },
  'A60-depth': (attack) =>
    attack(() =>
      logIn({ body: `${'['.repeat(10_000)}${']'.repeat(10_000)}`, headers: { 'content-type': 'application/json' } }),
    ),
  'no-object': (attack) => attackWithEach(attack, [null, [], 'code', 7, true]),
  'code-missing': (attack) => attackWithEach(attack, [{}, { code: '' }, { code: null }]),
  'code-type': (attack) =>
    attackWithEach(attack, [{ code: 7 }, { code: ['x'] }, { code: { $ne: '' } }, { code: true }]),
  'code-long': (attack) => attackWithEach(attack, [{ code: 'x'.repeat(129) }]),
  'body-large': (attack) => attackWithEach(attack, [{ code: 'x'.repeat(70_000) }]),
  'A39-openid': async (attack) => {
    const code = await freshCode()
    await attackWithEach(attack, [
      { code, openid: 'oVictim' },
      { code, session_key: 'AAAA' },
      { code, user_id: '1' },
    ])
  },
  'A48-other-app': async (attack) => {
    const code = await freshCode()
    await attackWithEach(attack, [{ code, appid: 'wx0000000000000000' }])
  },
  'user-info-partial': async (attack) => {
    const { code, rawData, signature, encryptedData, iv } = await withUserInfo()
    await attackWithEach(attack, [
      { code, rawData, signature, encryptedData },
      { code, iv },
    ])
  },
  'A40-guess': async (attack) => {
    const guesses = ['0'.repeat(32), '\u0000', 'x\n\u001b[31mroot logged in', "' or 1=1 --", '测试']
    await attackWithEach(
      attack,
      guesses.map((code) => ({ code })),
    )
  },
  'A40-injection': async (attack) => {
    const code = await freshCode()
    await attackWithEach(attack, [{ code: `x&js_code=${code}` }, { code: `x#js_code=${code}` }])
  },
  'A40-replay': async (attack) => {
    const code = await freshCode()
    await stage.api.login({ code })
    await attackWithEach(attack, [{ code }])
  },
  'A40-other-app': async (attack) => {
    const other = await stage.wechat.control<{ apps: { appid: string }[] }>('/_sim/merchants', {})
    const { code } = await stage.wechat.login(other.apps[0]?.appid ?? '', '小明')
    await attackWithEach(attack, [{ code }])
  },
  'A40-expired': async (attack) => {
    const code = await freshCode()
    await stage.wechat.advance(5 * 60)
    await attackWithEach(attack, [{ code }])
  },
  'user-info-altered': async (attack) => {
    const first = await withUserInfo()
    await attackWithEach(attack, [{ ...fieldsOf(first), rawData: first.rawData?.replace('小明', '小王') }])
    const second = await withUserInfo()
    await attackWithEach(attack, [{ ...fieldsOf(second), signature: '0'.repeat(40) }])
  },
  'A39-user-info-of-another': async (attack) => {
    const [mine, theirs] = [await withUserInfo('小明'), await withUserInfo('小红')]
    await attackWithEach(attack, [{ ...fieldsOf(theirs), code: mine.code }])
  },
  'user-info-undecryptable': async (attack) => {
    const first = await withUserInfo()
    await attackWithEach(attack, [{ ...fieldsOf(first), iv: Buffer.alloc(16).toString('base64') }])
    const second = await withUserInfo()
    await attackWithEach(attack, [{ ...fieldsOf(second), encryptedData: 'AAAA' }])
    const third = await withUserInfo()
    await attackWithEach(attack, [{ ...fieldsOf(third), iv: 'not base64' }])
  },
  'A43-fixation': async (attack) => {
    const { token } = await stage.shopper('小明')
    const code = await freshCode()
    const answer = await attack(() => logIn({ token, json: { code } }))
    assert.notEqual((JSON.parse(answer.text) as { token: string }).token, token)
  },
  'wechat-40029': refusedBy(40029, 'invalid code'),
  'wechat-40163': refusedBy(40163, 'code been used'),
  'wechat-40226': refusedBy(40226, 'code blocked'),
  'wechat--1': refusedBy(-1, 'system error'),
  'wechat-45011': refusedBy(45011, 'api minute-quota reach limit'),
  'wechat-40013': async (attack) => {
    const { wechat } = await refusedBy(40013, 'invalid appid')(attack)
    assert.deepEqual(wechat, { code: '40013', message: 'invalid appid' })
  },
  'wechat-40125': refusedBy(40125, 'invalid appsecret'),
  'wechat-unknown-code': refusedBy(99999, 'something new'),
  'wechat-connection-refused': async (attack) => {
    const code = await freshCode()
    await stage.relay.goDown()
    try {
      await attackWithEach(attack, [{ code }])
    } finally {
      await stage.relay.comeUp()
    }
  },
  'wechat-silent': answeredBy('silence'),
  'wechat-reset': answeredBy('reset'),
  'wechat-502-html': answeredBy({ status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>502</h1>' }),
  'wechat-half-body': answeredBy('half body'),
  'wechat-no-json': answeredBy({ status: 200, body: '<html>login</html>' }),
  'wechat-no-openid': answeredBy({ status: 200, body: '{"session_key":"AAAAAAAAAAAAAAAAAAAAAA=="}' }),
  'database-stopped': async (attack) => {
    const code = await freshCode()
    await stage.database.shut()
    try {
      const answer = await attack(() => logInWith({ code }))
      assert.equal(answer.headers.get('retry-after'), '2')
    } finally {
      await stage.database.open()
    }
  },
})

function fieldsOf({ code, rawData, signature, encryptedData, iv }: Awaited<ReturnType<typeof withUserInfo>>) {
  return { code, rawData, signature, encryptedData, iv }
}
