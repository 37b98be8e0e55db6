import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { MessagePush, MiniProgramClient, PayV2Client, PayV3Client } from '../src/index.ts'
import { signV2 } from '../src/pay-v2/v2-sign.ts'
import { printFlatXml } from '../src/wire/flat-xml.ts'
import { takePush } from './examples/message-push.ts'
import { logIn } from './examples/mini-program.ts'
import * as v2 from './examples/pay-v2.ts'
import * as v3 from './examples/pay-v3.ts'
import { applyRefund } from './examples/refund.ts'
import { startHost } from './loopback-host.ts'
import {
  answerSigned,
  apiV3Key,
  appid,
  makeKeyPair,
  makeSigner,
  mchid,
  nowMs,
  seal,
  signedHeaders,
} from './test-platform.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

for (const name of ['pay-v3', 'pay-v2', 'refund', 'mini-program', 'message-push']) {
  test(`The README shows the example ${name} as it is run here`, () => {
    const code = readFileSync(new URL(`examples/${name}.ts`, import.meta.url), 'utf8')
    assert(readme.includes(`\`\`\`ts\n${code}\`\`\`\n`))
  })
}

test('The example for Pay v3 pays and takes the notify', async (t) => {
  const signer = makeSigner('PUB_KEY_ID_0114232134912410000000000000')
  const merchant = makeKeyPair()
  const host = await startHost(t, (_, response) => answerSigned(response, signer, '{"prepay_id":"wx1"}'))
  const payV3 = new PayV3Client({
    mchid,
    apiV3Key,
    merchantKey: { serialNo: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey: merchant.privateKey },
    platformKeys: { publicKeys: [{ id: signer.serial, publicKey: signer.publicKey }] },
    baseUrls: [host.origin],
    clock: () => nowMs,
  })
  assert.equal((await v3.startPayment(payV3, 'oUpF8uMuAJO')).package, 'prepay_id=wx1')
  const transaction = { appid, mchid, out_trade_no: '1', trade_state: 'SUCCESS' }
  const resource = seal(JSON.stringify(transaction))
  const body = JSON.stringify({ id: 'E1', create_time: 'x', event_type: 'TRANSACTION.SUCCESS', resource })
  const applied: unknown[] = []
  const apply = async (paid: unknown) => void applied.push(paid)
  const message = { headers: signedHeaders(signer, body), body: Buffer.from(body) }
  assert.equal(await v3.takeNotify(payV3, message, apply), 204)
  assert.equal(await v3.takeNotify(payV3, { ...message, body: Buffer.from(`${body} `) }, apply), 401)
  assert.deepEqual(applied, [transaction])
  const pem = { type: 'pkcs8', format: 'pem' } as const
  const privateKeyPem = merchant.privateKey.export(pem).toString()
  const publicKeyPem = signer.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  assert.equal(v3.createPayV3({ apiV3Key, privateKeyPem, publicKeyPem }).platformKeys().length, 1)
})

test('The example for Pay v2 queries and takes the notify', async (t) => {
  const apiKey = '192006250b4c09247ec02edce69f6a2d'
  const signed = (fields: Record<string, string>) => {
    const common = { return_code: 'SUCCESS', result_code: 'SUCCESS', appid: 'wxd930ea5d5a258f4f', mch_id: '10000100' }
    const entries = Object.entries({ ...common, ...fields })
    return printFlatXml([...entries, ['sign', signV2(entries, apiKey, 'HMAC-SHA256')]])
  }
  const states = ['SUCCESS', 'NOTPAY', 'USERPAYING']
  const host = await startHost(t, (_, response, count) => {
    response.end(signed({ out_trade_no: '1', trade_state: states[count - 1] ?? '' }))
  })
  const payV2 = new PayV2Client({ mchId: '10000100', apiKey, signType: 'HMAC-SHA256', baseUrls: [host.origin] })
  assert.deepEqual(
    [await v2.isPaid(payV2, '1'), await v2.isPaid(payV2, '1'), await v2.isPaid(payV2, '1')],
    [true, false, undefined],
  )
  const amounts = { total_fee: '1', cash_fee: '1' }
  const payment = {
    openid: 'o',
    trade_type: 'JSAPI',
    bank_type: 'CFT',
    transaction_id: '42',
    time_end: '20240805170021',
  }
  const body = Buffer.from(signed({ ...payment, ...amounts, out_trade_no: '1' }))
  const applied: number[] = []
  const answer = await v2.takeNotify(
    v2.createPayV2(apiKey),
    body,
    async ({ total_fee }) => void applied.push(total_fee),
  )
  assert.match(answer, /SUCCESS/)
  assert.deepEqual(applied, [1])
})

test('The example for refunds waits, repeats or leaves it to a person', async (t) => {
  const signer = makeSigner('PUB_KEY_ID_0114232134912410000000000000')
  const numbers = { refund_id: '50', out_refund_no: 'r1', transaction_id: '42', out_trade_no: '1' }
  const refund = { ...numbers, status: 'PROCESSING', amount: { refund: 1, total: 2 } }
  const refusals = ['NOT_ENOUGH', 'FREQUENCY_LIMITED', 'INVALID_REQUEST']
  const host = await startHost(t, (_, response, count) => {
    if (count === 1) return answerSigned(response, signer, JSON.stringify(refund))
    response.writeHead(403).end(JSON.stringify({ code: refusals[count - 2] }))
  })
  const payV3 = new PayV3Client({
    mchid,
    apiV3Key,
    merchantKey: { serialNo: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey: makeKeyPair().privateKey },
    platformKeys: { publicKeys: [{ id: signer.serial, publicKey: signer.publicKey }] },
    baseUrls: [host.origin],
    clock: () => nowMs,
  })
  const next: string[] = []
  for (let call = 0; call < 4; call++) {
    next.push(await applyRefund(payV3, { out_trade_no: '1', out_refund_no: 'r1', amount: { refund: 1, total: 2 } }))
  }
  assert.deepEqual(next, ['wait', 'repeat', 'repeat', 'decide'])
})

test('The example for the Mini Program logs a user in', async (t) => {
  const session_key = 'HyVFkGl5F5OQWJZZaNzBBg=='
  const host = await startHost(t, (request, response) => {
    const known = request.url.includes('js_code=good')
    response.end(JSON.stringify(known ? { openid: 'o1', session_key } : { errcode: 40029, errmsg: 'invalid code' }))
  })
  const client = new MiniProgramClient({ appid, secret: '0123456789abcdef0123456789abcdef', baseUrls: [host.origin] })
  const rawData = '{"nickName":"Band"}'
  const signature = createHash('sha1')
    .update(rawData + session_key)
    .digest('hex')
  assert.equal(await logIn(client, { code: 'good', rawData, signature }), 'o1')
  assert.equal(await logIn(client, { code: 'good', rawData, signature: '0'.repeat(40) }), undefined)
  assert.equal(await logIn(client, { code: 'bad', rawData, signature }), undefined)
})

test('The example for message pushes takes an event, and refuses what WeChat did not sign', async () => {
  const token = 'T0kenOfThePush'
  const [timestamp, nonce] = ['1714112445', '415670741']
  const signature = createHash('sha1').update([timestamp, nonce, token].join('')).digest('hex')
  const common = { ToUserName: 'gh_1', FromUserName: 'system', CreateTime: 1714112440, MsgType: 'event' }
  const body = Buffer.from(JSON.stringify({ ...common, Event: 'wxa_trade_controlled', msg: 'x' }))
  const applied: string[] = []
  const apply = async (_: string, { event }: { event: string }) => void applied.push(event)
  const push = new MessagePush({ appid, token })
  assert.equal(await takePush(push, { query: { timestamp, nonce, signature }, body }, apply), 200)
  assert.equal(await takePush(push, { query: { timestamp, nonce: '1', signature }, body }, apply), 401)
  assert.deepEqual(applied, ['wxa_trade_controlled'])
})
