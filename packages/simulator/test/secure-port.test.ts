import assert from 'node:assert/strict'
import { request } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { type Simulator, startSimulator } from '../src/index.ts'
import { control, type MerchantConfig } from './wechat-client.ts'

let simulator: Simulator
let merchant: MerchantConfig
let caPem: string
before(async () => {
  simulator = await startSimulator({ port: 0, secondPort: 0 })
  const { json } = await control(simulator.url, 'merchants')
  const { merchants, secure } = json as unknown as { merchants: MerchantConfig[]; secure: { ca_pem: string } }
  merchant = merchants[0] ?? assert.fail('no merchant')
  caPem = secure.ca_pem
})
after(() => simulator.close())

interface Options {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

function get(url: string, options: Options): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, agent: false }, async (response) => {
      let body = ''
      for await (const chunk of response.setEncoding('utf8')) body += chunk
      resolve({ status: response.statusCode ?? 0, body })
    })
    outgoing.on('error', reject).end()
  })
}

describe('the https port', () => {
  it('is told by GET /_sim/merchants with the authority that vouches for it, and serves every path', async () => {
    const { json } = await control(simulator.url, 'merchants')
    assert.deepEqual(json['secure'], { url: simulator.secureUrl, ca_pem: caPem })
    assert.equal(json['second_url'], simulator.secondUrl)
    const port = new URL(simulator.secureUrl).port
    for (const host of ['127.0.0.1', 'localhost']) {
      const reply = await get(`https://${host}:${port}/_sim/merchants`, { ca: caPem })
      assert.deepEqual(JSON.parse(reply.body), json)
    }
    assert.equal((await control(simulator.secondUrl ?? '', 'merchants')).status, 200)
  })

  it('is trusted by nobody who does not know that authority', async () => {
    await assert.rejects(get(simulator.secureUrl, {}), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    const { certificate_pem } = merchant.certificate
    await assert.rejects(get(simulator.secureUrl, { ca: certificate_pem }), { code: /CERT|ISSUER|VERIFY/ })
  })
})
