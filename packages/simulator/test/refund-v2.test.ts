import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newNumber, openStage, type Stage } from './stage.ts'
import { signV2 } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())

const query = (params: Record<string, string | number>) => stage.v2('/pay/refundquery', params)
/** So that refused calls of one test do not count for the next. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 1001))

describe('a v2 refund', () => {
  it('is accepted, signed as it was asked, and arrives later', async () => {
    const outTradeNo = await stage.pay('HMAC-SHA256')
    const outRefundNo = newNumber()
    const params = { out_trade_no: outTradeNo, out_refund_no: outRefundNo }
    const answer = await stage.v2Refund(params, { type: 'HMAC-SHA256' })
    assert.equal(answer['sign'], signV2(answer, stage.merchant.api_v2_key, 'HMAC-SHA256'))
    const { result_code, refund_fee, total_fee, cash_refund_fee, refund_id = '' } = answer
    assert.deepEqual([result_code, refund_fee, total_fee, cash_refund_fee], ['SUCCESS', '100', '3600', '100'])
    assert.equal((await stage.v2('/pay/orderquery', { out_trade_no: outTradeNo }))['trade_state'], 'REFUND')
    assert.equal((await stage.v2Refund(params))['refund_id'], refund_id)

    const running = await query({ out_refund_no: outRefundNo })
    assert.deepEqual([running['refund_status_0'], running['refund_success_time_0']], ['PROCESSING', undefined])
    await stage.advance(3)
    const done = await query({ refund_id })
    assert.deepEqual(
      [done['refund_status_0'], done['refund_count'], done['total_refund_count'], done['refund_channel_0']],
      ['SUCCESS', '1', undefined, 'ORIGINAL'],
    )
    assert.match(done['refund_success_time_0'] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    assert.equal(done['refund_recv_accout_0'], '支付用户零钱')
  })

  it('is refused with the code that the documents name for each case', async () => {
    const outTradeNo = await stage.pay('MD5')
    const params = { out_trade_no: outTradeNo, out_refund_no: newNumber() }
    await stage.v2Refund(params)
    const unpaid = newNumber()
    await stage.prepay('MD5', unpaid)
    const fresh = { out_trade_no: await stage.pay('MD5'), out_refund_no: newNumber() }
    const cases = [
      [{ ...params, refund_fee: 101 }, 'REFUND_FEE_MISMATCH'],
      [{ ...params, refund_desc: 'x' }, 'INVALID_REQUEST'],
      [{ ...fresh, total_fee: 3500 }, 'REFUND_FEE_MISMATCH'],
      [{ ...fresh, out_trade_no: unpaid }, 'ORDERNOTEXIST'],
      [{ ...fresh, out_trade_no: newNumber() }, 'ORDERNOTEXIST'],
      [{ ...fresh, transaction_id: '4200' }, 'INVALID_TRANSACTIONID'],
      [{ ...fresh, refund_fee: 3601 }, 'INVALID_REQUEST'],
      [{ ...fresh, out_trade_no: outTradeNo }, 'FREQUENCY_LIMITED'],
      [{ ...fresh, out_trade_no: undefined }, 'PARAM_ERROR'],
      [{ ...fresh, out_refund_no: undefined }, 'PARAM_ERROR'],
      [{ ...fresh, out_refund_no: '退' }, 'PARAM_ERROR'],
      [{ ...fresh, refund_fee: 0 }, 'PARAM_ERROR'],
      [{ ...fresh, refund_fee: '1.0' }, 'PARAM_ERROR'],
      [{ ...fresh, refund_desc: '长'.repeat(81) }, 'PARAM_ERROR'],
      [{ ...fresh, refund_account: 'X' }, 'PARAM_ERROR'],
      [{ ...fresh, notify_url: 'http://10.0.0.1/x' }, 'PARAM_ERROR'],
    ] as const
    for (const [index, [changed, code]] of cases.entries()) {
      if (index % 5 === 0) await pause()
      const answer = await stage.v2Refund(changed)
      assert.deepEqual([answer['result_code'], answer['err_code']], ['FAIL', code], JSON.stringify(changed))
    }
    assert.equal((await stage.v2Refund({ ...fresh, refund_fee: 3600 }))['result_code'], 'SUCCESS')
    const nothingLeft = await stage.v2Refund({ ...fresh, out_refund_no: newNumber() })
    assert.deepEqual([nothingLeft['err_code'], nothingLeft['err_code_des']], ['ERROR', '订单已全额退款'])
  })

  it('is refused after a year, and when six others were refused within the second', async () => {
    const outTradeNo = await stage.pay('MD5')
    const params = { out_trade_no: outTradeNo, out_refund_no: newNumber() }
    await stage.advance(365 * 86_400 + 60)
    await pause()
    const codes: (string | undefined)[] = []
    for (let times = 0; times < 7; times++) codes.push((await stage.v2Refund(params))['err_code'])
    assert.deepEqual(codes, [...Array.from({ length: 6 }, () => 'TRADE_OVERDUE'), 'INVALID_REQ_TOO_MUCH'])
    await pause()
    assert.equal((await stage.v2Refund(params))['err_code'], 'TRADE_OVERDUE')
  })
})

describe('a v2 refund query', () => {
  it('by order pages through at most fifty refunds (F31), ten at a time, with the total where the documents want it', async () => {
    const outTradeNo = await stage.pay('MD5')
    const numbers: string[] = []
    for (let times = 0; times < 51; times++) {
      const outRefundNo = newNumber()
      const answer = await stage.v2Refund({ out_trade_no: outTradeNo, out_refund_no: outRefundNo, refund_fee: 1 })
      assert.equal(answer['err_code'], times < 50 ? undefined : 'INVALID_REQUEST')
      if (times < 50) numbers.push(outRefundNo)
      if (times === 9) {
        const ten = await query({ out_trade_no: outTradeNo })
        assert.deepEqual([ten['refund_count'], ten['total_refund_count']], ['10', undefined])
        assert.equal((await query({ out_trade_no: outTradeNo, offset: 3 }))['total_refund_count'], '10')
      }
      await stage.advance(60)
    }
    const found: (string | undefined)[] = []
    for (let offset = 0; offset < 50; offset += 10) {
      const page = await query({ out_trade_no: outTradeNo, offset })
      assert.deepEqual([page['refund_count'], page['total_refund_count']], ['10', '50'])
      for (let n = 0; n < 10; n++) found.push(page[`out_refund_no_${n}`])
      assert.equal(page['out_refund_no_10'], undefined)
    }
    assert.deepEqual(found, numbers)
    const { transaction_id = '' } = await query({ out_trade_no: outTradeNo })
    assert.equal((await query({ transaction_id, offset: 49 }))['refund_count'], '1')
    assert.equal((await query({ transaction_id, offset: 50 }))['err_code'], 'PARAM_ERROR')
    // The refund's number wins over the order's.
    assert.equal((await query({ out_trade_no: 'x', out_refund_no: numbers[7] ?? '' }))['out_refund_no_0'], numbers[7])
  })

  it('says what it does not find', async () => {
    const outTradeNo = await stage.pay('MD5')
    assert.equal((await query({ out_trade_no: outTradeNo }))['err_code'], 'REFUNDNOTEXIST')
    assert.equal((await query({ out_refund_no: newNumber() }))['err_code'], 'REFUNDNOTEXIST')
    assert.equal((await query({ transaction_id: '4200' }))['err_code'], 'INVALID_TRANSACTIONID')
    assert.equal((await query({}))['err_code'], 'PARAM_ERROR')
    assert.equal((await query({ out_trade_no: outTradeNo, offset: -1 }))['err_code'], 'PARAM_ERROR')
  })
})
