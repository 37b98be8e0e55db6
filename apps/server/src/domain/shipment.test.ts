import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemDescription, shipmentProblem } from './shipment.ts'

test('the traps of upload_shipping_info are caught before WeChat is told', () => {
  assert.equal(shipmentProblem({ how: 'express', company: 'ZTO', trackingNo: '75812345678' }), undefined)
  assert.equal(
    shipmentProblem({ how: 'express', company: 'SF', trackingNo: 'SF123', contact: '189****1234' }),
    undefined,
  )
  for (const how of ['city', 'pickup', 'virtual'] as const) assert.equal(shipmentProblem({ how }), undefined)
  const refused = [
    { how: 'express' },
    { how: 'express', company: 'ZTO' },
    { how: 'express', company: '中通', trackingNo: '1' },
    { how: 'express', company: 'SF', trackingNo: 'SF123' },
    { how: 'express', company: 'SF', trackingNo: 'SF123', contact: '18912341234' },
    { how: 'city', company: 'SF', trackingNo: 'SF123' },
  ] as const
  for (const facts of refused) assert.notEqual(shipmentProblem(facts), undefined, JSON.stringify(facts))
})

test('what was bought is told in one line', () => {
  const lines = [
    { name: '牛肉面', quantity: 2 },
    { name: '茶叶蛋', quantity: 1 },
  ]
  assert.equal(itemDescription(lines), '牛肉面*2；茶叶蛋*1')
})
