import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessagePush, type PushEvent, type PushMessage, readPushEvent } from '../index.ts'
import { pushSignature } from './push-cipher.ts'

const token = 'T0kenOfThePush'
const push = new MessagePush({ appid: 'wxba5fad812f8e6fb9', token })
const [timestamp, nonce] = ['1714112445', '415670741']
const query = { timestamp, nonce, signature: pushSignature([token, timestamp, nonce]) }
const common = { ToUserName: 'gh_1', FromUserName: 'oUser', CreateTime: 1714112440, MsgType: 'event' }

function receive(body: string): PushMessage {
  return push.read({ query, body: Buffer.from(body) })
}

const asJson = (Event: string, fields: object) =>
  readPushEvent(receive(JSON.stringify({ ...common, Event, ...fields })))

function asXml(Event: string, content: string): PushEvent | undefined {
  const fields = Object.entries({ ...common, Event }).map(([name, value]) => `<${name}>${value}</${name}>`)
  return readPushEvent(receive(`<xml>${fields.join('')}${content}</xml>`))
}

const flat = (fields: object) =>
  Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('\n')

const order = {
  transaction_id: '4200000001202408051234567890',
  merchant_id: '1900007291',
  merchant_trade_no: '20240805170021a7f3',
  pay_time: 1714000000,
}

const events: Array<[name: string, fields: object]> = [
  ['trade_manage_remind_access_api', { msg: '请接入' }],
  ['trade_manage_remind_shipping', { ...order, sub_merchant_id: '1900007292', msg: '请发货' }],
  ['trade_manage_order_settlement', { ...order, shipped_time: 1714000100, estimated_settlement_time: 1714900000 }],
  [
    'trade_manage_order_settlement',
    { ...order, confirm_receive_method: 1, confirm_receive_time: 1714100000, settlement_time: 1714100001 },
  ],
  ['wxa_trade_controlled', { msg: '请接入' }],
  ['user_authorization_revoke', { OpenID: 'oUser', AppID: 'wx1', RevokeInfo: '8' }],
]
for (const [event, fields] of events) {
  test(`${event} is the same from JSON and XML: ${Object.keys(fields).at(-1)}`, () => {
    assert.deepEqual(asJson(event, { ...fields, new_field: [1] }), { event, ...fields })
    assert.deepEqual(asXml(event, flat(fields)), { event, ...fields })
  })
}

test('Times not known yet are empty, zero or missing, and absent then', () => {
  const unknown = { ...order, sub_merchant_id: '', settlement_time: 0, confirm_receive_time: '' }
  const expected = { event: 'trade_manage_order_settlement', ...order }
  assert.deepEqual(asJson('trade_manage_order_settlement', unknown), expected)
  assert.deepEqual(asXml('trade_manage_order_settlement', flat(unknown)), expected)
})

const accepted = { TemplateId: 'VRR0', SubscribeStatusString: 'accept', PopupScene: '2' }
const rejected = { TemplateId: '9nLI', SubscribeStatusString: 'reject', PopupScene: '0' }
const listXml = (wrapper: string, ...items: object[]) =>
  `<${wrapper}>\n${items.map((item) => `<List>\n${flat(item)}\n</List>`).join('\n')}\n</${wrapper}>`

test('A list of subscriptions is an object or a list in JSON, one or several elements in XML', () => {
  const event = 'subscribe_msg_popup_event'
  assert.deepEqual(asJson(event, { List: accepted }), { event, list: [accepted] })
  assert.deepEqual(asJson(event, { List: [accepted, rejected] }), { event, list: [accepted, rejected] })
  assert.deepEqual(asJson(event, { List: [{ ...accepted, PopupScene: 2 }] }), { event, list: [accepted] })
  assert.deepEqual(asXml(event, listXml('SubscribeMsgPopupEvent', accepted)), { event, list: [accepted] })
  const both = listXml('SubscribeMsgPopupEvent', accepted, rejected)
  assert.deepEqual(asXml(event, both), { event, list: [accepted, rejected] })
  assert.deepEqual(asJson(event, {}), { event, list: [] })
  assert.deepEqual(asXml(event, '<SubscribeMsgPopupEvent></SubscribeMsgPopupEvent>'), { event, list: [] })
})

test('Changed subscriptions and sent messages are read, a long MsgID with all its digits', () => {
  const { PopupScene: _, ...change } = rejected
  const changed = { event: 'subscribe_msg_change_event', list: [change] }
  assert.deepEqual(asJson('subscribe_msg_change_event', { List: change }), changed)
  assert.deepEqual(asXml('subscribe_msg_change_event', listXml('SubscribeMsgChangeEvent', change)), changed)
  const item = { TemplateId: 'VRR0', MsgID: '1864323726461255681', ErrorCode: '0', ErrorStatus: 'success' }
  const sent = { event: 'subscribe_msg_sent_event', list: [item] }
  assert.deepEqual(asXml('subscribe_msg_sent_event', listXml('SubscribeMsgSentEvent', item)), sent)
  const json = JSON.stringify({ ...common, Event: 'subscribe_msg_sent_event', List: item })
  assert.deepEqual(readPushEvent(receive(json.replace(`"${item.MsgID}"`, item.MsgID))), sent)
})

test('Other events and messages are no known event', () => {
  assert.equal(asJson('weapp_audit_success', { SuccTime: 1 }), undefined)
  assert.equal(asJson('constructor', {}), undefined)
  assert.equal(asJson('__proto__', {}), undefined)
  const message = { ...common, MsgType: 'text', Content: 'trade_manage_order_settlement', MsgId: 1 }
  assert.equal(readPushEvent(receive(JSON.stringify(message))), undefined)
})

test('A13: a known event without its order, or with odd values, is refused', () => {
  const odd: Array<[field: string, value: unknown, reason: string]> = [
    ['transaction_id', undefined, 'missing_field'],
    ['transaction_id', '', 'missing_field'],
    ['transaction_id', ['4200'], 'invalid_field'],
    ['transaction_id', { a: 1 }, 'invalid_field'],
    ['merchant_id', true, 'invalid_field'],
    ['merchant_trade_no', null, 'missing_field'],
    ['settlement_time', '2024-08-05', 'invalid_field'],
    ['settlement_time', 1714100001000, 'invalid_field'],
    ['settlement_time', -1, 'invalid_field'],
    ['confirm_receive_method', 1.5, 'invalid_field'],
  ]
  for (const [field, value, reason] of odd) {
    const read = () => asJson('trade_manage_order_settlement', { ...order, [field]: value })
    assert.throws(read, { code: 'wechat_malformed', reason, field }, `${field} ${String(value)}`)
  }
  for (const List of ['x', [accepted, 'x'], [[accepted]], 1]) {
    assert.throws(() => asJson('subscribe_msg_popup_event', { List }), { reason: 'invalid_field' })
  }
})
