import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startTokenHost } from '../../test/token-host.ts'
import { fitSubscribeValue, type SubscribeMessage } from '../index.ts'
import { checkSubscribeValue } from './subscribe-value.ts'

const appid = 'wx4f4bc4dec97d474b'
const message: SubscribeMessage = {
  touser: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE',
  template_id: 'VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc',
  data: {
    character_string1: { value: '20240805170021a7f3' },
    amount2: { value: '¥28.00' },
    thing3: { value: '牛肉面' },
  },
  page: 'pages/order/order?id=1',
  miniprogram_state: 'trial',
  lang: 'zh_CN',
}

test('A message is sent with the documented fields alone', async (t) => {
  const { client, requests } = await startTokenHost(t, appid, { errcode: 0, errmsg: 'ok' })
  await client.sendSubscribeMessage({ ...message, extra: 1 } as SubscribeMessage)
  assert.equal(requests[0]?.url, '/cgi-bin/message/subscribe/send?access_token=T1')
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), message)
  const { touser, template_id, data } = message
  await client.sendSubscribeMessage({ touser, template_id, data })
  assert.deepEqual(JSON.parse(requests[1]?.body ?? ''), { touser, template_id, data })
})

test('A lost answer is not repeated: that would be a second message', async (t) => {
  const { client, requests } = await startTokenHost(t, appid, (response) => void response.destroy())
  await assert.rejects(client.sendSubscribeMessage(message), { code: 'wechat_transport', outcomeUnknown: true })
  assert.equal(requests.length, 1)
})

const refusals: Array<[errcode: number, advice: RegExp, retryLater: boolean]> = [
  [43101, /did not subscribe/, false],
  [43107, /may not send/, false],
  [43108, /try again later/, true],
  [47003, /names the key/, false],
  [45168, /sensitive word/, false],
  [40037, /template_id/, false],
  [40003, /another appid/, false],
]
for (const [errcode, advice, retryLater] of refusals) {
  test(`A message refused with ${errcode} is sent once and told apart`, async (t) => {
    const { client, requests } = await startTokenHost(t, appid, { errcode, errmsg: 'x' })
    const expected = { code: 'wechat_refused', apiCode: String(errcode), retryLater, outcomeUnknown: false, advice }
    await assert.rejects(client.sendSubscribeMessage(message), expected)
    assert.equal(requests.length, 1)
  })
}

test("A caller's mistakes are TypeErrors before anything is sent", async (t) => {
  const { client, requests } = await startTokenHost(t, appid, {})
  const wrong: object[] = [
    { touser: '' },
    { touser: 'undefined' },
    { template_id: 'a b' },
    { data: {} },
    { data: { thing1: { value: 28 } } },
    { data: { thing1: { value: '' } } },
    { data: { Thing: { value: 'x' } } },
    { data: { __proto__1: { value: 'x' } } },
    { page: 'https://example.com/' },
    { page: '' },
    { miniprogram_state: 'released' },
    { lang: 'en' },
  ]
  for (const fields of wrong) {
    const changed = { ...message, ...fields } as SubscribeMessage
    await assert.rejects(client.sendSubscribeMessage(changed), TypeError, JSON.stringify(fields))
  }
  assert.equal(requests.length, 0)
})

/** Values that each kind of key takes, and values it does not. */
const table: Record<string, [fits: string[], not: string[]]> = {
  thing1: [
    ['面'.repeat(20), 'x 1;'],
    ['面'.repeat(21), 'a\nb', 'a\u0000', '\ud83c', ''],
  ],
  number1: [
    ['0', '28.50', '1'.repeat(32)],
    ['-1', '1e3', '1'.repeat(33), '１', '1.'],
  ],
  letter1: [['a'.repeat(32)], ['a'.repeat(33), 'a1', '面']],
  symbol1: [['!?+%¥'], ['!!!!!!', 'a']],
  character_string1: [
    ['20240805-a_7f3#', 'x'.repeat(32)],
    ['x'.repeat(33), '单1', 'a b'],
  ],
  time1: [
    ['15:01', '2019年10月1日 15:01', '09:00~18:30', '2019年10月1日 15:01~2019年10月2日 00:00'],
    ['24:00', '15:60', '2019-10-01 15:01', '15:01~', '2019年10月1日', '2019年13月1日 15:01'],
  ],
  date2: [
    ['2019年10月1日', '2019年10月1日 15:01', '2019年10月1日~2019年10月3日'],
    ['2019年10月32日', '15:01', '10月1日'],
  ],
  amount2: [
    ['¥28.00', '28元', '28', '$1234567890.5'],
    ['¥¥28', '¥12345678901', '二十元', '-1'],
  ],
  phone_number3: [['+86-0766-66888866'], ['+86-0766-668888660', '电话']],
  car_number3: [['粤A8Z888挂'], ['粤A8Z8888挂x']],
  name4: [
    ['面'.repeat(10), 'x'.repeat(20)],
    ['面'.repeat(11), 'x'.repeat(21), `面${'x'.repeat(10)}`],
  ],
  phrase5: [
    ['已支付', '面'.repeat(5)],
    ['面'.repeat(6), 'paid', '已支付!'],
  ],
  enum6: [['任意'], ['']],
  newkind7: [
    ['anything', '面'.repeat(200)],
    ['面'.repeat(201), 'a\tb'],
  ],
}
for (const [key, [fits, not]] of Object.entries(table)) {
  test(`The values of ${key} are checked by its rule, and an error never shows the value`, () => {
    for (const value of fits) assert.equal(checkSubscribeValue(key, value), value)
    for (const value of not) {
      assert.throws(
        () => checkSubscribeValue(key, value),
        (error) => error instanceof TypeError && error.message.startsWith(`${key} must `),
        value,
      )
    }
  })
}

test('A text is fitted where a part of it is still true, otherwise refused', () => {
  assert.equal(fitSubscribeValue('thing1', ` 牛肉面*1、\n豆浆*2 `), '牛肉面*1、 豆浆*2')
  assert.equal(fitSubscribeValue('thing1', '面'.repeat(21)), `${'面'.repeat(19)}…`)
  const family = '👨‍👩‍👧'
  assert.equal(fitSubscribeValue('thing1', `${'面'.repeat(14)}${family}`), `${'面'.repeat(14)}…`)
  assert.equal(fitSubscribeValue('name1', 'Bartholomew Featherstonehaugh'), 'Bartholomew Feather…')
  assert.equal(fitSubscribeValue('character_string1', 'A1'), 'A1')
  assert.throws(() => fitSubscribeValue('character_string1', 'x'.repeat(33)), TypeError)
  assert.throws(() => fitSubscribeValue('amount1', '¥12345678901'), TypeError)
  assert.throws(() => fitSubscribeValue('thing1', ' \n '), TypeError)
})

test('Whatever the text, a thing is fitted by the rule or refused for being empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('thing1', 'name1'), (text, key) => {
      const isEmpty = text.replace(/[\p{Cs}\p{Cc}\s]/gu, '') === ''
      if (isEmpty) assert.throws(() => fitSubscribeValue(key, text), TypeError)
      else checkSubscribeValue(key, fitSubscribeValue(key, text))
    }),
  )
})
