import { createHash, createHmac, randomBytes, sign } from 'node:crypto'
import { type Agent, request } from 'node:https'

// A client written for these tests alone: it shares no code with the simulator.

/** A merchant as GET /_sim/merchants shows it. */
export interface MerchantConfig {
  readonly mchid: string
  readonly name: string
  readonly api_v2_key: string
  readonly api_v3_key: string
  readonly certificate: {
    readonly serial_no: string
    readonly certificate_pem: string
    readonly private_key_pem: string
  }
  readonly wechatpay_public_key: { readonly id: string; readonly public_key_pem: string }
  readonly platform_certificates: readonly { readonly serial_no: string; readonly certificate_pem: string }[]
  readonly apps: readonly { readonly appid: string; readonly secret: string }[]
}

/** An answer, its body as text and, if it is JSON, read. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Json
}
/** JSON of a known shape, without a schema for each test. */
export type Json = { readonly [name: string]: Json } & string & number & boolean & readonly Json[]

export async function call(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return {} as Json
  }
}

export const nonce = (): string => randomBytes(12).toString('hex')

// ---- v2

export type V2Params = Readonly<Record<string, string | number>>

export function signV2(params: V2Params, key: string, type: 'MD5' | 'HMAC-SHA256'): string {
  const names = Object.keys(params)
    .filter((name) => name !== 'sign' && params[name] !== '')
    .sort()
  const text = `${names.map((name) => `${name}=${params[name]}`).join('&')}&key=${key}`
  const digest = type === 'MD5' ? createHash('md5').update(text) : createHmac('sha256', key).update(text)
  return digest.digest('hex').toUpperCase()
}

export const toXml = (params: V2Params): string =>
  `<xml>${Object.entries(params)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`

export function fromXml(text: string): Record<string, string> {
  const found = text.matchAll(/<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))<\/\1>/gs)
  return Object.fromEntries([...found].map(([, name, cdata, plain]) => [name ?? '', cdata ?? plain ?? '']))
}

export async function postXml(url: string, body: string): Promise<Record<string, string>> {
  const reply = await call(url, { method: 'POST', headers: { 'content-type': 'text/xml' }, body })
  return { http: String(reply.status), ...fromXml(reply.text) }
}

/** How a client shows itself and whom it trusts. */
export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Without one, the request has a connection of its own. */
  readonly agent?: Agent
}

/** One request over TLS. */
export function callSecurely(url: string, body: string | undefined, tls: TlsOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const outgoing = request(url, { agent: false, ...tls, method }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve(text)
    })
    outgoing.on('error', reject).end(body)
  })
}

export const postXmlSecurely = async (url: string, body: string, tls: TlsOptions): Promise<Record<string, string>> =>
  fromXml(await callSecurely(url, body, tls))

// ---- v3

export interface V3Options {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** Changes single values of the Authorization header or of what is signed. */
  readonly authorization?: Partial<Record<'mchid' | 'nonce_str' | 'timestamp' | 'serial_no' | 'signature', string>>
  readonly signedMessage?: (right: string) => string
}

export const signRsa = (message: string, privateKeyPem: string): string =>
  sign('RSA-SHA256', Buffer.from(message), privateKeyPem).toString('base64')

export async function callV3(
  base: string,
  merchant: MerchantConfig,
  target: string,
  options: V3Options = {},
): Promise<Reply> {
  const { body, method = body === undefined ? 'GET' : 'POST', signedMessage = (right) => right } = options
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const values = {
    mchid: merchant.mchid,
    nonce_str: nonce(),
    timestamp: String(Math.floor(Date.now() / 1000)),
    serial_no: merchant.certificate.serial_no,
    ...options.authorization,
  }
  const message = `${method}\n${target}\n${values.timestamp}\n${values.nonce_str}\n${text}\n`
  const signature = values.signature ?? signRsa(signedMessage(message), merchant.certificate.private_key_pem)
  const fields = Object.entries({ ...values, signature }).map(([name, value]) => `${name}="${value}"`)
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    authorization: `WECHATPAY2-SHA256-RSA2048 ${fields.join(',')}`,
    ...options.headers,
  }
  return call(base + target, { method, headers, ...(body === undefined ? {} : { body: text }) })
}

// ---- control

export const control = (base: string, path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<Reply> =>
  call(`${base}/_sim/${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
  })
