import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type SimulatorOptions, startSimulator } from '../src/index.ts'
import {
  call,
  callV3,
  control,
  type Json,
  type MerchantConfig,
  nonce,
  postXml,
  postXmlSecurely,
  type Reply,
  signRsa,
  signV2,
  type TlsOptions,
  toXml,
  type V2Params,
} from './wechat-client.ts'

/** A notification as a back end received it. */
export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A back end that only takes notifications. */
export interface BackEnd {
  readonly url: string
  readonly received: Received[]
  /** What it answers; `undefined` is silence. */
  answer: { readonly status: number; readonly body: string } | undefined
  close(): Promise<void>
}

export const acknowledgeV2 =
  '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>'

export async function startBackEnd(): Promise<BackEnd> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    received.push({ headers: request.headers, body })
    if (backEnd.answer) response.writeHead(backEnd.answer.status).end(backEnd.answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const backEnd: BackEnd = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`,
    received,
    answer: { status: 200, body: acknowledgeV2 },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return backEnd
}

/** Which protocol a purchase uses. */
export type Api = 'MD5' | 'HMAC-SHA256' | 'RSA'
export const apis: readonly Api[] = ['MD5', 'HMAC-SHA256', 'RSA']

let serial = 0
/** An order number that no other test of this process has. */
export const newNumber = (): string => `T${process.pid}x${String(++serial).padStart(6, '0')}`

type LooseParams = Readonly<Record<string, string | number | undefined>>
interface V2CallOptions {
  readonly key?: string
  readonly type?: 'MD5' | 'HMAC-SHA256'
  readonly sign?: (right: string) => string
}

/** A simulator with its default merchant, and a back end: what most tests need. */
export class Stage {
  readonly url: string
  readonly backEnd: BackEnd
  readonly merchant: MerchantConfig
  readonly #close: () => Promise<void>

  constructor(url: string, backEnd: BackEnd, merchant: MerchantConfig, close: () => Promise<void>) {
    this.url = url
    this.backEnd = backEnd
    this.merchant = merchant
    this.#close = close
  }

  get appid(): string {
    return this.merchant.apps[0]?.appid ?? ''
  }

  get secret(): string {
    return this.merchant.apps[0]?.secret ?? ''
  }

  control(path: string, body?: object, method?: string): Promise<Reply> {
    return control(this.url, path, body, method)
  }

  async openid(user = '小明'): Promise<string> {
    const session = await this.code2Session(
      (await this.control('wx/login', { appid: this.appid, user })).json['code'] ?? '',
    )
    return session.json['openid'] ?? ''
  }

  code2Session(code: string, changes: Record<string, string> = {}): Promise<Reply> {
    const query = {
      appid: this.appid,
      secret: this.secret,
      js_code: code,
      grant_type: 'authorization_code',
      ...changes,
    }
    const given = Object.entries(query).filter(([, value]) => value !== '')
    return call(`${this.url}/sns/jscode2session?${new URLSearchParams(given)}`)
  }

  /** A v2 call, signed. A parameter set to `undefined` in `params` is left out. */
  v2(path: string, params: LooseParams, options: V2CallOptions = {}): Promise<Record<string, string>> {
    return postXml(this.url + path, this.#v2Body(params, options))
  }

  /** A v2 call over the https port, with the merchant's certificate unless `tls` says otherwise. */
  async v2Secure(path: string, params: LooseParams, options: V2CallOptions & { tls?: TlsOptions } = {}) {
    const { secure } = (await this.control('merchants')).json
    const { certificate_pem: cert, private_key_pem: key } = this.merchant.certificate
    const tls = { ca: String(secure?.['ca_pem']), ...(options.tls ?? { cert, key }) }
    return postXmlSecurely(String(secure?.['url']) + path, this.#v2Body(params, options), tls)
  }

  /** A refund by v2, 100 of 3600 fen unless `params` say otherwise. */
  v2Refund(params: LooseParams, options: V2CallOptions & { tls?: TlsOptions } = {}): Promise<Record<string, string>> {
    return this.v2Secure('/secapi/pay/refund', { total_fee: 3600, refund_fee: 100, ...params }, options)
  }

  #v2Body(params: LooseParams, options: V2CallOptions): string {
    const type = options.type ?? 'MD5'
    const all = { appid: this.appid, mch_id: this.merchant.mchid, nonce_str: nonce(), ...params }
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as V2Params
    const message: V2Params = type === 'MD5' ? given : { ...given, sign_type: type }
    const right = signV2(message, options.key ?? this.merchant.api_v2_key, type)
    return toXml({ ...message, sign: options.sign?.(right) ?? right })
  }

  v3(target: string, options?: Parameters<typeof callV3>[3]): Promise<Reply> {
    return callV3(this.url, this.merchant, target, options)
  }

  v2Order(openid: string, outTradeNo: string): Record<string, string | number> {
    return {
      body: '牛肉面',
      out_trade_no: outTradeNo,
      total_fee: 3600,
      spbill_create_ip: '127.0.0.1',
      notify_url: this.backEnd.url,
      trade_type: 'JSAPI',
      openid,
    }
  }

  v3Order(openid: string, outTradeNo: string): Record<string, unknown> {
    return {
      appid: this.appid,
      mchid: this.merchant.mchid,
      description: '牛肉面',
      out_trade_no: outTradeNo,
      notify_url: this.backEnd.url,
      amount: { total: 3600, currency: 'CNY' },
      payer: { openid },
    }
  }

  /** Orders and answers the prepay_id; fails loudly when there is none. */
  async prepay(api: Api, outTradeNo: string, user = '小明'): Promise<string> {
    const openid = await this.openid(user)
    const prepayId =
      api === 'RSA'
        ? (await this.v3('/v3/pay/transactions/jsapi', { body: this.v3Order(openid, outTradeNo) })).json['prepay_id']
        : (await this.v2('/pay/unifiedorder', this.v2Order(openid, outTradeNo), { type: api }))['prepay_id']
    if (!prepayId) throw new Error(`${api}: no prepay_id`)
    return prepayId
  }

  /** The parameters for wx.requestPayment. */
  payParameters(api: Api, prepayId: string): Record<string, string> {
    const timeStamp = String(Math.floor(Date.now() / 1000))
    const nonceStr = nonce()
    const packageText = `prepay_id=${prepayId}`
    const message = `${this.appid}\n${timeStamp}\n${nonceStr}\n${packageText}\n`
    const v2 = { appId: this.appid, timeStamp, nonceStr, package: packageText, signType: api }
    const paySign =
      api === 'RSA'
        ? signRsa(message, this.merchant.certificate.private_key_pem)
        : signV2(v2, this.merchant.api_v2_key, api)
    return { timeStamp, nonceStr, package: packageText, signType: api, paySign }
  }

  requestPayment(parameters: Record<string, string>, action: string, user = '小明'): Promise<Reply> {
    return this.control('wx/requestPayment', { appid: this.appid, user, ...parameters, action })
  }

  /** A whole purchase up to the payment; answers its number. */
  async pay(api: Api, outTradeNo = newNumber()): Promise<string> {
    const parameters = this.payParameters(api, await this.prepay(api, outTradeNo))
    const { json } = await this.requestPayment(parameters, 'confirm')
    if (json['errMsg'] !== 'requestPayment:ok') throw new Error(JSON.stringify(json))
    return outTradeNo
  }

  async order(outTradeNo: string): Promise<Json | undefined> {
    const { json } = await this.control(`books?out_trade_no=${outTradeNo}`)
    return json['orders']?.[0]
  }

  async deliveries(outTradeNo: string): Promise<readonly Json[]> {
    const { json } = await this.control(`books?out_trade_no=${outTradeNo}`)
    return json['notifications']?.[0]?.['deliveries'] ?? []
  }

  /** Waits until the order's first notification has had so many deliveries. */
  async delivered(outTradeNo: string, count = 1): Promise<readonly Json[]> {
    const giveUpAt = Date.now() + 15_000
    while (Date.now() < giveUpAt) {
      const deliveries = await this.deliveries(outTradeNo)
      if (deliveries.length >= count) return deliveries
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`${outTradeNo}: fewer than ${count} deliveries`)
  }

  advance(seconds: number): Promise<Reply> {
    return this.control('clock/advance', { seconds })
  }

  fault(name: string, more: object = {}): Promise<Reply> {
    return this.control('faults', { name, ...more })
  }

  close(): Promise<void> {
    return this.#close()
  }
}

export async function openStage(options: SimulatorOptions = {}): Promise<Stage> {
  const backEnd = await startBackEnd()
  const simulator = await startSimulator({
    port: 0,
    ...options,
    log: (line) => {
      throw new Error(line)
    },
  })
  const { merchants } = (await control(simulator.url, 'merchants')).json as unknown as { merchants: MerchantConfig[] }
  const [merchant] = merchants
  if (!merchant) throw new Error('no default merchant')
  return new Stage(simulator.url, backEnd, merchant, async () => {
    await simulator.close()
    await backEnd.close()
  })
}
