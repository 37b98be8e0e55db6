/** A machine whose clock was an hour ahead, so that WeChat refused all its calls, until somebody put the clock right. */
import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { World } from '@fenpay/server'
import { saveMerchant } from '../../apps/server/src/storage/merchants.ts'
import { createSealer } from '../../apps/server/src/storage/seal.ts'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { masterKey } from '../support/outbox-parts.ts'
import { refusedWith, Shopper, startShop } from '../support/shop.ts'

const hourMs = 3_600_000

/** A shop of which also WeChat sees the clock, as in real life. */
async function shopOf(env: NodeJS.ProcessEnv = {}) {
  const clock = { aheadMs: hourMs }
  const world: World = { now: () => new Date(Date.now() + clock.aheadMs), randomBytes: (size) => randomBytes(size) }
  const shop = await startShop({ world, env, http: { clock: () => world.now().getTime() } })
  return { clock, shop }
}

const noPublicKey = { FENPAY_WECHATPAY_PUBLIC_KEY_ID: undefined, FENPAY_WECHATPAY_PUBLIC_KEY: undefined }
const shops = {
  'public key': await shopOf({ FENPAY_MASTER_KEY: masterKey.toString('base64') }),
  'platform certificates': await shopOf(noPublicKey),
}
for (const [kind, { clock, shop }] of Object.entries(shops)) {
  test(`F36, F71: with WeChat's ${kind}, a shop can take money again within a minute after its clock was put right`, async () => {
    const shopper = await Shopper.arrive(shop)
    const orderNumber = await shopper.order()
    for (let call = 0; call < 5; call++) await assert.rejects(shopper.prepay(orderNumber))
    await assert.rejects(shopper.prepay(orderNumber), refusedWith('wechat_unreachable'), 'the calls rest')
    clock.aheadMs = 0
    const second = await shopper.order()
    await until('the shop takes money', async () => {
      clock.aheadMs += 1_000
      await shop.wechat.advance(1)
      return shopper.prepay(second).then(
        () => true,
        () => false,
      )
    })
    assert.ok(clock.aheadMs <= 70_000, `it took ${clock.aheadMs / 1000} s`)
    await endsWell(shop)
  })
}

test('F71: what an operator changes is seen within half a minute, also when it was read before the clock was put right', async () => {
  const { clock, shop } = shops['public key']
  clock.aheadMs += hourMs
  const shopper = await Shopper.arrive(shop)
  await assert.rejects(shopper.prepay(await shopper.order()))
  clock.aheadMs -= hourMs
  const { merchant } = shop.config
  await saveMerchant(shop.sql, createSealer(createSecretKey(masterKey), randomBytes), { ...merchant, name: '新面馆' })
  clock.aheadMs += 31_000
  await shop.wechat.advance(31)
  const orderNumber = await shopper.order()
  await shopper.prepay(orderNumber)
  const [attempt] = await shop.sql`select description from attempts where order_number = ${orderNumber}`
  assert.equal(attempt?.['description'], '新面馆')
})
