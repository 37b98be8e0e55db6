import assert from 'node:assert/strict'
import { type Message, send } from './support/answer.ts'
import { withoutDatabase } from './support/order-number-cases.ts'
import { sendRaw } from './support/raw-http.ts'
import { begunOrder, paidAtWeChat, startStage } from './support/stage.ts'
import { type Case, testTable } from './support/test-table.ts'
import { type Fields, type SignType, signatureOf, signedXml, toXml } from './support/v2-message.ts'
import { paymentFields } from './support/v2-payment.ts'

const stage = await startStage({ payApi: 'v2-hmac-sha256' })
const shopper = await stage.shopper()
const { api_v2_key: key, mchid } = stage.merchant
const address = `/wechat/notify/v2-hmac-sha256/${mchid}`
const post = (body: Message['body'], path = address) =>
  send(stage.url, path, { ...(body === undefined ? {} : { body }), headers: { 'content-type': 'text/xml' } })
const sign = (fields: Fields, signType: SignType = 'HMAC-SHA256', secret = key) => signedXml(fields, secret, signType)

/** A validly signed notification with other facts, about an order that WeChat does not know to be paid. */
function signed(changes: Record<string, string>): Case {
  return written((fields) => sign(fields), changes)
}

/** The fields of a good notification, written by `write` in one or more bad ways. */
function written(
  write: (fields: Fields) => Message['body'] | Message['body'][],
  changes: Record<string, string> = {},
): Case {
  return async (attack) => {
    const { outTradeNo } = await begunOrder(stage, shopper)
    const body = write(await paymentFields(stage, outTradeNo, changes))
    for (const one of Array.isArray(body) ? body : [body]) await attack(() => post(one))
  }
}

const before = (head: string) => written((fields) => head + sign(fields))
/** An element of its own in a message whose signature does not know it; it is refused before the signature is looked at. */
const inside = (...elements: string[]) =>
  written((fields) => elements.map((element) => sign(fields).replace('</xml>', `${element}</xml>`)))
const replaced = (name: string, value: string): ((fields: Fields) => Fields) => {
  return (fields) => fields.map((field) => (field[0] === name ? [name, value] : field))
}
/** Two neighbours of the signed text as one field: the text, and so the signature, stays the same (A14). */
function merged(fields: Fields, first: string, second: string): Fields {
  const value = (name: string) => fields.find((field) => field[0] === name)?.[1] ?? ''
  const sign = signatureOf(fields, key, 'HMAC-SHA256')
  const rest = fields.filter(([name]) => name !== first && name !== second)
  return [...rest, [first, `${value(first)}&${second}=${value(second)}`], ['sign', sign]]
}
const bomb = Array.from({ length: 9 }, (_, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`).join('')

testTable('POST /wechat/notify/v2-…/:merchant_id', stage, {
  'A1-doctype': before('<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
  'A1-entity': inside('<attach>&x;</attach>', '<attach>&xxe.secret;</attach>', '<attach>&#xZZ;</attach>'),
  'A1-instruction': before('<?xml version="1.0"?><?php phpinfo() ?>'),
  'A1-comment': inside('<!-- <total_fee>1</total_fee> -->'),
  'A2-bomb': before(`<!DOCTYPE xml [<!ENTITY e0 "ha">${bomb}]>`),
  'A2-reference': inside('<attach>&#9999999;</attach>', '<attach>&#0;</attach>', '<attach>&#xD800;</attach>'),
  'A2-many-fields': inside(Array.from({ length: 101 }, (_, index) => `<f${index}>1</f${index}>`).join('')),
  'A2-large': (attack) => attack(() => post(`<xml>${'<a>1</a>'.repeat(9_000)}</xml>`)),
  'A3-proto': inside('<__proto__>1</__proto__>', '<__proto__><sign>1</sign></__proto__>'),
  'A3-constructor': inside('<constructor>1</constructor>', '<hasOwnProperty>1</hasOwnProperty>'),
  'A4-twice': inside('<total_fee>1</total_fee>', '<out_trade_no>X</out_trade_no>', '<sign>0</sign>'),
  'A5-nested': inside(
    '<attach><total_fee>1</total_fee></attach>',
    '<attach a="1">x</attach>',
    '<x:attach>1</x:attach>',
  ),
  'A6-utf16': written((fields) => Uint8Array.from(Buffer.from(`\ufeff${sign(fields)}`, 'utf16le'))),
  'A6-overlong': written((fields) => Uint8Array.from([...Buffer.from(sign(fields)), 0xc0, 0xbc])),
  'A6-bom': before('\ufeff'),
  'A6-nul': inside('<attach>\u0000</attach>', '<attach>\u0001</attach>', '<attach>\ufffe</attach>'),
  'A6-cdata': inside('<attach>]]></attach>', '<attach><![CDATA[x</attach>', '<attach><![CDATA[x]]]]><![CDATA[>'),
  'A13-json': written((fields) => [
    JSON.stringify(Object.fromEntries(fields)),
    'return_code=SUCCESS',
    '[]',
    '<html></html>',
  ]),
  'no-body': async (attack) => {
    await attack(() => send(stage.url, address))
    await attack(() => post(''))
  },
  'A7-no-sign': written((fields) => [toXml(fields), toXml(fields.filter(([name]) => !name.endsWith('_code')))]),
  'A7-empty-sign': written((fields) => toXml([...fields, ['sign', '']])),
  'A8-no-merchant': signed({ mch_id: '' }),
  'A8-no-app': signed({ appid: '' }),
  'A8-no-amount': signed({ total_fee: '' }),
  'A11-empty-key': written((fields) => [sign(fields, 'HMAC-SHA256', ''), sign(fields, 'HMAC-SHA256', 'undefined')]),
  'A12-md5': written((fields) => sign([...fields, ['sign_type', 'MD5']], 'MD5')),
  'A12-md5-address': async (attack) => {
    const { outTradeNo } = await begunOrder(stage, shopper)
    const fields = await paymentFields(stage, outTradeNo)
    await attack(() => post(sign(fields, 'MD5'), `/wechat/notify/v2-md5/${mchid}`))
  },
  'A14-merged': written((fields) => [
    toXml(merged(fields, 'total_fee', 'trade_type')),
    toXml(merged(fields, 'out_trade_no', 'result_code')),
  ]),
  'A14-merged-optional': written((fields) => toXml(merged(fields, 'cash_fee', 'fee_type'))),
  'A15-pay-sign': async (attack) => {
    const { pay } = await begunOrder(stage, shopper)
    const { paySign, ...rest } = pay
    const fields: Fields = [...Object.entries(rest), ['appId', stage.appid], ['sign', paySign]]
    assert.equal(signatureOf(fields, key, 'HMAC-SHA256'), paySign, 'it is a valid signature')
    await attack(() => post(toXml(fields)))
  },
  'A17-case': written((fields) => toXml([...fields, ['sign', signatureOf(fields, key, 'HMAC-SHA256').toLowerCase()]])),
  'A17-blank': written((fields) => toXml([...fields, ['sign', ` ${signatureOf(fields, key, 'HMAC-SHA256')}`]])),
  'A18-altered': written((fields) => [
    sign(fields).replace('</xml>', '<attach>new</attach></xml>'),
    toXml([...replaced('total_fee', '1')(fields), ['sign', signatureOf(fields, key, 'HMAC-SHA256')]]),
    toXml([...replaced('out_trade_no', 'X')(fields), ['sign', signatureOf(fields, key, 'HMAC-SHA256')]]),
  ]),
  'A24-replay': async (attack) => {
    const { outTradeNo } = await paidAtWeChat(stage, shopper)
    const { path, headers, body } = await stage.notification(outTradeNo)
    await send(stage.url, path, { headers, body })
    await attack(() => send(stage.url, path, { headers, body }))
  },
  'F9-forged': async (attack) => {
    const { outTradeNo } = await paidAtWeChat(stage, shopper)
    const { path, headers, body } = await stage.notification(outTradeNo, 'notify.forged')
    await attack(() => send(stage.url, path, { headers, body }))
  },
  'A25-merchant': signed({ mch_id: '1900000002' }),
  'I3-amount': signed({ total_fee: '1' }),
  'I3-currency': signed({ fee_type: 'HKD' }),
  'I3-app': signed({ appid: 'wx0000000000000000' }),
  'I18-payer': signed({ openid: 'oSomebodyElse' }),
  'A26-order': async (attack) => {
    const cheap = await stage.shopper()
    const egg = await cheap.order('tea-egg', 1)
    await cheap.prepay(egg)
    const { outTradeNo } = await begunOrder(stage, cheap)
    const fields = await paymentFields(stage, outTradeNo, { total_fee: '300', cash_fee: '300' })
    await attack(() => post(sign(fields)))
  },
  'F6-unknown-order': signed({ out_trade_no: 'NOBODYKNOWSTHISNUMBER00001' }),
  'A28-amount': async (attack) => {
    for (const total of [
      '6.56e3',
      '6560.0',
      '-6560',
      '+6560',
      '0x19A0',
      ' 6560',
      '06560',
      '６５６０',
      '9'.repeat(17),
    ]) {
      await signed({ total_fee: total })(attack)
    }
  },
  'A30-yuan': signed({ total_fee: '65.60' }),
  'time-malformed': signed({ time_end: '2026-01-01 12:00:00' }),
  'result-FAIL': signed({ result_code: 'FAIL', err_code: 'NOTENOUGH' }),
  'A9-host': async (attack) => {
    const { outTradeNo } = await begunOrder(stage, shopper)
    const body = toXml(await paymentFields(stage, outTradeNo))
    const head = `POST ${address} HTTP/1.1\nHost: localhost\nX-Forwarded-For: 127.0.0.1\nContent-Type: text/xml\n`
    await attack(() => sendRaw(stage.url, [`${head}Content-Length: ${Buffer.byteLength(body)}\n\n`, Buffer.from(body)]))
  },
  'A66-address': async (attack) => {
    const { outTradeNo } = await begunOrder(stage, shopper)
    const body = sign(await paymentFields(stage, outTradeNo))
    for (const merchant of ['1900000002', '%00', `${mchid}%00`]) {
      await attack(() => post(body, `/wechat/notify/v2-hmac-sha256/${merchant}`))
    }
    await attack(() => post(body, `/wechat/notify/v2-sha1/${mchid}`))
  },
  'database-stopped': async (attack) => {
    const { outTradeNo } = await paidAtWeChat(stage, shopper)
    const { path, headers, body } = await stage.notification(outTradeNo)
    await withoutDatabase(stage, () => attack(() => send(stage.url, path, { headers, body })))
    assert.equal((await send(stage.url, path, { headers, body })).status, 200)
  },
})
