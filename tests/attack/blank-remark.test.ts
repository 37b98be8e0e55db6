/** A user who leaves the remark blank, or fills it with blanks, is told of the payment like anybody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { appidOf, Shopper, startShop } from '../support/shop.ts'

const shop = await startShop({ sweepPauseMs: 50 })
const appid = appidOf(shop.config)
const { template_id: templateId } = await shop.wechat.control<{ template_id: string }>(
  `/_sim/apps/${appid}/subscribe-templates`,
  { title: '付款成功', keys: ['character_string1', 'thing2'] },
)
await shop.startAnother({
  env: {
    FENPAY_SUBSCRIBE_TEMPLATE_PAID: templateId,
    FENPAY_SUBSCRIBE_FIELDS_PAID: '{"character_string1": "order_number", "thing2": "remark"}',
  },
})

for (const remark of ['', ' \n\u3000']) {
  test(`an order whose remark is ${JSON.stringify(remark)} has its message, and no flag`, async () => {
    const shopper = await Shopper.arrive(shop)
    const wanted = { appid, user: shopper.user, tmplIds: [templateId], answer: 'accept' }
    await shop.wechat.control('/_sim/wx/requestSubscribeMessage', wanted)
    const items = [{ sku: 'beef-noodles', quantity: 1 }]
    const { order_number } = await shopper.api.submitOrder(shopper.token, { items, remark })
    await shopper.pay(await shopper.prepay(order_number))
    const item = async () => {
      const [row] = await shop.sql<{ status: string; last_error: string | null }[]>`
        select status, last_error from outbox where kind = 'paid_message' and order_number = ${order_number}`
      return row
    }
    await until('it is over', async () => ['done', 'dead'].includes((await item())?.status ?? ''))
    assert.deepEqual({ ...(await item()) }, { status: 'done', last_error: null })
    assert.equal((await shop.sql`select 1 from flags where kind = 'outbox_dead'`).length, 0)
    await endsWell(shop)
  })
}
