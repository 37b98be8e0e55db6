import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { axiosPluginV2Sdk } from './axios-plugin-v2-sdk.ts'
import { Stage } from './stage.ts'
import { tenpaySdk } from './tenpay-sdk.ts'
import type { V2Client, V2Fields, V2Sdk, V2SignType } from './v2-sdk.ts'

let stage: Stage
let openid: string
before(async () => {
  stage = await Stage.open()
  openid = await stage.login('小明')
})
after(() => stage.close())

// Characters that XML has to escape, and that are signed as they are.
const order = (outTradeNo: string): V2Fields => ({
  body: '牛肉面 & 可乐 <大>',
  attach: '桌号 "7" & \'8\'',
  out_trade_no: outTradeNo,
  total_fee: '3600',
  openid,
})

function connect(sdk: V2Sdk, signType: V2SignType, key = stage.merchant.api_v2_key): V2Client {
  const { url, appid, merchant, receiver } = stage
  return sdk.connect({ url, appid, mchid: merchant.mchid, key, signType, notifyUrl: receiver.url })
}

/** Lets the SDK take notifications from now on; answers the list of those it verified. */
function takeNotifies(client: V2Client): V2Fields[] {
  const taken: V2Fields[] = []
  stage.receiver.handle = async ({ body }) => {
    const { fields, reply } = await client.takeNotify(body)
    if (fields) taken.push(fields)
    return { status: 200, body: reply }
  }
  return taken
}

const prepay = async (client: V2Client, outTradeNo: string): Promise<string> =>
  (await client.unifiedOrder(order(outTradeNo)))['prepay_id'] ?? ''

async function pay(client: V2Client, prepayId: string): Promise<void> {
  const sheet = await stage.requestPayment('小明', client.payParameters(prepayId))
  assert.deepEqual(sheet, { errMsg: 'requestPayment:ok' })
}

for (const sdk of [tenpaySdk, axiosPluginV2Sdk]) {
  for (const signType of ['MD5', 'HMAC-SHA256'] as const) {
    describe(`${sdk.name}, Pay v2 with ${signType}`, () => {
      const refused = (call: Promise<unknown>, reason: string): Promise<void> =>
        assert.rejects(call, (error) => {
          assert.equal(sdk.reasonOf(error), reason)
          return true
        })

      it('orders, pays, verifies the notification and finds the order paid', async () => {
        const client = connect(sdk, signType)
        const taken = takeNotifies(client)
        const outTradeNo = stage.newNumber()
        const prepayId = await prepay(client, outTradeNo)
        assert.equal((await client.orderQuery(outTradeNo))['trade_state'], 'NOTPAY')
        await pay(client, prepayId)

        assert.deepEqual(await stage.notifyRecord(outTradeNo), { outcomes: ['acknowledged'], due: false })
        assert.equal(taken.length, 1)
        const query = await client.orderQuery(outTradeNo)
        for (const message of [taken[0], query]) {
          const { out_trade_no, total_fee, openid: payer, attach } = message ?? {}
          assert.deepEqual([out_trade_no, total_fee, payer], [outTradeNo, '3600', openid])
          assert.equal(attach, order(outTradeNo)['attach'])
          assert.equal(message?.['sign']?.length, signType === 'MD5' ? 32 : 64)
        }
        assert.equal(query['trade_state'], 'SUCCESS')
        assert.match(query['transaction_id'] ?? '', /^42\d{26}$/)
        assert.equal(taken[0]?.['transaction_id'], query['transaction_id'])
        await refused(client.closeOrder(outTradeNo), 'ORDERPAID')
      })

      it('closes an order when five minutes have passed', async () => {
        const client = connect(sdk, signType)
        const outTradeNo = stage.newNumber()
        await prepay(client, outTradeNo)
        await refused(client.closeOrder(outTradeNo), 'TRADE_STATE_ERROR')
        await stage.advance(300)
        assert.equal((await client.closeOrder(outTradeNo))['result_code'], 'SUCCESS')
        assert.equal((await client.orderQuery(outTradeNo))['trade_state'], 'CLOSED')
        await refused(client.closeOrder(outTradeNo), 'ORDERCLOSED')
        await refused(client.unifiedOrder(order(outTradeNo)), 'ORDERCLOSED')
      })

      it('is refused with another key, by the API and by the payment sheet', async () => {
        const stranger = connect(sdk, signType, 'another0key0another0key0another0')
        const outTradeNo = stage.newNumber()
        await refused(stranger.unifiedOrder(order(outTradeNo)), '签名错误')
        assert.equal(await stage.tradeState(outTradeNo), undefined)
        const prepayId = await prepay(connect(sdk, signType), outTradeNo)
        const sheet = await stage.requestPayment('小明', stranger.payParameters(prepayId))
        assert.equal(sheet.reason, '支付签名验证失败')
        assert.equal(await stage.tradeState(outTradeNo), 'NOTPAY')
      })

      it('refuses an answer that is signed with another key', async () => {
        const client = connect(sdk, signType)
        const outTradeNo = stage.newNumber()
        await stage.fault('response.wrong-key', outTradeNo)
        await refused(client.unifiedOrder(order(outTradeNo)), sdk.wrongSignature)
        assert.equal(await stage.tradeState(outTradeNo), 'NOTPAY')
      })

      it('refuses a forged notification and takes the genuine one that follows (F9)', async () => {
        const client = connect(sdk, signType)
        const taken = takeNotifies(client)
        const outTradeNo = stage.newNumber()
        await stage.fault('notify.forged', outTradeNo)
        await pay(client, await prepay(client, outTradeNo))
        assert.deepEqual(await stage.notifyRecord(outTradeNo), { outcomes: ['refused'], due: true })
        assert.equal(taken.length, 0)
        await stage.advance(15)
        assert.deepEqual(await stage.notifyRecord(outTradeNo), { outcomes: ['refused', 'acknowledged'], due: false })
        assert.equal(taken[0]?.['out_trade_no'], outTradeNo)
      })
    })
  }
}
