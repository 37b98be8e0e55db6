import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type ApiClient, ApiError } from '@fenpay/contract'
import { readConfig, realWorld } from '@fenpay/server'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { testDatabase } from '../../apps/server/test/database.ts'
import { startServerProcess, startStack, stopProcess } from '../../scripts/stack.ts'
import { until } from '../../scripts/until.ts'
import { apiAt, Wechat } from '../support/shop.ts'
import { assertBooksAgree } from './books.ts'
import { restartablePort } from './free-port.ts'

/** Two server processes on one database, as behind a load balancer, and one WeChat. */
const database = await testDatabase()
const { sql } = database
const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-two-'))
const processes: ChildProcess[] = []
after(async () => {
  // In the order of their start backwards: WeChat, the first, goes last.
  for (const process of processes.reverse()) await stopProcess(process)
  await rm(dataDir, { recursive: true, force: true })
})

/** Nobody listens here: what WeChat sends stays in its log, and the test delivers it as often as it likes. */
const publicUrl = `http://127.0.0.1:${await restartablePort()}`
const serverSettings = {
  DATABASE_URL: database.url,
  FENPAY_PUBLIC_URL: publicUrl,
  FENPAY_LOG_LEVEL: 'warn',
  FENPAY_RATE_LIMIT_PER_MINUTE: '1000000',
}
const stack = await startStack({ dataDir, serverPort: 0, wechatPort: 0, env: serverSettings })
processes.push(stack.wechat, stack.server)
const wechat = new Wechat({ url: stack.wechatUrl })
let servers: { url: string; api: ApiClient }[] = []

async function startServers(payApi: string): Promise<void> {
  await Promise.all(processes.splice(1).map(stopProcess))
  const start = (name: string) =>
    startServerProcess({ ...stack.serverEnv, FENPAY_PAY_API: payApi, FENPAY_PORT: '0' }, join(dataDir, `${name}.log`))
  const started = await Promise.all([start('one'), start('two')])
  processes.push(...started.map(({ process }) => process))
  servers = started.map(({ serverUrl }) => ({ url: serverUrl, api: apiAt(serverUrl) }))
}

/** Does something `times` times at once, on the two servers in turn. */
function atOnce<Answer>(times: number, work: (api: ApiClient, index: number) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => work(serverFor(index).api, index)))
}

function serverFor(index: number): { url: string; api: ApiClient } {
  const server = servers[index % servers.length]
  if (server === undefined) throw new Error('no server runs')
  return server
}

let shoppers = 0
async function arrive(): Promise<{ user: string; token: string }> {
  const user = `shopper ${++shoppers}`
  const { code } = await wechat.login(stack.appid, user)
  const { token } = await serverFor(shoppers).api.login({ code })
  return { user, token }
}

const oneBowl = { items: [{ sku: 'beef-noodles', quantity: 1 }] }

async function prepaidOrder() {
  const { user, token } = await arrive()
  const { api } = serverFor(0)
  const { order_number: orderNumber } = await api.submitOrder(token, oneBowl)
  const { pay } = await api.prepayOrder(token, orderNumber)
  return { user, token, orderNumber, pay }
}

/** The notification as WeChat has sent it, byte by byte. */
async function notificationOf(
  orderNumber: string,
): Promise<{ path: string; headers: Record<string, string>; body: string }> {
  const [attempt] = await sql<{ out_trade_no: string; notify_url: string }[]>`
    select out_trade_no, notify_url from attempts where order_number = ${orderNumber}`
  await wechat.control('/_sim/notify/resend', { out_trade_no: attempt?.out_trade_no })
  return sentTo(attempt?.notify_url ?? '')
}

/** The last message that WeChat sent to this address. */
async function sentTo(url: string): Promise<{ path: string; headers: Record<string, string>; body: string }> {
  const { requests } = await wechat.control<{
    requests: { direction: string; path: string; headers: Record<string, string>; body: string }[]
  }>('/_sim/requests')
  const sent = requests.findLast((request) => request.direction === 'out' && request.path === url)
  if (sent === undefined) throw new Error(`WeChat has sent nothing to ${url}`)
  return { ...sent, path: new URL(sent.path).pathname }
}

/** As staff do it: the intent is committed, and the servers' sweeps send it. */
async function refundWhole(orderNumber: string): Promise<string> {
  const { merchant } = readConfig(stack.serverEnv)
  const { payment } = createWeChatGateway(
    { find: async () => merchant, ofApp: async () => merchant },
    { clock: Date.now },
  )
  const ports = { store: createStore(sql, { random: Math.random }), payment, world: realWorld }
  const by = { source: 'staff', actor: 'staff:eve' } as const
  return (await refundOrder(ports, merchant.merchantId, orderNumber, { reason: '面凉了' }, by)).outRefundNo
}

async function count(query: Promise<{ count: number }[]>): Promise<number> {
  return (await query)[0]?.count ?? 0
}

const booksAgree = () => assertBooksAgree(sql, wechat)

for (const payApi of ['v3', 'v2-md5', 'v2-hmac-sha256']) {
  test(`F3, ${payApi}: one notification, delivered 20 times at once to two servers, has one effect`, async () => {
    await startServers(payApi)
    const { user, token, orderNumber, pay } = await prepaidOrder()
    assert.equal((await wechat.requestPayment(stack.appid, user, pay)).errMsg, 'requestPayment:ok')
    const { path, headers, body } = await notificationOf(orderNumber)
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const response = await fetch(new URL(path, serverFor(index).url), { method: 'POST', headers, body })
        return `${response.status} ${await response.text()}`
      }),
    )
    const acknowledged = payApi === 'v3' ? /^204 $/ : /^200 .*SUCCESS/
    for (const answer of answers) assert.match(answer, acknowledged)

    const verdicts = await sql<{ verdict: string; count: number }[]>`
      select verdict, count(*) from notify_inbox n join attempts a using (merchant_id, out_trade_no)
       where order_number = ${orderNumber} group by verdict order by verdict`
    assert.deepEqual(
      verdicts.map((row) => [row.verdict, row.count]),
      [
        ['applied', 1],
        ['repeated', 19],
      ],
    )
    assert.equal(await count(sql`select count(*) from payments where order_number = ${orderNumber}`), 1)
    assert.equal(await count(sql`select count(*) from stock_settlements where order_number = ${orderNumber}`), 1)
    const { status, events } = await serverFor(1).api.myOrder(token, orderNumber)
    assert.equal(status, 'paid')
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['submitted', 'attempt_intended', 'attempt_prepaid', 'paid'],
    )
    await booksAgree()
  })

  test(`I2, ${payApi}: ten prepays of one order at once make one attempt and one prepay_id, told once`, async () => {
    const { token } = await arrive()
    const { order_number: orderNumber } = await serverFor(0).api.submitOrder(token, oneBowl)
    const answers = await atOnce(10, (api) => api.prepayOrder(token, orderNumber))
    assert.equal(new Set(answers.map(({ pay }) => pay.package)).size, 1)
    const nonces = new Set(answers.map(({ pay }) => pay.nonceStr))
    assert.equal(nonces.size, 10)
    const attempts = await sql<{ prepay_id: string }[]>`
      select prepay_id from attempts where order_number = ${orderNumber}`
    assert.deepEqual(
      attempts.map((attempt) => `prepay_id=${attempt.prepay_id}`),
      [answers[0]?.pay.package],
    )
    const { events } = await serverFor(1).api.myOrder(token, orderNumber)
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['submitted', 'attempt_intended', 'attempt_prepaid'],
    )
    await booksAgree()
  })

  test(`F20, ${payApi}: who cancels and pays at the same moment has paid or has not, here as at WeChat`, async (t) => {
    const orders = await Promise.all(Array.from({ length: 8 }, prepaidOrder))
    // Five minutes must lie between an order and its close, by our clock and by WeChat's.
    await sql`
      update attempts set created_at = created_at - interval '6 minutes', last_call_at = last_call_at - interval '6 minutes'
       where status = 'prepaid'`
    await wechat.advance(360)
    const ends = await Promise.all(
      orders.map(async ({ user, token, orderNumber, pay }, index) => {
        const [payment] = await Promise.all([
          delay(index * 40).then(() => wechat.requestPayment(stack.appid, user, pay)),
          serverFor(0).api.cancelOrder(token, orderNumber).catch(paidMeanwhile),
          index % 2 === 0 ? serverFor(1).api.cancelOrder(token, orderNumber).catch(paidMeanwhile) : undefined,
        ])
        const { status } = await serverFor(1).api.checkOrder(token, orderNumber)
        assert.equal(status, payment.errMsg === 'requestPayment:ok' ? 'paid' : 'closed')
        return status
      }),
    )
    t.diagnostic(`ended: ${ends.join(', ')}`)
    await booksAgree()
  })

  test(`F3, ${payApi}: notification, check and cancel of one paid order at once on both servers pay it once`, async () => {
    const { user, token, orderNumber, pay } = await prepaidOrder()
    const payments = await Promise.all(Array.from({ length: 5 }, () => wechat.requestPayment(stack.appid, user, pay)))
    assert.equal(payments.filter(({ errMsg }) => errMsg === 'requestPayment:ok').length, 1)
    const { path, headers, body } = await notificationOf(orderNumber)
    await atOnce(12, async (api, index) => {
      if (index % 3 === 0) await fetch(new URL(path, serverFor(index).url), { method: 'POST', headers, body })
      if (index % 3 === 1) assert.equal((await api.checkOrder(token, orderNumber)).status, 'paid')
      if (index % 3 === 2) await assert.rejects(api.cancelOrder(token, orderNumber), { code: 'order_already_paid' })
    })
    const kinds = (await serverFor(0).api.myOrder(token, orderNumber)).events.map(({ kind }) => kind)
    assert.equal(kinds.filter((kind) => kind === 'paid').length, 1)
    await booksAgree()
  })
}

for (const payApi of ['v3', 'v2-md5'] as const) {
  test(`F3, ${payApi}: the notification of one refund, delivered 20 times at once to two servers, has one effect`, async () => {
    await startServers(payApi)
    const { user, token, orderNumber, pay } = await prepaidOrder()
    assert.equal((await wechat.requestPayment(stack.appid, user, pay)).errMsg, 'requestPayment:ok')
    assert.equal((await serverFor(0).api.checkOrder(token, orderNumber)).status, 'paid')
    const outRefundNo = await refundWhole(orderNumber)
    await until('WeChat has given it back', async () => {
      const { refunds } = await wechat.control<{ refunds: { out_refund_no: string; status: string }[] }>('/_sim/books')
      return refunds.some((refund) => refund.out_refund_no === outRefundNo && refund.status === 'SUCCESS')
    })
    const [attempt] = await sql<{ out_trade_no: string }[]>`
      select out_trade_no from attempts where order_number = ${orderNumber}`
    await wechat.control('/_sim/notify/resend', { out_trade_no: attempt?.out_trade_no, out_refund_no: outRefundNo })
    const sent = await sentTo(`${publicUrl}/wechat/notify/${payApi}/${stack.mchid}`)
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { headers, body } = sent
        const response = await fetch(new URL(sent.path, serverFor(index).url), { method: 'POST', headers, body })
        return response.status
      }),
    )
    assert.deepEqual(new Set(answers), new Set([payApi === 'v3' ? 204 : 200]))
    const { refunds, events } = await serverFor(1).api.myOrder(token, orderNumber)
    assert.deepEqual(
      refunds.map(({ status }) => status),
      ['succeeded'],
    )
    assert.equal(events.filter(({ kind }) => kind === 'refund_succeeded').length, 1)
    assert.equal(await count(sql`select count(*) from ledger_postings where source_id = ${outRefundNo}`), 2)
    await booksAgree()
  })
}

test('I20: forty submits at once with one Idempotency-Key make one order', async () => {
  const { token } = await arrive()
  // Once is not enough: where nothing holds the others back, one of them may still be first by far.
  for (const key of ['key-1', 'key-2', 'key-3', 'key-4', 'key-5']) {
    const answers = await atOnce(40, (api) => api.submitOrder(token, oneBowl, key))
    assert.equal(new Set(answers.map((answer) => answer.order_number)).size, 1)
  }
  assert.equal((await serverFor(0).api.myOrders(token)).orders.length, 5)
  await booksAgree()
})

test('I12: of 200 buyers of the last piece exactly one gets it', async () => {
  await sql`
    insert into products (merchant_id, sku, name, category, kind, price_fen, stock_total)
    values (${stack.mchid}, 'last-bowl', '最后一碗', '面', 'physical', 1880, 1)`
  const buyers: { token: string }[] = []
  for (let batch = 0; batch < 10; batch++) buyers.push(...(await Promise.all(Array.from({ length: 20 }, arrive))))
  const answers = await atOnce(200, (api, index) =>
    api.submitOrder(buyers[index]?.token ?? '', { items: [{ sku: 'last-bowl', quantity: 1 }] }).then(
      () => 'sold',
      (error: unknown) => (error instanceof ApiError ? error.code : Promise.reject(error)),
    ),
  )
  const tally = { sold: 0, out_of_stock: 0 }
  for (const answer of answers) tally[answer as keyof typeof tally] += 1
  assert.deepEqual(tally, { sold: 1, out_of_stock: 199 })
  await booksAgree()
})

/** The one refusal that a cancel may meet here. */
function paidMeanwhile(error: unknown): void {
  assert.equal(error instanceof ApiError ? error.code : error, 'order_already_paid')
}
