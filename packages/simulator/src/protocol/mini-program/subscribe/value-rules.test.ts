import assert from 'node:assert/strict'
import { it } from 'node:test'
import { keyTypes, typeOfKey, valueFits } from './value-rules.ts'

const cases: Readonly<Record<string, { fits: readonly string[]; not: readonly string[] }>> = {
  thing1: { fits: ['牛肉面 2 份!', '面'.repeat(20), '😀'.repeat(20)], not: ['', '面'.repeat(21)] },
  number1: { fits: ['1', '3.14', '-2', '1'.repeat(32)], not: ['', '1'.repeat(33), '1,000', '一'] },
  letter1: { fits: ['abcXYZ', 'a'.repeat(32)], not: ['a1', 'a'.repeat(33), '字'] },
  symbol1: { fits: ['*', '!?#¥~'], not: ['!?#¥~*', 'a', '1', '字'] },
  character_string1: { fits: ['A-1_b#', '1'.repeat(32)], not: ['1'.repeat(33), '订单1', ''] },
  time1: {
    fits: ['15:01', '2019年10月1日 15:01', '15:01~16:30', '2019年10月1日 15:01~2019年10月2日 9:00'],
    not: ['2019-10-01 15:01', '2019年10月1日', '15点', '15:01~'],
  },
  date1: {
    fits: ['2019年10月1日', '2019年10月1日 15:01', '2019年10月1日~2019年10月3日'],
    not: ['2019-10-01', '15:01'],
  },
  amount1: { fits: ['¥36.00', '36元', '￥36', '$1.5', '1234567890'], not: ['12345678901', '36元整', '¥¥1', '1,000'] },
  phone_number1: { fits: ['13800138000', '+86-0766-66888866'], not: ['1'.repeat(18), '电话1'] },
  car_number1: { fits: ['粤A8Z888挂', 'A12345'], not: ['粤A8Z8888挂', '粤A-1'] },
  name1: { fits: ['张三', '张'.repeat(10), 'a'.repeat(20), '张san'], not: ['张'.repeat(11), 'a'.repeat(21), '张3'] },
  phrase1: { fits: ['配送中'], not: ['已经配送中了', '配送A'] },
  enum1: { fits: ['已发货'], not: ['未知', ''] },
}

it('each type of a key has its own rule', () => {
  assert.deepEqual(
    Object.keys(cases).map((key) => typeOfKey(key)),
    keyTypes,
  )
  for (const [key, { fits, not }] of Object.entries(cases)) {
    for (const value of fits) assert.ok(valueFits(key, value, ['已发货']), `${key} ${value}`)
    for (const value of not) assert.ok(!valueFits(key, value, ['已发货']), `${key} ${value}`)
  }
})

it('only text is a value, and only a type with a number is a key', () => {
  assert.ok(!valueFits('number1', 1))
  assert.ok(!valueFits('thing1', ['x']))
  for (const key of ['thing', 'unknown1', 'constructor1', '1', 'thing1x']) assert.equal(typeOfKey(key), undefined)
})
