import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { Agent } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { issueCertificate } from '../src/crypto/certificate.ts'
import { newNumber, openStage, type Stage } from './stage.ts'
import { callSecurely, control, type MerchantConfig, type TlsOptions } from './wechat-client.ts'

let stage: Stage
let secure: { readonly url: string; readonly ca_pem: string }
before(async () => {
  stage = await openStage({ secondPort: 0 })
  secure = (await stage.control('merchants')).json['secure'] as unknown as typeof secure
})
after(() => stage.close())

describe('the https port', () => {
  it('is told by GET /_sim/merchants with the authority that vouches for it, and serves every path', async () => {
    const { json } = await stage.control('merchants')
    const { port } = new URL(secure.url)
    for (const host of ['127.0.0.1', 'localhost']) {
      const text = await callSecurely(`https://${host}:${port}/_sim/merchants`, undefined, { ca: secure.ca_pem })
      assert.deepEqual(JSON.parse(text), json)
    }
    assert.equal((await control(String(json['second_url']), 'merchants')).status, 200)
  })

  it('is trusted by nobody who does not know that authority', async () => {
    await assert.rejects(callSecurely(secure.url, undefined, {}), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    const { certificate_pem: ca } = stage.merchant.certificate
    await assert.rejects(callSecurely(secure.url, undefined, { ca }), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  })

  it('knows merchants by certificates that its own authority has issued for TLS clients', () => {
    const certificate = new X509Certificate(stage.merchant.certificate.certificate_pem)
    assert.ok(certificate.verify(new X509Certificate(secure.ca_pem).publicKey))
    assert.ok(certificate.checkIssued(new X509Certificate(secure.ca_pem)))
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  })
})

describe('/secapi/pay/refund', () => {
  const refund = (tls: TlsOptions) => stage.v2Refund({ out_trade_no: newNumber(), out_refund_no: newNumber() }, { tls })

  it('is answered with the merchant’s certificate, also on a connection that is kept or a session that is resumed', async () => {
    const { certificate_pem: cert, private_key_pem: key } = stage.merchant.certificate
    for (const agent of [new Agent({ keepAlive: true }), new Agent()]) {
      for (let times = 0; times < 3; times++) {
        assert.equal((await refund({ cert, key, agent }))['err_code'], 'ORDERNOTEXIST')
      }
      agent.destroy()
      await new Promise((resolve) => setTimeout(resolve, 1001))
    }
  })

  it('answers CERT_ERROR without a certificate, with another merchant’s and with a stranger’s', async () => {
    const other = (await stage.control('merchants', { name: '别家' })).json as unknown as MerchantConfig
    const { certificate_pem: cert, private_key_pem: key } = other.certificate
    for (const tls of [{}, { cert, key }, strangersCertificate()]) {
      const answer = await refund(tls)
      assert.deepEqual([answer['result_code'], answer['err_code']], ['FAIL', 'CERT_ERROR'])
    }
  })

  it('answers CERT_ERROR on the plain port', async () => {
    const params = { out_trade_no: newNumber(), out_refund_no: newNumber(), total_fee: 3600, refund_fee: 1 }
    assert.equal((await stage.v2('/secapi/pay/refund', params))['err_code'], 'CERT_ERROR')
  })
})

/** A certificate that says the merchant's name and number, signed by nobody whom WeChat knows. */
function strangersCertificate(): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const name = { C: 'CN', CN: stage.merchant.mchid }
  const cert = issueCertificate({
    serialNo: stage.merchant.certificate.serial_no,
    subject: name,
    issuer: name,
    publicKey,
    signingKey: privateKey,
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + 3_600_000,
    purpose: 'client',
  })
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
