/** Keys must not show up where people print things: clients, results, errors. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { closedOrigin, startHost, unresolvableOrigin } from '../test/loopback-host.ts'
import { clientCertificate } from '../test/secure-world.ts'
import { MiniProgramClient, PayV2Client, PayV3Client, SessionKey } from './index.ts'

const apiKey = 'k3yOfV2k3yOfV2k3yOfV2k3yOfV2abcd'
const apiV3Key = 'k3yOfV3k3yOfV3k3yOfV3k3yOfV3abcd'
const secret = 's3cr3tOfApps3cr3tOfApp'
const sessionKey = 'tiihtNczf5v6AKRyjwEUhQ=='
const appid = 'wx4f4bc4dec97d474b'
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const secrets = [
  apiKey,
  apiV3Key,
  secret,
  sessionKey,
  pem.split('\n')[3] ?? '',
  clientCertificate.privateKeyPem.split('\n')[3] ?? '',
  '6222021234567890123',
  'jscode2session?',
  'access_token=',
  'T0KEN',
]

function assertSilent(value: unknown): void {
  const error = value instanceof Error ? [value.message, value.stack, String(value)] : []
  const options = { depth: 20, showHidden: true, getters: true, maxStringLength: null }
  const prints = [inspect(value, options), JSON.stringify(value) ?? '', String(value), ...error].join('\n')
  for (const text of secrets) assert.equal(prints.includes(text), false, prints)
}

function makeClients(origin: string) {
  const shared = { baseUrls: [origin], timeoutMs: 300, random: () => 0 }
  const merchantKey = { serialNo: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey: pem }
  return {
    v3: new PayV3Client({ mchid: '1900007291', apiV3Key, merchantKey, ...shared }),
    v2: new PayV2Client({
      mchId: '10000100',
      apiKey,
      signType: 'MD5',
      clientCertificate,
      secureBaseUrls: [origin.replace('http:', 'https:')],
      ...shared,
    }),
    mini: new MiniProgramClient({ appid, secret, ...shared }),
  }
}

test('A41: clients and session keys print without their secrets', () => {
  const { v3, v2, mini } = makeClients('http://127.0.0.1')
  for (const value of [v3, v2, mini, SessionKey.from(sessionKey), { session_key: SessionKey.from(sessionKey) }]) {
    assertSilent(value)
  }
  assert.equal(JSON.stringify({ session_key: SessionKey.from(sessionKey) }), '{"session_key":"[session_key]"}')
})

test('A41, A54: errors of every call and kind of failure print without secrets', async (t) => {
  const answers: Record<string, string> = {
    '/sns/jscode2session': JSON.stringify({ openid: 1, session_key: sessionKey }),
    '/cgi-bin/stable_token': JSON.stringify({ access_token: 'T0KEN', expires_in: 7200 }),
    '/wxa/business/getuserphonenumber': 'half',
  }
  const answering = await startHost(t, (request, response) => {
    response.end(answers[request.url.split('?')[0] ?? ''] ?? '<xml>')
  })
  const failing = await startHost(t, (_, response) => void response.writeHead(500).end('{}'))
  const redirecting = await startHost(t, (request, response) => {
    response.writeHead(302, { location: request.url }).end()
  })
  const silent = await startHost(t, () => undefined)
  const number = { appid, out_trade_no: '20150806125346' }
  const refund = { ...number, out_refund_no: 'r1', total_fee: 1, refund_fee: 1 }
  const { out_refund_no } = refund
  const card = { bank_type: 'ICBC_DEBIT', bank_account: '6222021234567890123', real_name: 'A B' } as const
  const hosts = [answering, failing, redirecting, silent].map(({ origin }) => origin)
  for (const origin of [...hosts, await closedOrigin(), unresolvableOrigin]) {
    const { v3, v2, mini } = makeClients(origin)
    const calls = [
      v3.queryByOutTradeNo('20150806125346'),
      v3.refreshCertificates(),
      v3.applyAbnormalRefund('50', { out_refund_no, type: 'USER_BANK_CARD', ...card }),
      v2.queryOrder(number),
      v2.refund(refund),
      mini.code2Session('c0de'),
      mini.phoneNumber('c0de'),
      mini.isTradeManaged(),
    ]
    for (const outcome of await Promise.allSettled(calls)) {
      assert.equal(outcome.status, 'rejected')
      assertSilent(outcome.reason)
    }
  }
})
