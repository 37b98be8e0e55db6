import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '@fenpay/server'
import { type Answer, type Message, send } from './support/answer.ts'
import { withoutDatabase } from './support/order-number-cases.ts'
import { begunOrder, paidAtWeChat, type Stage, startStage } from './support/stage.ts'

/** Everything the server lets out: its log at level debug, its answers, its database. */
interface Outlets {
  log: string[]
  answers: Answer[]
  post(path: string, message: Message): Promise<Answer>
}

/** A good purchase, and every kind of thing that can go wrong with one. */
async function playEverything(stage: Stage, { post }: Outlets): Promise<void> {
  const shopper = await stage.shopper()
  const old = await stage.wechat.login(stage.appid, '小明', true)
  const { code, encryptedData, iv, rawData, signature } = old
  await post('/users/wxlogin', { json: { code, encryptedData, iv, rawData, signature } })
  await post('/users/wxlogin', { json: { code: 'x"}\n{"level":30,"msg":"\u001b[31mforged line' } })
  for (const spoilt of ['silence', 'reset', { status: 200, body: '{"errcode":40125,"errmsg":"bad"}' }] as const) {
    stage.relay.spoil('/sns/', spoilt)
    await post('/users/wxlogin', { json: { code: 'some code' } })
  }
  stage.relay.heal()
  await stage.relay.goDown()
  await post('/users/wxlogin', { json: { code: 'some code' } })
  await stage.relay.comeUp()
  const { orderNumber } = await begunOrder(stage, shopper)
  const order = { token: shopper.token, json: { order_number: orderNumber } }
  for (const spoilt of ['silence', 'half body', { status: 502, body: '<html>' }] as const) {
    stage.relay.spoil('/pay/', spoilt)
    await post('/my/orders/chkOrder', order)
  }
  stage.relay.heal()
  const { outTradeNo } = await paidAtWeChat(stage, shopper)
  const { path, headers, body } = await stage.notification(outTradeNo)
  await post(path, { headers, body: Uint8Array.from([...body, 32]) })
  await post(path, { headers, body })
  await withoutDatabase(stage, () => post('/my/orders/chkOrder', order))
  await post('/order/submit', { token: shopper.token, json: { items: 7, remark: stage.merchant.api_v2_key } })
  await post('/users/logout', { token: shopper.token })
  await post('/my/orders/chkOrder', order)
}

async function databaseDump({ sql }: Stage): Promise<string> {
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'`
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await sql.unsafe<{ row: string }[]>(`select to_jsonb(t)::text as row from "${name}" t`)
      return rows.map(({ row }) => row).join('\n')
    }),
  )
  return texts.join('\n')
}

/** The secret as it is, and as bytes of it would look in a dump. */
function writings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
  ]
}

function asText({ headers, text }: Answer): string {
  return `${[...headers].join('\n')}\n${text}`
}

async function open(payApi: 'v3' | 'v2-md5'): Promise<{ stage: Stage; outlets: Outlets }> {
  const log: string[] = []
  const answers: Answer[] = []
  const logger = createLogger('debug', { write: (line) => void log.push(line) })
  const stage = await startStage({ payApi, logger })
  const post: Outlets['post'] = async (path, message) => {
    const answer = await send(stage.url, path, message)
    // The answer of a good login is the one place where a token belongs.
    if (path !== '/users/wxlogin' || answer.status !== 200) answers.push(answer)
    return answer
  }
  return { stage, outlets: { log, answers, post } }
}

async function assertNothingGotOut(stage: Stage, { log, answers }: Outlets): Promise<void> {
  const login = stage.relay.genuineAnswer('/sns/jscode2session')
  const { session_key: sessionKey } = JSON.parse(typeof login === 'object' ? login.body : '') as { session_key: string }
  const dump = await databaseDump(stage)
  const outlets = { log: log.join('\n'), answers: answers.map(asText).join('\n'), database: dump }
  assert.ok(log.length > 20 && answers.length > 10 && dump.includes(stage.appid), 'there is something to see')
  for (const secret of [...stage.secrets, sessionKey]) {
    for (const [outlet, text] of Object.entries(outlets)) {
      for (const written of writings(secret)) assert.ok(!text.includes(written), `a secret is in the ${outlet}`)
    }
  }
}

const opened = [await open('v3'), await open('v2-md5')]

for (const { stage, outlets } of opened) {
  const { payApi } = stage.config.merchant

  test(`I23, A41: over ${payApi}, no secret is in the log, an answer or the database`, async () => {
    await playEverything(stage, outlets)
    await assertNothingGotOut(stage, outlets)
  })

  test(`A61: over ${payApi}, nobody writes a line of his own into the log`, () => {
    for (const line of outlets.log) {
      assert.equal(line.trimEnd().split('\n').length, 1)
      assert.equal(typeof (JSON.parse(line) as { level: unknown }).level, 'number')
      assert.ok(!line.includes('\u001b'))
    }
  })
}
