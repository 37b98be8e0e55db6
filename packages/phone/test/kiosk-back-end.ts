import { createHash, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A merchant as GET /_sim/merchants shows it, as far as this back end uses it. */
interface Merchant {
  readonly mchid: string
  readonly api_v2_key: string
  readonly certificate: { readonly serial_no: string; readonly private_key_pem: string }
  readonly apps: readonly [{ readonly appid: string; readonly secret: string }]
}

type Fields = Readonly<Record<string, unknown>>

const timestamp = (): string => String(Math.floor(Date.now() / 1000))

/** The smallest back end that sells the fixture's noodles, over Pay v3 or v2. It keeps nothing but what it is told. */
export class KioskBackEnd {
  readonly #server = createServer((request, response) => {
    this.#answer(request).then(
      (body) => response.writeHead(body === undefined ? 204 : 200, { 'content-type': 'application/json' }).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  readonly #wechatUrl: string
  readonly #api: 'v2' | 'v3'
  readonly #openids = new Map<string, string>()
  #url = ''

  constructor(wechatUrl: string, api: 'v2' | 'v3' = 'v3') {
    this.#wechatUrl = wechatUrl
    this.#api = api
  }

  /** Answers its address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this.#url
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #answer(request: IncomingMessage): Promise<string | undefined> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    if (request.url === '/notify')
      return this.#api === 'v3' ? undefined : '<xml><return_code>SUCCESS</return_code></xml>'
    const input = JSON.parse(body) as Record<string, string>
    const merchant = await this.merchant()
    switch (request.url) {
      case '/login':
        return JSON.stringify({ token: await this.#logIn(merchant, input['code'] ?? '') })
      case '/order/submit':
        return JSON.stringify({ order_number: randomBytes(12).toString('hex') })
      case '/order/prepay': {
        const openid = this.#openids.get(request.headers.authorization ?? '') ?? ''
        return JSON.stringify({ pay: await this.#prepay(merchant, input['order_number'] ?? '', openid) })
      }
      default:
        return JSON.stringify({ status: await this.#check(merchant, input['order_number'] ?? '') })
    }
  }

  async merchant(): Promise<Merchant> {
    const answer = await fetch(`${this.#wechatUrl}/_sim/merchants`)
    const { merchants } = (await answer.json()) as { merchants: [Merchant] }
    return merchants[0]
  }

  async #logIn({ apps: [app] }: Merchant, code: string): Promise<string> {
    const query = new URLSearchParams({
      appid: app.appid,
      secret: app.secret,
      js_code: code,
      grant_type: 'authorization_code',
    })
    const answer = await fetch(`${this.#wechatUrl}/sns/jscode2session?${query}`)
    const { openid } = (await answer.json()) as { openid: string }
    const token = randomBytes(8).toString('hex')
    this.#openids.set(token, openid)
    return token
  }

  async #prepay(merchant: Merchant, outTradeNo: string, openid: string): Promise<Fields> {
    const { appid } = merchant.apps[0]
    const packageText = `prepay_id=${await (this.#api === 'v3' ? this.#jsapi : this.#unifiedOrder).call(this, merchant, outTradeNo, openid)}`
    const [timeStamp, nonceStr] = [timestamp(), randomBytes(8).toString('hex')]
    if (this.#api === 'v3') {
      const paySign = signV3(merchant, `${appid}\n${timeStamp}\n${nonceStr}\n${packageText}\n`)
      return { timeStamp, nonceStr, package: packageText, signType: 'RSA', paySign }
    }
    const paySign = signV2(merchant, { appId: appid, timeStamp, nonceStr, package: packageText, signType: 'MD5' })
    return { timeStamp, nonceStr, package: packageText, signType: 'MD5', paySign }
  }

  async #jsapi(merchant: Merchant, outTradeNo: string, openid: string): Promise<string> {
    const answer = await this.#callV3(merchant, 'POST', '/v3/pay/transactions/jsapi', {
      appid: merchant.apps[0].appid,
      mchid: merchant.mchid,
      description: '一碗面',
      out_trade_no: outTradeNo,
      notify_url: `${this.#url}/notify`,
      amount: { total: 1800, currency: 'CNY' },
      payer: { openid },
    })
    return answer['prepay_id'] ?? ''
  }

  async #unifiedOrder(merchant: Merchant, outTradeNo: string, openid: string): Promise<string> {
    const fields = {
      appid: merchant.apps[0].appid,
      mch_id: merchant.mchid,
      nonce_str: randomBytes(8).toString('hex'),
      body: '一碗面',
      out_trade_no: outTradeNo,
      total_fee: '1800',
      spbill_create_ip: '127.0.0.1',
      notify_url: `${this.#url}/notify`,
      trade_type: 'JSAPI',
      openid,
    }
    const answer = await this.#postXml('/pay/unifiedorder', { ...fields, sign: signV2(merchant, fields) })
    return /<prepay_id><!\[CDATA\[(.+?)\]\]>/.exec(answer)?.[1] ?? ''
  }

  async #check(merchant: Merchant, outTradeNo: string): Promise<string> {
    if (this.#api === 'v3') {
      const path = `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${merchant.mchid}`
      return (await this.#callV3(merchant, 'GET', path))['trade_state'] === 'SUCCESS' ? 'paid' : 'pending'
    }
    const fields = {
      appid: merchant.apps[0].appid,
      mch_id: merchant.mchid,
      nonce_str: randomBytes(8).toString('hex'),
      out_trade_no: outTradeNo,
    }
    const answer = await this.#postXml('/pay/orderquery', { ...fields, sign: signV2(merchant, fields) })
    return answer.includes('<trade_state><![CDATA[SUCCESS]]>') ? 'paid' : 'pending'
  }

  async #callV3(merchant: Merchant, method: string, target: string, input?: Fields): Promise<Record<string, string>> {
    const body = input === undefined ? '' : JSON.stringify(input)
    const [time, nonce] = [timestamp(), randomBytes(8).toString('hex')]
    const signature = signV3(merchant, `${method}\n${target}\n${time}\n${nonce}\n${body}\n`)
    const { serial_no: serial } = merchant.certificate
    const authorization = `WECHATPAY2-SHA256-RSA2048 mchid="${merchant.mchid}",nonce_str="${nonce}",timestamp="${time}",serial_no="${serial}",signature="${signature}"`
    const answer = await fetch(this.#wechatUrl + target, {
      method,
      headers: { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'kiosk', authorization },
      ...(body === '' ? {} : { body }),
    })
    return (await answer.json()) as Record<string, string>
  }

  async #postXml(path: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const elements = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    const answer = await fetch(this.#wechatUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: `<xml>${elements.join('')}</xml>`,
    })
    return answer.text()
  }
}

const signV3 = ({ certificate }: Merchant, message: string): string =>
  sign('RSA-SHA256', Buffer.from(message), certificate.private_key_pem).toString('base64')

function signV2({ api_v2_key: key }: Merchant, fields: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
  return createHash('md5')
    .update(`${pairs.join('&')}&key=${key}`)
    .digest('hex')
    .toUpperCase()
}
