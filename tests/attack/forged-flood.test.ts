/** Anybody can post to the addresses of WeChat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { appidOf, Shopper, startShop } from '../support/shop.ts'

const shop = await startShop({
  env: { FENPAY_PUSH_TOKEN: 'pushtoken0123456789', FENPAY_PUSH_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' },
})
const junk = JSON.stringify({ junk: 'x'.repeat(60_000) })
const post = (path: string) =>
  fetch(new URL(path, shop.server.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-junk': 'x'.repeat(8_000),
      'wechatpay-timestamp': String(Math.floor(Date.now() / 1000)),
      'wechatpay-nonce': 'n'.repeat(32),
      'wechatpay-serial': '7'.repeat(40),
      'wechatpay-signature': 'c2lnbmF0dXJl',
    },
    body: junk,
  })

const notify = `/wechat/notify/v3/${shop.config.merchant.merchantId}`
const push = `/wechat/push/${appidOf(shop.config)}?signature=00&timestamp=1&nonce=%00&%00=1&msg_signature=00&encrypt_type=aes`

for (const [what, path, table] of [
  ['notifications', notify, 'notify_inbox'],
  ['pushes', push, 'push_inbox'],
] as const) {
  test(`F9, A56: of three hundred forged ${what} each is refused, and only a trace of some is kept`, async () => {
    const statuses = await Promise.all(Array.from({ length: 300 }, async () => (await post(path)).status))
    assert.deepEqual([...new Set(statuses)], [401])
    const [kept] = await shop.sql<{ rows: number; bytes: number }[]>`
      select count(*)::int as rows, sum(pg_column_size(t.*))::int as bytes from ${shop.sql(table)} t where verdict = 'refused'`
    // What comes at the same moment may pass the limit together.
    assert(kept !== undefined && kept.rows >= 100 && kept.rows <= 140, `${kept?.rows} rows`)
    assert(kept.bytes < kept.rows * 4_096, `${kept.bytes} bytes`)
  })
}

test('A56: a genuine notification among forged ones pays the order, and is kept whole', async () => {
  const shopper = await Shopper.arrive(shop)
  const forged = Array.from({ length: 100 }, () => post(notify))
  const orderNumber = await shopper.buy()
  await until('it is paid', async () => (await shopper.show(orderNumber)).status === 'paid')
  await Promise.all(forged)
  const [message] = await shop.sql<{ body: Uint8Array }[]>`select body from notify_inbox where verdict = 'applied'`
  assert.equal(JSON.parse(Buffer.from(message?.body ?? []).toString()).event_type, 'TRANSACTION.SUCCESS')
  await endsWell(shop)
})
