import assert from 'node:assert/strict'
import { createSign } from 'node:crypto'
import { type Message, send } from './support/answer.ts'
import type { Notification } from './support/mailbox.ts'
import { withoutDatabase } from './support/order-number-cases.ts'
import { sendRaw } from './support/raw-http.ts'
import { paidAtWeChat, startStage } from './support/stage.ts'
import { type Attack, type Case, testTable } from './support/test-table.ts'
import { movableWorld } from './support/world.ts'

const clock = movableWorld()
const stage = await startStage({ world: clock })
const shopper = await stage.shopper()
await stage.wechat.control('/_sim/merchants', {})

const deliver = ({ path, headers, body }: Notification, changes: Partial<Notification> = {}) =>
  send(stage.url, changes.path ?? path, { headers: { ...headers, ...changes.headers }, body: changes.body ?? body })

/** A genuine notification of an order the shop does not know to be paid yet. */
async function genuine(): Promise<Notification & { orderNumber: string }> {
  const { orderNumber, outTradeNo } = await paidAtWeChat(stage, shopper)
  return { ...(await stage.notification(outTradeNo)), orderNumber }
}

function shaped(fault: string, options: Record<string, unknown> = {}): Case {
  return async (attack) => {
    const { outTradeNo } = await paidAtWeChat(stage, shopper)
    const message = await stage.notification(outTradeNo, fault, options)
    await attack(() => deliver(message))
  }
}

/** A genuine message of which something was changed on the way; afterwards the genuine one still counts. */
function altered(...alterations: ((message: Notification) => Partial<Notification>)[]): Case {
  return async (attack) => {
    const message = await genuine()
    for (const alter of alterations) await attack(() => deliver(message, alter(message)))
    assert.equal((await deliver(message)).status, 204)
    assert.equal((await shopper.show(message.orderNumber)).status, 'paid')
  }
}

const bytes = (text: string) => Uint8Array.from(Buffer.from(text))
const textOf = ({ body }: Notification) => Buffer.from(body).toString()
const header = (name: string, value: string | ((old: string) => string)) => (message: Notification) => ({
  headers: { [name]: typeof value === 'string' ? value : value(message.headers[name] ?? '') },
})
const without = (name: string) => async (attack: Attack) => {
  const { path, headers, body } = await genuine()
  const rest = Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name))
  await attack(() => send(stage.url, path, { headers: rest, body }))
}
const address = `/wechat/notify/v3/${stage.merchant.mchid}`
const post = (path: string, message: Message = { json: {} }) => send(stage.url, path, message)

testTable('POST /wechat/notify/v3/:merchant_id', stage, {
  'A8-no-headers': async (attack) => {
    await attack(() => post(address))
    await attack(() => send(stage.url, address))
    await attack(() => post(address, { token: shopper.token, json: { event_type: 'TRANSACTION.SUCCESS' } }))
  },
  'A8-no-timestamp': without('wechatpay-timestamp'),
  'A8-no-nonce': without('wechatpay-nonce'),
  'A8-no-serial': without('wechatpay-serial'),
  'A7-no-signature': without('wechatpay-signature'),
  'A12-other-algorithm': altered(
    header('wechatpay-signature-type', 'none'),
    header('wechatpay-signature-type', 'WECHATPAY2-SM2-WITH-SM3'),
  ),
  'A13-xml': (attack) => attack(() => post(address, { body: '<xml/>', headers: { 'content-type': 'text/xml' } })),
  'A17-signature': altered(
    header('wechatpay-signature', (old) => `${old}=`),
    header('wechatpay-signature', (old) => old.replace(/=+$/, '')),
    header('wechatpay-signature', (old) => old.toLowerCase()),
    header('wechatpay-signature', (old) => `!${old}`),
    header('wechatpay-signature', (old) => old.slice(0, 40)),
  ),
  'A18-body': altered(
    (message) => ({ body: bytes(JSON.stringify(JSON.parse(textOf(message)), null, 1)) }),
    (message) => ({ body: bytes(`${textOf(message)} `) }),
    (message) => ({ body: bytes(JSON.stringify(reversed(JSON.parse(textOf(message)) as object))) }),
    (message) => ({ body: bytes(textOf(message).replace('支', '\\u652f')) }),
    () => ({ body: bytes('') }),
  ),
  'A20-unknown-serial': async (attack) => {
    const message = await genuine()
    await deliver(message, header('wechatpay-serial', 'F'.repeat(40))(message))
    const before = await certificateCalls()
    for (const digit of '0123456789') {
      await attack(() => deliver(message, header('wechatpay-serial', digit.repeat(40))(message)))
    }
    assert.equal(await certificateCalls(), before, 'no download for each serial number')
  },
  'A21-serial': altered(
    header('wechatpay-serial', '__proto__'),
    header('wechatpay-serial', 'constructor'),
    header('wechatpay-serial', '../../etc/passwd'),
  ),
  'A23-own-certificate': async (attack) => {
    const message = await genuine()
    const { serial_no, private_key_pem } = stage.merchant.certificate
    const { 'wechatpay-timestamp': timestamp, 'wechatpay-nonce': nonce } = message.headers
    const text = `${timestamp}\n${nonce}\n${textOf(message)}\n`
    const signature = createSign('RSA-SHA256').update(text).sign(private_key_pem, 'base64')
    const headers = { 'wechatpay-serial': serial_no, 'wechatpay-signature': signature }
    await attack(() => deliver(message, { headers }))
  },
  'A24-replay-now': async (attack) => {
    const message = await genuine()
    await deliver(message)
    await attack(() => deliver(message))
  },
  'A24-replay-later': async (attack) => {
    const message = await genuine()
    await deliver(message)
    clock.advance(6 * 60)
    await attack(() => deliver(message))
    clock.advance(-6 * 60)
  },
  'F75-stale': shaped('notify.stale'),
  'timestamp-malformed': altered(
    ...['', '1e9', '-1', '0', '99999999999999999999', '1700000000.5'].map((value) =>
      header('wechatpay-timestamp', value || '_'),
    ),
  ),
  'F7-sign-probe': shaped('notify.sign-probe'),
  'F9-forged': shaped('notify.forged'),
  'A25-other-merchants-key': shaped('notify.wrong-merchant', { signed_by: 'other' }),
  'A25-other-merchants-order': shaped('notify.wrong-merchant', { signed_by: 'own' }),
  'F5-amount': shaped('notify.amount', { total: 1 }),
  'F6-unknown-order': shaped('notify.unknown-order'),
  'A57-two-signatures': async (attack) => {
    const { headers, body } = await genuine()
    const lines = Object.entries(headers).map((pair) => pair.join(': '))
    const twice = `wechatpay-signature: ${headers['wechatpay-signature']}`
    const head = [`POST ${address} HTTP/1.1`, 'Host: shop', ...lines, twice, `Content-Length: ${body.length}`]
    await attack(() => sendRaw(stage.url, [`${head.join('\n')}\n\n`, body]))
  },
  'A9-host': async (attack) => {
    const { headers, body } = await genuine()
    const forwarded = { 'x-forwarded-host': 'localhost', 'x-forwarded-for': '127.0.0.1' }
    const lines = Object.entries({ ...headers, ...forwarded }).map((pair) => pair.join(': '))
    const head = [`POST ${address} HTTP/1.1`, 'Host: localhost', ...lines, `Content-Length: ${body.length}`]
    await attack(() => sendRaw(stage.url, [`${head.join('\n')}\n\n`, body]))
  },
  'A9-host-forged': async (attack) => {
    const head = `POST ${address} HTTP/1.1\nHost: localhost\nX-Forwarded-Host: localhost\nX-Forwarded-For: 127.0.0.1\n`
    await attack(() => sendRaw(stage.url, [`${head}Content-Type: application/json\nContent-Length: 2\n\n{}`]))
  },
  'A66-address': async (attack) => {
    const { headers, body } = await genuine()
    const merchants = ['1900000002', '0', '%00', `${stage.merchant.mchid}%00`, "'%20or%201=1", '__proto__']
    const others = merchants.map((merchant) => `/wechat/notify/v3/${merchant}`)
    const protocols = ['v4', 'V3', 'none', '__proto__'].map((name) => `/wechat/notify/${name}/${stage.merchant.mchid}`)
    for (const path of [...others, ...protocols]) await attack(() => send(stage.url, path, { headers, body }))
  },
  'A2-large': async (attack) => {
    const { headers } = await genuine()
    await attack(() => send(stage.url, address, { headers, body: ' '.repeat(70_000) }))
  },
  'database-stopped': async (attack) => {
    const message = await genuine()
    await withoutDatabase(stage, () => attack(() => deliver(message)))
    assert.equal((await deliver(message)).status, 204)
    assert.equal((await shopper.show(message.orderNumber)).status, 'paid')
  },
})

const reversed = (object: object) => Object.fromEntries(Object.entries(object).reverse())

async function certificateCalls(): Promise<number> {
  const { requests } = await stage.wechat.control<{ requests: unknown[] }>('/_sim/requests?path=/v3/certificates')
  return requests.length
}
