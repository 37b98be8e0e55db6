/** A flag is settled by whoever has looked at it, and at no other one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raiseFlag } from '../../apps/server/src/commands/raise-flag.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { hireOperator } from '../cli/operator.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()
const { merchantId } = shop.config.merchant
const store = createStore(shop.sql, { random: Math.random })
const { fenpay } = hireOperator(shop)

async function raise(): Promise<string> {
  const flag = {
    kind: 'shipping_management_wanted',
    subjectType: 'merchant',
    subjectId: 'wx0000000000000001',
    orderNumber: undefined,
    evidence: {},
  } as const
  await store.transaction((tx) => raiseFlag(tx, shop.world, merchantId, flag))
  const [row] = await shop.sql<{ flag_id: string }[]>`select flag_id from flags where resolved_at is null`
  return row?.flag_id ?? ''
}

test('a flag that is settled already is not settled again, nor is a later one about the same thing in its stead', async () => {
  const first = await raise()
  assert.equal((await fenpay('settle-flag', first, '--note', 'joined')).code, 0)
  const second = await raise()
  assert.notEqual(second, first)
  const again = await fenpay('settle-flag', first, '--note', 'joined')
  assert.equal(again.code, 1)
  assert.match(again.err, /^flag_settled/)
  assert.match((await fenpay('flags')).out, new RegExp(second))
})
