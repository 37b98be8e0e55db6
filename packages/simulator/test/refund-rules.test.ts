import assert from 'node:assert/strict'
import { constants, publicEncrypt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Simulator, startSimulator } from '../src/index.ts'
import { newNumber, openStage, Stage } from './stage.ts'
import { control, type Json, type MerchantConfig, type Reply } from './wechat-client.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage.close())

const target = '/v3/refund/domestic/refunds'
const amount = (refund: number): object => ({ refund, total: 3600, currency: 'CNY' })
const ask = (outTradeNo: string, changes: object = {}, on = stage): Promise<Reply> => {
  const body = { out_trade_no: outTradeNo, out_refund_no: newNumber(), amount: amount(100), ...changes }
  return on.v3(target, { body })
}
const statusOf = async (refund: Reply): Promise<Json> =>
  (await stage.v3(`${target}/${refund.json['out_refund_no']}`)).json['status'] as Json
const balance = async (move?: object): Promise<Json> =>
  (await stage.control(`merchants/${stage.merchant.mchid}/balance`, move)).json
/** Refused calls are limited to six within a second. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 1001))

describe('the rules of a v3 refund', () => {
  it('are answered with the documented code for each breach', async () => {
    const outTradeNo = await stage.pay('RSA')
    const unpaid = newNumber()
    await stage.prepay('RSA', unpaid)
    const url = 'http://10.0.0.1/x'
    const cases: readonly [changes: object, status: number, code: string][] = [
      [{ out_trade_no: unpaid }, 404, 'RESOURCE_NOT_EXISTS'],
      [{ out_trade_no: newNumber() }, 404, 'RESOURCE_NOT_EXISTS'],
      [{ transaction_id: '4200' }, 404, 'RESOURCE_NOT_EXISTS'],
      [{ amount: amount(3601) }, 400, 'INVALID_REQUEST'],
      [{ amount: { ...amount(100), total: 3500 } }, 400, 'INVALID_REQUEST'],
      [{ amount: { ...amount(100), from: [{ account: 'AVAILABLE', amount: 99 }] } }, 400, 'INVALID_REQUEST'],
      [{ out_trade_no: undefined }, 400, 'PARAM_ERROR'],
      [{ out_refund_no: undefined }, 400, 'PARAM_ERROR'],
      [{ out_refund_no: 'x'.repeat(65) }, 400, 'PARAM_ERROR'],
      [{ amount: amount(0) }, 400, 'PARAM_ERROR'],
      [{ amount: amount(1.5) }, 400, 'PARAM_ERROR'],
      [{ amount: { refund: 1, total: 3600 } }, 400, 'PARAM_ERROR'],
      [{ reason: '长'.repeat(81) }, 400, 'PARAM_ERROR'],
      [{ notify_url: url }, 400, 'PARAM_ERROR'],
      [{ sub_mchid: '1900000009' }, 400, 'PARAM_ERROR'],
    ]
    await pause()
    for (const [changes, status, code] of cases) {
      const reply = await ask(outTradeNo, changes)
      assert.deepEqual([reply.status, reply.json['code']], [status, code], JSON.stringify(changes))
      assert.equal(reply.headers.get('wechatpay-signature'), null)
    }
    assert.equal((await stage.v3(`${target}/${newNumber()}`)).json['code'], 'RESOURCE_NOT_EXISTS')
    const stranger = await stage.v3(`${target}/x`, { authorization: { mchid: '1999999999' } })
    assert.deepEqual([stranger.status, stranger.json['code']], [404, 'MCH_NOT_EXISTS'])
  })

  it('keep two refunds a minute apart, the sum within the order, and end after 365 days (F31)', async () => {
    const outTradeNo = await stage.pay('RSA')
    await ask(outTradeNo, { amount: amount(3000) })
    await pause()
    assert.equal((await ask(outTradeNo)).json['code'], 'FREQUENCY_LIMITED')
    await stage.advance(60)
    assert.equal((await ask(outTradeNo, { amount: amount(601) })).json['code'], 'INVALID_REQUEST')
    assert.equal((await ask(outTradeNo, { amount: amount(600) })).json['status'], 'PROCESSING')
    await stage.advance(60)
    assert.equal((await ask(outTradeNo, { amount: amount(1) })).json['code'], 'INVALID_REQUEST')
    const old = await stage.pay('RSA')
    await stage.advance(365 * 86_400)
    assert.equal((await ask(old)).status, 400)
  })

  it('let a closed refund’s amount be refunded anew under another number', async () => {
    const outTradeNo = await stage.pay('RSA')
    const number = newNumber()
    await stage.fault('refund.closed', { match: { out_refund_no: number } })
    const closed = await ask(outTradeNo, { out_refund_no: number, amount: amount(3600) })
    await stage.advance(60)
    assert.equal(await statusOf(closed), 'CLOSED')
    const again = await ask(outTradeNo, { amount: amount(3600) })
    await stage.advance(3)
    assert.equal(await statusOf(again), 'SUCCESS')
  })
})

describe('refund faults', () => {
  it('system-error (F26) has no effect unless asked for, in both protocols', async () => {
    const outTradeNo = await stage.pay('RSA')
    const out_refund_no = newNumber()
    await pause()
    await stage.fault('refund.system-error')
    assert.deepEqual((await ask(outTradeNo, { out_refund_no })).json['code'], 'SYSTEM_ERROR')
    assert.equal((await stage.v3(`${target}/${out_refund_no}`)).status, 404)
    await stage.fault('refund.system-error', { options: { effect: true } })
    assert.equal((await ask(outTradeNo, { out_refund_no })).status, 500)
    assert.equal((await stage.v3(`${target}/${out_refund_no}`)).json['status'], 'PROCESSING')
    await stage.fault('refund.system-error', { options: { code: 'BIZERR_NEED_RETRY' } })
    const v2 = { out_trade_no: await stage.pay('MD5'), out_refund_no: newNumber() }
    assert.equal((await stage.v2Refund(v2))['err_code'], 'BIZERR_NEED_RETRY')
    assert.equal((await stage.v2Refund(v2))['result_code'], 'SUCCESS')
  })

  it('refused-but-made refuses the call in both protocols, and the refund goes on', async () => {
    const out_refund_no = newNumber()
    await stage.fault('refund.refused-but-made', { times: 2 })
    const refused = await ask(await stage.pay('RSA'), { out_refund_no })
    assert.deepEqual([refused.status, refused.json['code']], [403, 'USER_ACCOUNT_ABNORMAL'])
    const v2 = { out_trade_no: await stage.pay('MD5'), out_refund_no: newNumber() }
    assert.equal((await stage.v2Refund(v2))['err_code'], 'USER_ACCOUNT_ABNORMAL')
    await stage.advance(3)
    for (const number of [out_refund_no, v2.out_refund_no])
      assert.equal((await stage.v3(`${target}/${number}`)).json['status'], 'SUCCESS')
  })

  it('call.timeout-after on the path (F25) leaves one refund, which the repeat answers', async () => {
    const outTradeNo = await stage.pay('RSA')
    const out_refund_no = newNumber()
    await stage.fault('call.timeout-after', { match: { path: '/refund/', out_refund_no } })
    const gaveUp = new Promise<'gave up'>((resolve) => setTimeout(() => resolve('gave up'), 300))
    const silent = ask(outTradeNo, { out_refund_no })
    silent.catch(() => {})
    assert.equal(await Promise.race([silent, gaveUp]), 'gave up')
    assert.equal((await ask(outTradeNo, { out_refund_no })).status, 200)
    const { refunds } = (await stage.control(`books?out_trade_no=${outTradeNo}`)).json
    const calls = (refunds as readonly Json[]).map((row) => row['calls'])
    assert.deepEqual(calls, [{ refund: 2 }])
  })

  it('abnormal (F28) can be sent to a bank card, its number encrypted for the key that Wechatpay-Serial names', async () => {
    const number = newNumber()
    await stage.fault('refund.abnormal', { match: { out_refund_no: number } })
    const refund = await ask(await stage.pay('RSA'), { out_refund_no: number })
    await stage.advance(3)
    assert.equal(await statusOf(refund), 'ABNORMAL')
    const { out_refund_no, refund_id } = refund.json
    const path = `${target}/${refund_id}/apply-abnormal-refund`
    const { id, public_key_pem: key } = stage.merchant.wechatpay_public_key
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const seal = (text: string) =>
      publicEncrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(text)).toString('base64')
    const card = { bank_type: 'CMB_DEBIT', bank_account: seal('6225880000001234'), real_name: seal('王小明') }
    const body = { out_refund_no, type: 'USER_BANK_CARD', ...card }
    const headers = { 'Wechatpay-Serial': id }
    assert.equal((await stage.v3(path, { body })).json['code'], 'PARAM_ERROR')
    const plain = { ...body, bank_account: '6225880000001234' }
    assert.equal((await stage.v3(path, { body: plain, headers })).json['code'], 'PARAM_ERROR')
    assert.equal(
      (await stage.v3(path, { body: { ...body, out_refund_no: 'x' }, headers })).json['code'],
      'INVALID_REQUEST',
    )
    const resumed = await stage.v3(path, { body, headers })
    assert.deepEqual([resumed.json['status'], resumed.json['user_received_account']], ['PROCESSING', 'CMB借记卡1234'])
    assert.equal((await stage.v3(path, { body, headers })).json['code'], 'INVALID_REQUEST')
    await stage.advance(3)
    assert.equal(await statusOf(refund), 'SUCCESS')
  })
})

describe('a merchant’s funds', () => {
  it('take payments, give refunds, and refuse what they do not have (F27) until there is more', async () => {
    await balance({ set: 0 })
    const outTradeNo = await stage.pay('RSA')
    assert.equal((await balance())['balance'], 3600)
    assert.equal((await balance({ withdraw: 3550 }))['balance'], 50)
    const out_refund_no = newNumber()
    await pause()
    const refused = await ask(outTradeNo, { out_refund_no })
    assert.deepEqual([refused.status, refused.json['code']], [403, 'NOT_ENOUGH'])
    const v2 = { out_trade_no: outTradeNo, out_refund_no }
    assert.equal((await stage.v2Refund(v2))['err_code'], 'NOTENOUGH')
    assert.equal((await stage.order(outTradeNo))?.['trade_state'], 'SUCCESS')
    await balance({ deposit: 50 })
    assert.equal((await ask(outTradeNo, { out_refund_no })).status, 200)
    assert.equal((await balance())['balance'], 0)
    await stage.fault('refund.not-enough')
    await balance({ set: 10_000 })
    assert.equal((await ask(await stage.pay('RSA'))).json['code'], 'NOT_ENOUGH')
    for (const wrong of [{}, { set: -1 }, { set: 1, deposit: 1 }, { withdraw: 1_000_000 }]) {
      assert.equal((await stage.control(`merchants/${stage.merchant.mchid}/balance`, wrong)).status, 400)
    }
    assert.equal((await stage.control('merchants/1/balance')).status, 400)
  })

  it('that are short let an accepted refund wait: for money, or for its end after seven days (F29)', async () => {
    await balance({ set: 0 })
    const numbers = [await stage.pay('RSA'), await stage.pay('RSA')]
    await balance({ set: 0 })
    await stage.fault('refund.waits-for-funds', { times: 2 })
    const [first, second] = [await ask(numbers[0] ?? ''), await ask(numbers[1] ?? '')]
    assert.deepEqual([first.json['status'], (await balance())['balance']], ['PROCESSING', 0])
    await stage.advance(86_400)
    assert.equal(await statusOf(first), 'PROCESSING')
    await balance({ deposit: 150 })
    await stage.advance(4)
    assert.deepEqual([await statusOf(first), await statusOf(second)], ['SUCCESS', 'PROCESSING'])
    assert.equal((await balance())['balance'], 50)
    await stage.advance(6 * 86_400)
    assert.equal(await statusOf(second), 'CLOSED')
  })

  it('let the time be chosen that money takes', async () => {
    const settings = `merchants/${stage.merchant.mchid}/refund-settings`
    await balance({ set: 10_000 })
    await stage.control(settings, { arrives_after_seconds: 86_400 })
    const refund = await ask(await stage.pay('RSA'))
    await stage.control(settings, { arrives_after_seconds: 3 })
    await stage.advance(86_390)
    assert.equal(await statusOf(refund), 'PROCESSING')
    await stage.advance(10)
    assert.equal(await statusOf(refund), 'SUCCESS')
  })

  it('add up to what the books say of payments, refunds and movements', async () => {
    const books = (await stage.control('books')).json
    const sum = (name: string, where: (row: Json) => boolean, field = 'amount'): number =>
      ((books[name] ?? []) as readonly Json[]).filter(where).reduce((total, row) => total + Number(row[field]), 0)
    const [funds] = books['balances'] as unknown as [Record<string, number>]
    const taken = (status: string) =>
      sum('refunds', (row) => row['status'] === (status as unknown as Json) && !row['awaits_funds'])
    assert.equal(
      funds['paid'],
      sum('payments', () => true, 'total'),
    )
    assert.equal(funds['refunded'], taken('SUCCESS'))
    assert.equal(funds['processing'], taken('PROCESSING'))
    assert.equal(funds['abnormal'], taken('ABNORMAL'))
    const { paid = 0, refunded = 0, processing = 0, abnormal = 0, adjusted = 0 } = funds
    assert.equal(funds['balance'], paid - refunded - processing - abnormal + adjusted)
  })
})

it('refunds, their notifications and the funds outlive a restart, and go on', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'fenpay-refunds-'))
  const openIn = async (): Promise<[Simulator, Stage]> => {
    const simulator = await startSimulator({ port: 0, dataDir })
    const { merchants } = (await control(simulator.url, 'merchants')).json as unknown as { merchants: MerchantConfig[] }
    return [simulator, new Stage(simulator.url, stage.backEnd, merchants[0] ?? assert.fail(), async () => {})]
  }
  const [first, before] = await openIn()
  const outTradeNo = await before.pay('RSA')
  const settings = `merchants/${before.merchant.mchid}/refund-settings`
  await before.control(settings, { arrives_after_seconds: 60 })
  const { json: asked } = await ask(outTradeNo, { notify_url: stage.backEnd.url }, before)
  await before.control(`merchants/${before.merchant.mchid}/balance`, { deposit: 7 })
  const { refunds, balances } = (await before.control('books')).json
  await first.close()

  const [second, again] = await openIn()
  const books = (await again.control('books')).json
  const withoutCalls = (rows: unknown) => (rows as readonly object[]).map((row) => ({ ...row, calls: undefined }))
  assert.deepEqual(withoutCalls(books['refunds']), withoutCalls(refunds))
  assert.deepEqual(books['balances'], balances)
  assert.deepEqual((await again.v3(`${target}/${asked['out_refund_no']}`)).json, asked)
  stage.backEnd.received.length = 0
  await again.advance(60)
  assert.equal((await again.v3(`${target}/${asked['out_refund_no']}`)).json['status'], 'SUCCESS')
  assert.match(stage.backEnd.received.at(-1)?.body ?? '', /REFUND\.SUCCESS/)
  await second.close()
  rmSync(dataDir, { recursive: true })
})
