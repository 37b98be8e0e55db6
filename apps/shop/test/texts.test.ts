import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatCountdown, formatTime } from '../miniprogram/modules/format.ts'
import { menuSections, sectionAt } from '../miniprogram/modules/menu.ts'
import { diningWays, readRemark, remarkLengthMax, writeRemark } from '../miniprogram/modules/order-remark.ts'
import { timeline } from '../miniprogram/modules/order-texts.ts'

const at = '2026-11-24T09:05:00.000Z'

test('a time is read as date, hour and minute of the phone', () => {
  const local = new Date(at)
  const hour = String(local.getHours()).padStart(2, '0')
  assert.match(formatTime(at), new RegExp(`^2026-11-2[345] ${hour}:[0-9]{2}$`))
})

test('a countdown shows hours only where there are some, and stops at zero', () => {
  const end = new Date(at).getTime()
  assert.equal(formatCountdown(at, end - 845_000), '14:05')
  assert.equal(formatCountdown(at, end - 3_600_000), '01:00:00')
  assert.equal(formatCountdown(at, end + 1), '00:00')
})

test('way and words of a remark come back as they were written, within what the API takes', () => {
  fc.assert(
    fc.property(fc.constantFrom(...diningWays), fc.string({ maxLength: remarkLengthMax }), (way, words) => {
      const remark = writeRemark(way, words)
      assert.deepEqual(readRemark(remark), { way, words: words.trim() })
      assert.ok(remark.length <= 200)
    }),
  )
  assert.deepEqual(readRemark('不要葱'), { way: '', words: '不要葱' })
  assert.deepEqual(readRemark(undefined), { way: '', words: '' })
})

test('the timeline tells the latest first, also of events that it does not know', () => {
  const event = { from: 'pending', to: 'paid', at } as const
  const entries = timeline(
    [
      { ...event, seq: 1, kind: 'submitted', cause: 'submit' },
      { ...event, seq: 2, kind: 'paid', cause: 'notify' },
      { ...event, seq: 3, kind: 'of_tomorrow', cause: 'x' },
    ],
    () => '',
  )
  assert.deepEqual(
    entries.map(({ text }) => text),
    ['订单状态更新', '付款成功（微信通知）', '提交订单'],
  )
})

test('the menu keeps the order of the catalogue, finds by words and says why something cannot be bought', () => {
  const product = { description: '', kind: 'physical' as const, price_fen: 1, stock: 1 }
  const products = [
    { ...product, sku: 'a', name: '牛肉面', category: '面' },
    { ...product, sku: 'b', name: '茶叶蛋', category: '小食', stock: 0 },
    { ...product, sku: 'c', name: '月卡', category: '会员', kind: 'virtual' as const },
    { ...product, sku: 'd', name: '番茄鸡蛋面', category: '面' },
  ]
  const parts = { imageOf: () => '', maxOf: () => 1 }
  const skus = (keyword: string) =>
    menuSections(products, keyword, parts).map(({ dishes }) => dishes.map(({ sku }) => sku).join(''))
  assert.deepEqual(skus(''), ['ad', 'b', 'c'])
  assert.deepEqual(skus(' 蛋 '), ['b', 'd'])
  assert.deepEqual(
    menuSections(products, '', parts).flatMap(({ dishes }) => dishes.map(({ reason }) => reason)),
    ['', '', '已售罄', '虚拟商品，不支持在此购买'],
  )
})

test('the category in view is the last one that begins above the top edge', () => {
  assert.deepEqual(
    [0, 99, 100, 250, 9999].map((top) => sectionAt([0, 100, 200], top)),
    [0, 1, 1, 2, 2],
  )
  assert.equal(sectionAt([], 5), 0)
})
