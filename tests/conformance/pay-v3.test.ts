import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import {
  AxiosPluginV3Client,
  type Json,
  readRefusal,
  type TrustedKeys,
  type V3Config,
  type V3Refusal,
} from './axios-plugin-v3-client.ts'
import { Stage } from './stage.ts'

const stranger = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

let stage: Stage
let openid: string
before(async () => {
  stage = await Stage.open()
  openid = await stage.login('小明')
})
after(() => stage.close())

type Trust = Pick<V3Config, 'trusted' | 'askForKey'>

function platformCertificates(): Trust {
  const pairs = stage.merchant.platform_certificates.map(({ serial_no, certificate_pem }) => [
    serial_no,
    certificate_pem,
  ])
  return { trusted: Object.fromEntries(pairs) as TrustedKeys }
}

function publicKey(): Trust {
  const { id, public_key_pem } = stage.merchant.wechatpay_public_key
  return { trusted: { [id]: public_key_pem }, askForKey: id }
}

function connect(trust: Trust, changes: Partial<V3Config> = {}): AxiosPluginV3Client {
  const { url, appid, merchant } = stage
  return new AxiosPluginV3Client({
    url,
    appid,
    mchid: merchant.mchid,
    serialNo: merchant.certificate.serial_no,
    privateKeyPem: merchant.certificate.private_key_pem,
    apiV3Key: merchant.api_v3_key,
    ...trust,
    ...changes,
  })
}

const order = (outTradeNo: string): Json => ({
  description: '牛肉面 & 可乐 <大>',
  attach: '桌号 "7"',
  out_trade_no: outTradeNo,
  notify_url: stage.receiver.url,
  amount: { total: 3600, currency: 'CNY' },
  payer: { openid },
})

const prepay = async (client: AxiosPluginV3Client, outTradeNo: string): Promise<string> =>
  String((await client.jsapi(order(outTradeNo)))['prepay_id'])

async function pay(client: AxiosPluginV3Client, prepayId: string): Promise<void> {
  const sheet = await stage.requestPayment('小明', client.payParameters(prepayId))
  assert.deepEqual(sheet, { errMsg: 'requestPayment:ok' })
}

/** Lets the SDK take notifications from now on; answers the list of those that it verified and decrypted. */
function takeNotifies(client: AxiosPluginV3Client): Json[] {
  const taken: Json[] = []
  stage.receiver.handle = async (message) => {
    try {
      taken.push(client.openNotify(message))
      return { status: 204, body: '' }
    } catch (error) {
      return { status: 401, body: JSON.stringify({ code: 'FAIL', message: String(error) }) }
    }
  }
  return taken
}

const refused = (call: Promise<unknown>, expected: V3Refusal): Promise<void> =>
  assert.rejects(call, (error) => {
    assert.deepEqual(readRefusal(error), expected)
    return true
  })

const signError = (message: string): V3Refusal => ({ reason: 'SIGN_ERROR', status: 401, message })

for (const [name, trust] of [
  ['platform certificates', platformCertificates],
  ['the WeChat Pay public key', publicKey],
] as const) {
  describe(`wechatpay-axios-plugin, Pay v3 verified with ${name}`, () => {
    it('orders, pays, verifies the notification and finds the order paid', async () => {
      const client = connect(trust())
      const taken = takeNotifies(client)
      const outTradeNo = stage.newNumber()
      const prepayId = await prepay(client, outTradeNo)
      assert.equal(await prepay(client, outTradeNo), prepayId)
      assert.equal((await client.query(outTradeNo))['trade_state'], 'NOTPAY')
      await pay(client, prepayId)

      assert.deepEqual(await stage.notifyRecord(outTradeNo), { outcomes: ['acknowledged'], due: false })
      const query = await client.query(outTradeNo)
      assert.equal(query['trade_state'], 'SUCCESS')
      assert.deepEqual(query['payer'], { openid })
      assert.deepEqual(query['amount'], { total: 3600, payer_total: 3600, currency: 'CNY', payer_currency: 'CNY' })
      assert.equal(query['attach'], order(outTradeNo)['attach'])
      assert.deepEqual(taken, [query])
      assert.deepEqual(await client.queryById(String(query['transaction_id'])), query)
    })

    it('closes an order, and again', async () => {
      const client = connect(trust())
      const outTradeNo = stage.newNumber()
      await prepay(client, outTradeNo)
      assert.equal(await client.close(outTradeNo), 204)
      assert.equal(await client.close(outTradeNo), 204)
      assert.equal((await client.query(outTradeNo))['trade_state'], 'CLOSED')
    })

    it('refuses an answer that is signed with another key, is a probe (F8), or is not signed', async () => {
      const client = connect(trust())
      const outTradeNo = stage.newNumber()
      await prepay(client, outTradeNo)
      for (const [fault, reason] of [
        ['response.wrong-key', 'EV3_RES_HEADER_SIGNATURE_DIGEST'],
        ['response.sign-probe', 'EV3_RES_HEADER_SIGNATURE_DIGEST'],
        ['response.unsigned', 'EV3_RES_HEADERS_INCOMPLATE'],
      ] as const) {
        await stage.fault(fault, outTradeNo)
        await refused(client.query(outTradeNo), { reason })
      }
      assert.equal((await client.query(outTradeNo))['trade_state'], 'NOTPAY')
    })

    it('refuses every answer when it holds another platform key, or none of that name', async () => {
      const { trusted, askForKey } = trust()
      const asked = askForKey === undefined ? {} : { askForKey }
      const wrong = Object.fromEntries(Object.keys(trusted).map((serial) => [serial, stranger.publicKey]))
      const outTradeNo = stage.newNumber()
      await refused(connect({ trusted: wrong, ...asked }).jsapi(order(outTradeNo)), {
        reason: 'EV3_RES_HEADER_SIGNATURE_DIGEST',
      })
      await refused(connect({ trusted: { PUB_KEY_ID_0: stranger.publicKey }, ...asked }).query(outTradeNo), {
        reason: 'EV3_RES_HEADER_PLATFORM_SERIAL',
      })
      assert.equal(await stage.tradeState(outTradeNo), 'NOTPAY')
    })

    it('refuses a forged notification (F9), a probe (F7) and an old one (F75), and takes the genuine one', async () => {
      const client = connect(trust())
      const taken = takeNotifies(client)
      const outTradeNo = stage.newNumber()
      await stage.fault('notify.forged', outTradeNo)
      await pay(client, await prepay(client, outTradeNo))
      assert.deepEqual(await stage.notifyRecord(outTradeNo), { outcomes: ['refused'], due: true })
      for (const fault of ['notify.sign-probe', 'notify.stale']) {
        await stage.fault(fault, outTradeNo)
        await stage.advance(15)
      }
      assert.deepEqual(await stage.notifyRecord(outTradeNo), { outcomes: ['refused', 'refused', 'refused'], due: true })
      assert.deepEqual(taken, [])
      await stage.advance(30)
      assert.equal((await stage.notifyRecord(outTradeNo)).outcomes.at(-1), 'acknowledged')
      assert.deepEqual(taken, [await client.query(outTradeNo)])
    })
  })
}

describe('wechatpay-axios-plugin, Pay v3', () => {
  it('is refused with a private key that is not the certificate’s, by the API and by the payment sheet', async () => {
    const client = connect(platformCertificates(), { privateKeyPem: stranger.privateKey })
    const outTradeNo = stage.newNumber()
    await refused(client.jsapi(order(outTradeNo)), signError('签名错误'))
    assert.equal(await stage.tradeState(outTradeNo), undefined)
    const prepayId = await prepay(connect(platformCertificates()), outTradeNo)
    const sheet = await stage.requestPayment('小明', client.payParameters(prepayId))
    assert.equal(sheet.reason, '支付签名验证失败')
    assert.equal(await stage.tradeState(outTradeNo), 'NOTPAY')
  })

  it('is refused with the serial number of another certificate', async () => {
    const client = connect(platformCertificates(), { serialNo: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1' })
    const outTradeNo = stage.newNumber()
    const message = '商户证书序列号有误。请使用签名私钥匹配的证书序列号'
    await refused(client.jsapi(order(outTradeNo)), signError(message))
    assert.equal(await stage.tradeState(outTradeNo), undefined)
  })

  it('is told that another amount, an unknown number and a paid order do not go', async () => {
    const client = connect(platformCertificates())
    takeNotifies(client)
    const outTradeNo = stage.newNumber()
    await pay(client, await prepay(client, outTradeNo))
    const dearer = { ...order(outTradeNo), amount: { total: 3601, currency: 'CNY' } }
    for (const [call, reason, status] of [
      [() => client.jsapi(dearer), 'OUT_TRADE_NO_USED', 403],
      [() => client.query('conformance-none'), 'ORDER_NOT_EXIST', 404],
      [() => client.close(outTradeNo), 'INVALID_REQUEST', 400],
    ] as const) {
      await assert.rejects(call, (error) => {
        const { message: _, ...refusal } = readRefusal(error)
        assert.deepEqual(refusal, { reason, status })
        return true
      })
    }
  })

  it('downloads the platform certificates, and verifies with them', async () => {
    const trusted = await connect({ trusted: { none: stranger.publicKey } }).downloadCertificates()
    assert.deepEqual(trusted, platformCertificates().trusted)
    const { prepay_id: prepayId } = await connect({ trusted }).jsapi(order(stage.newNumber()))
    assert.match(String(prepayId), /^wx/)
  })

  it('cannot decrypt the certificates with another APIv3 key', async () => {
    const client = connect(platformCertificates(), { apiV3Key: 'another0key0another0key0another0' })
    await assert.rejects(client.downloadCertificates(), /unable to authenticate data/)
  })
})
