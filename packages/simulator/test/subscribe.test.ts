import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { openStage, type Stage } from './stage.ts'
import { call, type Json } from './wechat-client.ts'

let stage: Stage
let template: Json
let token = ''
before(async () => {
  stage = await openStage()
  const { json } = await call(
    `${stage.url}/cgi-bin/token?${new URLSearchParams({ grant_type: 'client_credential', appid: stage.appid, secret: stage.secret })}`,
  )
  token = json['access_token'] ?? ''
  const { json: listing } = await stage.control('merchants')
  template = listing['merchants']?.[0]?.['apps']?.[0]?.['subscribe_templates']?.[0] ?? assert.fail()
})
after(() => stage.close())

let users = 0
let user = ''
let openid = ''
beforeEach(async () => {
  user = `顾客${++users}`
  openid = await stage.openid(user)
})

const good = {
  character_string1: { value: '20260101001' },
  amount2: { value: '¥36.00' },
  thing3: { value: '牛肉面' },
  time4: { value: '2026年1月1日 15:01' },
}
const send = async (more: object = {}): Promise<Json> =>
  (
    await call(`${stage.url}/cgi-bin/message/subscribe/send?access_token=${token}`, {
      method: 'POST',
      body: JSON.stringify({ touser: openid, template_id: template['template_id'], data: good, ...more }),
    })
  ).json
const ask = async (answer: string, tmplIds: unknown = [template['template_id']]): Promise<Json> =>
  (await stage.control('wx/requestSubscribeMessage', { appid: stage.appid, user, tmplIds, answer })).json
async function messages(): Promise<readonly Json[]> {
  const query = new URLSearchParams({ appid: stage.appid, user })
  return (await stage.control(`messages?${query}`)).json['messages'] ?? []
}

describe('the default template', () => {
  it('is there at the start, for orders that were paid', () => {
    assert.match(template['template_id'] ?? '', /^[\w-]{43}$/)
    assert.deepEqual(template['keys'], ['character_string1', 'amount2', 'thing3', 'time4'])
  })
})

describe('the quota', () => {
  it('is one message for each accept, counted by user and template; then 43101', async () => {
    assert.equal((await send())['errcode'], 43101)
    assert.deepEqual(await ask('accept'), {
      errMsg: 'requestSubscribeMessage:ok',
      [template['template_id'] ?? '']: 'accept',
    })
    await ask('accept')
    assert.equal((await ask('reject'))[template['template_id'] ?? ''], 'reject')
    assert.deepEqual(await send({ page: 'pages/order/order?id=1' }), { errcode: 0, errmsg: 'ok' })
    assert.equal((await send({ lang: 'en_US' }))['errcode'], 0)
    const refused = await send()
    assert.equal(refused['errcode'], 43101)
    assert.match(refused['errmsg'] ?? '', /^user refuse to accept the msg, rid: /)
    const [first, second, ...more] = await messages()
    assert.deepEqual(more, [])
    assert.deepEqual(
      [first?.['kind'], first?.['page'], first?.['data']?.['thing3'], first?.['lang'], second?.['lang']],
      ['subscribe', 'pages/order/order?id=1', '牛肉面', 'zh_CN', 'en_US'],
    )
    const { json } = await stage.control('books')
    assert.ok((json['messages'] as unknown as Json[]).some(({ msg_id }) => msg_id === first?.['msg_id']))
  })

  it('is not touched by a message that is refused', async () => {
    await ask('accept')
    assert.equal((await send({ data: {} }))['errcode'], 47003)
    await stage.fault('mini-program.refused', { match: { path: 'subscribe/send' } })
    assert.equal((await send())['errcode'], 43108)
    assert.equal((await send())['errcode'], 0)
  })

  it('is lost when the user turns the template off', async () => {
    await ask('accept')
    await stage.control('wx/turnOffSubscribeMessages', { appid: stage.appid, user, tmplIds: [template['template_id']] })
    assert.equal((await send())['errcode'], 43101)
  })
})

describe('sending', () => {
  it('refuses with WeChat’s codes', async () => {
    const { json: other } = await stage.control('merchants', { name: '别家' }, 'POST')
    const elsewhere = other['apps']?.[0]?.['appid'] ?? ''
    const { json: foreign } = await stage.control(`apps/${elsewhere}/subscribe-templates`, {
      title: '别家的',
      keys: ['thing1'],
    })
    await ask('accept')
    const cases: readonly [errcode: number, more: object][] = [
      [40003, { touser: 'nobody' }],
      [40003, { touser: undefined }],
      [40037, { template_id: 'unknown' }],
      [40037, { template_id: foreign['template_id'] }],
      [47001, { data: 'text' }],
      [47003, { data: { ...good, thing3: { value: '很'.repeat(21) } } }],
      [47003, { data: { ...good, thing3: undefined } }],
      [47003, { data: { ...good, amount2: { value: 36 } } }],
      [41030, { page: 'https://example.com/' }],
      [40097, { miniprogram_state: 'release' }],
      [40097, { lang: 'de_DE' }],
    ]
    for (const [errcode, more] of cases) assert.equal((await send(more))['errcode'], errcode, JSON.stringify(more))
    const { errmsg } = (await send({ data: { ...good, amount2: { value: '很多钱' } } })) as unknown as {
      errmsg: string
    }
    assert.match(errmsg, /^argument invalid! data\.amount2\.value invalid, rid: /)
    assert.deepEqual(await messages(), [])
    const noToken = await call(`${stage.url}/cgi-bin/message/subscribe/send?access_token=x`, {
      method: 'POST',
      body: JSON.stringify({ touser: openid }),
    })
    assert.equal(noToken.json['errcode'], 40001)
  })
})

describe('the dialog', () => {
  it('refuses as the phone does', async () => {
    const id = template['template_id'] ?? ''
    const cases: readonly [errCode: number, tmplIds: unknown][] = [
      [10001, []],
      [10001, undefined],
      [20003, [id, id, id, id, id, id]],
      [10004, ['unknown']],
      [10004, [1]],
    ]
    for (const [errCode, tmplIds] of cases) {
      const { json } = await stage.control('wx/requestSubscribeMessage', {
        appid: stage.appid,
        user,
        tmplIds,
        answer: 'accept',
      })
      assert.equal(json['errCode'], errCode)
      assert.match(json['errMsg'] ?? '', /^requestSubscribeMessage:fail /)
    }
    assert.equal((await send())['errcode'], 43101)
  })

  it('asks once about templates with equal titles', async () => {
    const add = async () =>
      (await stage.control(`apps/${stage.appid}/subscribe-templates`, { title: '同名', keys: ['thing1'] })).json[
        'template_id'
      ] ?? ''
    const [first, second] = [await add(), await add()]
    const answer = await ask('accept', [first, second])
    assert.deepEqual([answer[first], answer[second]], ['accept', 'filter'])
  })

  it('takes an enum’s own values alone', async () => {
    const { json } = await stage.control(`apps/${stage.appid}/subscribe-templates`, {
      title: '状态',
      keys: ['enum1'],
      enums: { enum1: ['已发货'] },
    })
    await ask('accept', [json['template_id']])
    const status = async (value: string) =>
      (await send({ template_id: json['template_id'], data: { enum1: { value } } }))['errcode']
    assert.deepEqual([await status('未知'), await status('已发货')], [47003, 0])
  })

  it('says what is wrong with a control call', async () => {
    const bad = [
      ['wx/requestSubscribeMessage', { appid: stage.appid, user, tmplIds: [], answer: 'later' }],
      ['wx/turnOffSubscribeMessages', { appid: stage.appid, user, tmplIds: ['unknown'] }],
      ['apps/wx0000000000000000/subscribe-templates', { title: '甲', keys: ['thing1'] }],
      [`apps/${stage.appid}/subscribe-templates`, { title: '甲', keys: ['nothing1'] }],
      [`apps/${stage.appid}/push`, { url: 'http://example.com/push' }],
      [`apps/${stage.appid}/push`, { url: 'http://127.0.0.1:1/', encoding_aes_key: 'short' }],
      [`apps/${stage.appid}/push`, { url: 'http://127.0.0.1:1/', mode: 'open' }],
      [`apps/${stage.appid}/shipping`, { managed: 'yes' }],
      ['shipping/complaint', { transaction_id: 'unknown' }],
    ] as const
    for (const [path, body] of bad) assert.equal((await stage.control(path, body)).status, 400, path)
  })
})
