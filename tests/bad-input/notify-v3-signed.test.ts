import { send } from './support/answer.ts'
import { begunOrder, paidAtWeChat, startStage } from './support/stage.ts'
import { type Case, testTable } from './support/test-table.ts'
import { type Flaws, SigningWechat, transactionOf } from './support/v3-message.ts'

const signing = new SigningWechat()
const stage = await startStage({ env: signing.env })
// WeChat is asked for answers under a key of its own; those of this test's WeChat it cannot have.
stage.relay.withhold('wechatpay-serial')
const shopper = await stage.shopper()
const address = `/wechat/notify/v3/${stage.merchant.mchid}`

/** A validly signed notification of an order that WeChat does not know to be paid. */
function signed(changes: Record<string, unknown>, ...flaws: Flaws[]): Case {
  return async (attack) => {
    const { outTradeNo } = await begunOrder(stage, shopper)
    const transaction = await transactionOf(stage, outTradeNo, changes)
    for (const flaw of flaws.length === 0 ? [{}] : flaws) {
      await attack(() => send(stage.url, address, signing.notification(stage, transaction, flaw)))
    }
  }
}

const total = (value: unknown): Case => signed({ amount: { total: value, currency: 'CNY' } })
const nested = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
const inMinutes = (minutes: number) => String(Math.floor(Date.now() / 1000) + minutes * 60)

testTable('POST /wechat/notify/v3/:merchant_id, signed by WeChat', stage, {
  'I3-amount': total(1),
  'A28-negative': total(-6560),
  'A28-fraction': total(6559.5),
  'A28-text': total('6560'),
  'I3-currency': signed({ amount: { total: 6560, currency: 'USD' } }),
  'I18-payer': signed({ payer: { openid: 'oSomebodyElse' } }),
  'I3-app': signed({ appid: 'wx0000000000000000' }),
  'A25-merchant': signed({ mchid: '1900000002' }),
  'A26-order': async (attack) => {
    const cheap = await paidAtWeChat(stage, shopper)
    const { outTradeNo } = await begunOrder(stage, shopper)
    const paid = await transactionOf(stage, cheap.outTradeNo, { out_trade_no: outTradeNo })
    const replayed = { ...paid, amount: { total: 1, currency: 'CNY' } }
    await attack(() => send(stage.url, address, signing.notification(stage, replayed)))
  },
  'not-success': signed({ trade_state: 'NOTPAY' }),
  'amount-missing': signed({ amount: undefined }),
  'number-missing': signed({ out_trade_no: undefined }),
  'time-malformed': signed({ success_time: 'yesterday' }),
  'A60-proto': signed({}, { plaintext: '{"__proto__":{"mchid":"1900000001","out_trade_no":"x"}}' }),
  'A60-depth': signed({}, { plaintext: nested }, { body: nested }),
  'A6-utf8': signed({}, { body: Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) }),
  'not-json': signed({}, { body: 'out_trade_no=1' }, { body: '{' }, { body: '' }, { plaintext: '<xml/>' }),
  'no-object': signed({}, { body: '[]' }, { body: 'null' }, { plaintext: '[]' }),
  'A19-tag': signed(
    {},
    { seal: (sealed) => sealed.subarray(0, -1) },
    { seal: (sealed) => sealed.subarray(0, -12) },
    { seal: (sealed) => Buffer.concat([sealed.subarray(0, -1), Buffer.from([sealed.at(-1) === 0 ? 1 : 0])]) },
    { seal: (sealed) => Buffer.concat([Buffer.from([(sealed.at(0) ?? 0) ^ 1]), sealed.subarray(1)]) },
    { resource: { associated_data: '' } },
    { resource: { associated_data: 'certificate' } },
    { resource: { nonce: 'lkjihgfedcba' } },
    { key: 'k'.repeat(32) },
  ),
  'A19-algorithm': signed({}, { resource: { algorithm: 'none' } }, { resource: { algorithm: 'AES-256-CTR' } }),
  'A19-short': signed(
    {},
    { resource: { nonce: '' } },
    { resource: { nonce: 'short' } },
    { resource: { ciphertext: 'AAAA' } },
    { resource: { ciphertext: 'not base64!' } },
  ),
  'A13-types': signed(
    {},
    { resource: { ciphertext: ['AAAA'] } },
    { resource: { nonce: 7 } },
    { resource: { algorithm: {} } },
  ),
  'clock-early': signed({}, { timestamp: inMinutes(6) }),
  'A24-clock-late': signed({}, { timestamp: inMinutes(-6) }),
  'event-other': signed({}, { eventType: 'PROFITSHARING' }),
})
