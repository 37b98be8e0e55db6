import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newNumber, openStage, type Stage } from './stage.ts'
import type { Json, Reply } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())

const refunds = '/v3/refund/domestic/refunds'
const refund = (changes: Record<string, unknown>): Promise<Reply> =>
  stage.v3(refunds, { body: { amount: { refund: 100, total: 3600, currency: 'CNY' }, ...changes } })
const query = (outRefundNo: string): Promise<Reply> => stage.v3(`${refunds}/${outRefundNo}`)
const amount = (fen: number, total = 3600): object => ({ refund: fen, total, currency: 'CNY' })
const row = async (outRefundNo: string): Promise<Json | undefined> =>
  ((await stage.control('books')).json['refunds'] as readonly Json[]).find(
    (one) => one['out_refund_no'] === outRefundNo,
  )

describe('a v3 refund', () => {
  it('is accepted as PROCESSING, makes the order REFUND at once, and arrives after some seconds', async () => {
    const outTradeNo = await stage.pay('RSA')
    const outRefundNo = newNumber()
    const accepted = await refund({ out_trade_no: outTradeNo, out_refund_no: outRefundNo, reason: '不想要了' })
    assert.equal(accepted.status, 200)
    assert.ok(accepted.headers.get('wechatpay-signature'))
    const { status, refund_id, success_time, transaction_id, channel } = accepted.json
    assert.deepEqual([status, success_time, channel], ['PROCESSING', undefined, 'ORIGINAL'])
    assert.match(refund_id ?? '', /^50\d{27}$/)
    const order = (await stage.v3(`/v3/pay/transactions/id/${transaction_id}?mchid=${stage.merchant.mchid}`)).json
    assert.deepEqual([order['trade_state'], order['amount']?.['total']], ['REFUND', 3600])
    assert.deepEqual((await query(outRefundNo)).json, accepted.json)
    await stage.advance(3)
    const done = (await query(outRefundNo)).json
    assert.equal(done['status'], 'SUCCESS')
    assert.match(done['success_time'] ?? '', /\+08:00$/)
    assert.equal((await row(outRefundNo))?.['status'], 'SUCCESS')
  })

  it('with the same number and values is the same refund; with others it is refused (F25)', async () => {
    const outTradeNo = await stage.pay('MD5')
    const body = { out_trade_no: outTradeNo, out_refund_no: newNumber(), reason: 'x' }
    const first = (await refund(body)).json
    const { transaction_id } = first
    assert.deepEqual((await refund(body)).json, first)
    const { out_trade_no: _, ...byId } = body
    assert.equal((await refund({ ...byId, transaction_id })).json['refund_id'], first['refund_id'])
    const others = [
      { amount: amount(101) },
      { amount: amount(100, 3700) },
      { reason: 'y' },
      { notify_url: stage.backEnd.url },
      { out_trade_no: await stage.pay('MD5') },
    ]
    for (const changes of others) {
      const reply = await refund({ ...body, ...changes })
      assert.deepEqual([reply.status, reply.json['code']], [400, 'INVALID_REQUEST'], JSON.stringify(changes))
    }
    const booked = await row(body.out_refund_no)
    assert.deepEqual([booked?.['amount'], booked?.['calls']?.['refund']], [100, 3 + others.length])
  })
})
