/** A text that was cut within an emoji is no JSON to PostgreSQL, and all the same keeps nothing from being committed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WechatRefusedError } from '@fenpay/wechat'
import { deliverDueOutbox } from '../../apps/server/src/commands/deliver-outbox.ts'
import { shipOrder } from '../../apps/server/src/commands/ship-order.ts'
import { movableWorld, outboxParts } from '../support/outbox-parts.ts'
import { appidOf, Shopper, startShop } from '../support/shop.ts'

const world = movableWorld()
const shop = await startShop({
  world,
  env: { FENPAY_PUSH_TOKEN: 'pushtoken0123456789', FENPAY_PUSH_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' },
})
const { merchantId } = shop.config.merchant
const signal = new AbortController().signal

test('A55, A56: a forged push whose query has an emoji where it is cut is refused, not an error of ours', async () => {
  const url = new URL(`/wechat/push/${appidOf(shop.config)}`, shop.server.url)
  url.searchParams.set('nonce', `${'n'.repeat(127)}😀`)
  const answer = await fetch(url, { method: 'POST', body: '{}' })
  assert.equal(answer.status, 401)
  const [kept] = await shop.sql<{ query: { nonce: string } }[]>`select query from push_inbox`
  assert.equal(kept?.query.nonce, `${'n'.repeat(127)}\ufffd`)
})

test('F65: shipping that WeChat refuses in words that were cut within an emoji is given up and flagged', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.buy()
  await shopper.check(orderNumber)
  const parts = outboxParts(shop.sql, world)
  await shipOrder(parts, merchantId, orderNumber, { how: 'pickup' })
  const { message } = new WechatRefusedError({
    status: 200,
    apiCode: '10060014',
    canonicalCode: '10060014',
    apiMessage: `${'面'.repeat(199)}😀`,
    advice: 'Fix it.',
    verified: false,
    outcomeUnknown: false,
  })
  parts.answers.shipping = async () => ({ outcome: 'refused', error: message })
  await deliverDueOutbox(parts, signal)
  assert.deepEqual(parts.failures, [])
  const flags = await shop.sql<{ evidence: { error: string } }[]>`
    select evidence from flags where kind = 'outbox_dead' and order_number = ${orderNumber} and resolved_at is null`
  assert.match(flags[0]?.evidence.error ?? '', /10060014.*\ufffd.*Fix it/)
})
