import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after as afterAll, afterEach, before as beforeAll, beforeEach, describe, it } from 'node:test'
import { encryptOf, isSigned, open, type PushBackEnd, type Pushed, startPushBackEnd } from './push-back-end.ts'
import { openStage, type Stage } from './stage.ts'
import { call, type Json } from './wechat-client.ts'

let shared: Stage
let stage: Stage
let backEnd: PushBackEnd
/** How many pushes there were before this test. */
let before = 0
beforeAll(async () => {
  shared = await openStage()
})
afterAll(() => shared.close())
beforeEach(async () => {
  stage = shared
  await stage.control('faults', undefined, 'DELETE')
  // Whatever an earlier test left waiting is given up first.
  await stage.advance(60)
  before = ((await stage.control('books')).json['pushes'] as unknown as readonly Json[]).length
  backEnd = await startPushBackEnd()
})
afterEach(() => backEnd.close())
/** For tests that need an app without a past. */
async function startAfresh(): Promise<void> {
  stage = await openStage()
  before = 0
}

const setPush = async (more: object = {}): Promise<Json> =>
  (await stage.control(`apps/${stage.appid}/push`, { url: backEnd.url, ...more })).json
/** The simplest push there is; waits until it has gone out as often as it will by now. */
async function push(): Promise<void> {
  await stage.control(`apps/${stage.appid}/trade-controlled`, {})
  await stage.advance(0)
}
const pushes = async (event?: string): Promise<readonly Json[]> => {
  const all = (await stage.control('books')).json['pushes'] as unknown as readonly Json[]
  return all.slice(before).filter((one) => event === undefined || one['event'] === event)
}
const outcomes = ({ deliveries }: Json): unknown[] =>
  (deliveries as unknown as readonly Json[]).map(({ outcome }) => outcome)
const eventOf = ({ body }: Pushed): Json => JSON.parse(body) as Json
const received = (event: string): Json[] =>
  backEnd.pushed.map((one) => eventOf(one)).filter((one) => one['Event'] === event)

async function api(path: string, body: object): Promise<Json> {
  const query = new URLSearchParams({ grant_type: 'client_credential', appid: stage.appid, secret: stage.secret })
  const token = (await call(`${stage.url}/cgi-bin/token?${query}`)).json['access_token']
  return (await call(`${stage.url}${path}?access_token=${token}`, { method: 'POST', body: JSON.stringify(body) })).json
}
async function ship(outTradeNo: string, more: object = {}): Promise<void> {
  const answer = await api('/wxa/sec/order/upload_shipping_info', {
    order_key: { order_number_type: 1, mchid: stage.merchant.mchid, out_trade_no: outTradeNo },
    logistics_type: 1,
    delivery_mode: 1,
    shipping_list: [{ tracking_no: 'YT1', express_company: 'YTO', item_desc: '牛肉面' }],
    upload_time: '2026-01-01T10:00:00+08:00',
    payer: { openid: await stage.openid() },
    ...more,
  })
  assert.equal(answer['errcode'], 0)
}

describe('the settings', () => {
  it('are made when they are not given, kept afterwards, and checked with an echostr', async () => {
    const first = await setPush()
    assert.match(first['token'] ?? '', /^[A-Za-z0-9]{32}$/)
    assert.match(first['encoding_aes_key'] ?? '', /^[A-Za-z0-9]{43}$/)
    assert.match(first['original_id'] ?? '', /^gh_[0-9a-f]{12}$/)
    assert.deepEqual(
      [first['mode'], first['format'], first['url_check']],
      ['secure', 'JSON', { ok: true, status: 200 }],
    )
    const [check] = backEnd.checks
    assert.ok(isSigned({ query: check ?? assert.fail(), body: '{}' }, first['token'] ?? ''))
    const again = await setPush({ mode: 'plain', format: 'JSON' })
    assert.deepEqual([again['token'], again['mode']], [first['token'], 'plain'])
    const { json } = await stage.control('requests?path=/push')
    assert.deepEqual(
      (json['requests'] as unknown as readonly Json[]).map(({ method, verdict }) => [method, verdict?.['ok']]),
      [
        ['GET', true],
        ['GET', true],
      ],
    )
  })

  it('hold although the check fails, and its answer says why', async () => {
    backEnd.echo = '<html>'
    const { url_check: check } = await setPush()
    assert.equal(check?.['ok'], false)
    assert.match(check?.['detail'] ?? '', /echostr/)
    await push()
    assert.equal(backEnd.pushed.length, 1)
  })
})

describe('what is sent', () => {
  for (const format of ['JSON', 'XML'] as const) {
    for (const mode of ['plain', 'compatible', 'secure'] as const) {
      it(`${mode} ${format}: signed, and encrypted if it has to be`, async () => {
        const settings = await setPush({ mode, format })
        await push()
        const [one] = backEnd.pushed
        assert.ok(one)
        assert.ok(isSigned(one, settings['token'] ?? ''))
        assert.equal(one.query.get('encrypt_type'), mode === 'plain' ? null : 'aes')
        assert.ok(Math.abs(Number(one.query.get('timestamp')) - Date.now() / 1000) < 60)
        assert.equal(encryptOf(one.body) !== undefined, mode !== 'plain')
        assert.equal(one.body.includes('wxa_trade_controlled'), mode !== 'secure')
        const text = mode === 'plain' ? one.body : open(one, settings['encoding_aes_key'] ?? '', stage.appid)
        const [made] = await pushes()
        const seconds = made?.['create_time']
        const msg = made?.['fields']?.['msg']
        const { original_id: to } = settings as unknown as { original_id: string }
        const from = made?.['from_user']
        const xml =
          `<xml><ToUserName><![CDATA[${to}]]></ToUserName><FromUserName><![CDATA[${from}]]></FromUserName>` +
          `<CreateTime>${seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType>` +
          `<Event><![CDATA[wxa_trade_controlled]]></Event><msg><![CDATA[${msg}]]></msg></xml>`
        const json = {
          ToUserName: to,
          FromUserName: from,
          CreateTime: seconds,
          MsgType: 'event',
          Event: 'wxa_trade_controlled',
          msg,
        }
        assert.equal(text, format === 'XML' ? xml : JSON.stringify(json))
      })
    }
  }

  it('in JSON a list of one is an object, a list of several a list; in XML it sits under the event’s name', async () => {
    const add = async (title: string) =>
      (await stage.control(`apps/${stage.appid}/subscribe-templates`, { title, keys: ['thing1'] })).json['template_id']
    const [first, second] = [await add('甲'), await add('乙')]
    const ask = (tmplIds: unknown[], answer = 'accept') =>
      stage.control('wx/requestSubscribeMessage', { appid: stage.appid, user: '小明', tmplIds, answer })
    await setPush({ mode: 'plain', format: 'JSON' })
    await ask([first])
    await ask([first, second], 'reject')
    await stage.advance(0)
    const [one, several] = received('subscribe_msg_popup_event')
    assert.deepEqual(one?.['List'], { TemplateId: first, SubscribeStatusString: 'accept', PopupScene: '0' })
    assert.equal(one?.['FromUserName'], await stage.openid())
    assert.deepEqual(
      [0, 1, 2].map((index) => several?.['List']?.[index]?.['TemplateId']),
      [first, second, undefined],
    )
    backEnd.pushed.length = 0
    await setPush({ format: 'XML' })
    await ask([first, second])
    await stage.advance(0)
    const entries = [first, second].map(
      (id) =>
        `<List><TemplateId><![CDATA[${id}]]></TemplateId><SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene><![CDATA[0]]></PopupScene></List>`,
    )
    assert.ok(
      backEnd.pushed[0]?.body.includes(`<SubscribeMsgPopupEvent>${entries.join('')}</SubscribeMsgPopupEvent>`),
      backEnd.pushed[0]?.body,
    )
  })

  it('tells of a subscribe message sent and of a template turned off', async () => {
    const id = (await stage.control('merchants')).json['merchants']?.[0]?.['apps']?.[0]?.['subscribe_templates']?.[0]?.[
      'template_id'
    ]
    const who = { appid: stage.appid, user: '小明', tmplIds: [id] }
    await setPush({ mode: 'plain', format: 'JSON' })
    await stage.control('wx/requestSubscribeMessage', { ...who, answer: 'accept' })
    const data = Object.fromEntries(
      Object.entries({ character_string1: '1', amount2: '¥1', thing3: '面', time4: '15:01' }).map(([key, value]) => [
        key,
        { value },
      ]),
    )
    const touser = await stage.openid()
    assert.equal((await api('/cgi-bin/message/subscribe/send', { touser, template_id: id, data }))['errcode'], 0)
    await stage.control('wx/turnOffSubscribeMessages', who)
    await stage.advance(0)
    const [message] = (await stage.control('messages')).json['messages'] as unknown as readonly Json[]
    assert.deepEqual(received('subscribe_msg_sent_event')[0]?.['List'], {
      TemplateId: id,
      MsgID: message?.['msg_id'],
      ErrorCode: '0',
      ErrorStatus: 'success',
    })
    assert.deepEqual(received('subscribe_msg_change_event')[0]?.['List'], {
      TemplateId: id,
      SubscribeStatusString: 'reject',
    })
  })
})

describe('the tries', () => {
  it('are three, five seconds apart, each signed afresh, under one CreateTime; then it gives up', async () => {
    await setPush({ mode: 'plain', format: 'JSON' })
    backEnd.answer = { status: 500, body: '' }
    await push()
    await stage.advance(3600)
    const one = (await pushes())[0] ?? assert.fail()
    assert.deepEqual(outcomes(one), ['refused', 'refused', 'refused'])
    const times = (one['deliveries'] as unknown as readonly Json[]).map(({ at }) => Date.parse(at ?? '') / 1000)
    assert.deepEqual(
      times.slice(1).map((time, index) => time - (times[index] ?? 0)),
      [5, 5],
    )
    assert.equal(new Set(backEnd.pushed.map((sent) => eventOf(sent)['CreateTime'])).size, 1)
    assert.equal(new Set(backEnd.pushed.map(({ query }) => query.get('nonce'))).size, 3)
  })

  it('end with success or an empty body, and with nothing else', async () => {
    await setPush({ mode: 'plain', format: 'JSON' })
    const cases = [
      [200, 'success', 'acknowledged'],
      [200, '', 'acknowledged'],
      [200, 'SUCCESS', 'refused'],
      [200, '{"errcode":0}', 'refused'],
      [204, '', 'refused'],
      [302, 'success', 'refused'],
    ] as const
    for (const [status, body, expected] of cases) {
      backEnd.answer = { status, body }
      await push()
      assert.deepEqual(outcomes((await pushes()).at(-1) ?? assert.fail()), [expected], `${status} ${body}`)
      await stage.advance(60)
    }
  })

  it('count five seconds of silence as a failure, and an unreachable back end too', async () => {
    await setPush({ mode: 'plain', format: 'JSON' })
    backEnd.answer = undefined
    await push()
    await backEnd.close()
    await stage.advance(60)
    assert.deepEqual(outcomes((await pushes())[0] ?? assert.fail()), ['timeout', 'unreachable', 'unreachable'])
  })

  it('two events of one second can be told apart', async () => {
    await setPush({ mode: 'plain', format: 'JSON' })
    await push()
    await push()
    const [first, second] = received('wxa_trade_controlled')
    assert.ok((first?.['CreateTime'] ?? 0) < (second?.['CreateTime'] ?? 0))
  })

  it('go on after a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'fenpay-push-'))
    stage = await openStage({ dataDir })
    before = 0
    await setPush({ mode: 'plain', format: 'JSON' })
    backEnd.answer = { status: 500, body: '' }
    const outTradeNo = await stage.pay('RSA')
    await push()
    const books = (await stage.control('books')).json['shipping_orders']
    await stage.close()
    backEnd.answer = { status: 200, body: 'success' }
    stage = await openStage({ dataDir })
    assert.deepEqual((await stage.control('books')).json['shipping_orders'], books)
    await stage.advance(5)
    const [one] = await pushes('wxa_trade_controlled')
    assert.deepEqual(outcomes(one ?? assert.fail()), ['refused', 'acknowledged'])
    await stage.advance(5)
    await ship(outTradeNo)
    await stage.close()
    rmSync(dataDir, { recursive: true })
  })
})

describe('faults', () => {
  beforeEach(() => setPush({ mode: 'compatible', format: 'JSON' }))

  it('push.drop: not sent, and the next try follows', async () => {
    await stage.fault('push.drop')
    await push()
    assert.equal(backEnd.pushed.length, 0)
    await stage.advance(5)
    assert.deepEqual(outcomes((await pushes())[0] ?? assert.fail()), ['not-sent', 'acknowledged'])
  })

  it('push.delay: sent later', async () => {
    await stage.fault('push.delay', { options: { seconds: 100 } })
    await push()
    await stage.advance(99)
    assert.equal(backEnd.pushed.length, 0)
    await stage.advance(2)
    assert.equal(backEnd.pushed.length, 1)
  })

  it('push.duplicate: the same event several times, each encrypted afresh', async () => {
    await stage.fault('push.duplicate', { options: { copies: 3 } })
    await push()
    assert.equal(backEnd.pushed.length, 3)
    assert.equal(new Set(backEnd.pushed.map((one) => eventOf(one)['CreateTime'])).size, 1)
    assert.equal(new Set(backEnd.pushed.map(({ body }) => encryptOf(body))).size, 3)
  })

  it('push.forged: a stranger’s message, taken or not, and then the genuine one', async () => {
    const settings = await setPush({ mode: 'compatible' })
    await stage.fault('push.forged')
    await push()
    const forged = backEnd.pushed[0] ?? assert.fail()
    assert.ok(!isSigned(forged, settings['token'] ?? ''))
    assert.throws(() => open(forged, settings['encoding_aes_key'] ?? '', stage.appid))
    await stage.advance(5)
    assert.ok(isSigned(backEnd.pushed[1] ?? assert.fail(), settings['token'] ?? ''))
    assert.deepEqual(outcomes((await pushes())[0] ?? assert.fail()), ['answer-ignored', 'acknowledged'])
  })
})

describe('shipping management', () => {
  beforeEach(async () => {
    await startAfresh()
    await setPush({ mode: 'plain', format: 'JSON' })
  })
  afterEach(() => stage.close())

  it('reminds of the API at the first transaction and then daily, until something was shipped', async () => {
    const first = await stage.pay('RSA')
    await stage.advance(10)
    assert.equal(received('trade_manage_remind_access_api').length, 1)
    await stage.pay('MD5')
    await stage.advance(3 * 86_400)
    assert.equal(received('trade_manage_remind_access_api').length, 4)
    assert.equal(received('trade_manage_remind_shipping').length, 0, 'nothing was ever shipped')
    await ship(first)
    await stage.advance(3 * 86_400)
    assert.equal(received('trade_manage_remind_access_api').length, 4)
  })

  it('reminds once of an order that is unshipped after 48 hours', async () => {
    const first = await stage.pay('RSA')
    await stage.advance(10)
    await ship(first)
    const late = await stage.pay('RSA')
    const presale = await stage.pay('RSA')
    await stage.advance(10)
    const delay_to = Math.floor(Date.now() / 1000) + 20 * 86_400
    await api('/wxa/sec/order/opspecialorder', { order_id: presale, type: 1, delay_to })
    await stage.advance(48 * 3600 - 60)
    assert.equal(received('trade_manage_remind_shipping').length, 0)
    await stage.advance(5 * 86_400)
    const [reminder, ...more] = received('trade_manage_remind_shipping')
    assert.deepEqual(more, [])
    const order = await stage.order(late)
    assert.deepEqual(
      [reminder?.['transaction_id'], reminder?.['merchant_id'], reminder?.['merchant_trade_no']],
      [order?.['transaction_id'], stage.merchant.mchid, late],
    )
    await stage.advance(20 * 86_400)
    assert.equal(received('trade_manage_remind_shipping')[1]?.['merchant_trade_no'], presale)
  })

  it('tells of the settlement when shipping is complete, and again when the money comes', async () => {
    const outTradeNo = await stage.pay('RSA')
    await stage.advance(10)
    await ship(outTradeNo)
    await stage.advance(0)
    const [shipped] = received('trade_manage_order_settlement')
    const days = ((shipped?.['estimated_settlement_time'] ?? 0) - (shipped?.['shipped_time'] ?? 0)) / 86_400
    assert.equal(days, 10)
    const confirmed = await stage.control('wx/confirmReceipt', {
      appid: stage.appid,
      user: '小明',
      merchant_id: stage.merchant.mchid,
      merchant_trade_no: outTradeNo,
    })
    assert.equal(confirmed.json['status'], 'success')
    await stage.advance(60)
    const [, settled, ...more] = received('trade_manage_order_settlement')
    assert.deepEqual(more, [])
    assert.equal(settled?.['confirm_receive_method'], 2)
    assert.ok((settled?.['settlement_time'] ?? 0) >= (settled?.['confirm_receive_time'] ?? Infinity))
    assert.equal(settled?.['estimated_settlement_time'], undefined)
  })

  it('sends nothing to an app without push settings', async () => {
    const own = await openStage()
    await own.pay('RSA')
    await own.advance(86_400)
    assert.deepEqual((await own.control('books')).json['pushes'], [])
    await own.close()
  })
})
