import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { allowedAddress } from './allowed-address.ts'
import { RequestRefusedError } from './http-answers.ts'

/** What the phone's screen asks for: wx.request, its data already written out. */
export interface WxRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly timeoutMs: number
  /** wx's `redirect: 'manual'` hands a redirect over instead of following it. */
  readonly followRedirects: boolean
}

/** What the world answered, or why nothing came. `errno` is WeChat's. */
export type WxOutcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: Buffer
    }
  | { readonly kind: 'failed'; readonly errMsg: string; readonly errno: number }

const answerLengthMax = 10 * 1_048_576
const redirectsMax = 5
const timeoutMaxMs = 2 ** 31 - 1
const methods = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']
// Written by Node itself, or not a mini program's to say.
const ownHeaders = ['host', 'connection', 'content-length', 'transfer-encoding', 'referer', 'user-agent', 'expect']
const userAgent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 ' +
  'MicroMessenger/8.0.60 NetType/WIFI Language/zh_CN (Fenpay phone)'

const failed = (errMsg: string, errno: number): WxOutcome => ({ kind: 'failed', errMsg, errno })

/** Reads `POST /_phone/request` `{url, method?, header?, data?, bodyBase64?, timeout?, redirect?}`. */
export function readWxRequest(input: Readonly<Record<string, unknown>>, appid: string): WxRequest {
  const { url, method = 'GET', header = {}, data, bodyBase64, timeout = 60_000, redirect } = input
  if (typeof url !== 'string') throw new RequestRefusedError(400, 'bad_request', 'url must be a string')
  if (typeof method !== 'string' || !methods.includes(method) || method === 'CONNECT' || method === 'TRACE') {
    throw new RequestRefusedError(400, 'bad_request', `method must be one of ${methods.slice(0, 6).join(', ')}`)
  }
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw new RequestRefusedError(400, 'bad_request', 'timeout must be milliseconds above 0')
  }
  const given = Object.entries(typeof header === 'object' && header !== null ? header : {})
    .filter(([name, value]) => !ownHeaders.includes(name.toLowerCase()) && value !== undefined && value !== null)
    .map(([name, value]): [string, string] => [name, String(value)])
  return {
    url,
    method,
    headers: {
      ...Object.fromEntries(given),
      referer: `https://servicewechat.com/${appid}/0/page-frame.html`,
      'user-agent': userAgent,
    },
    body:
      typeof bodyBase64 === 'string'
        ? Buffer.from(bodyBase64, 'base64')
        : Buffer.from(typeof data === 'string' ? data : ''),
    timeoutMs: Math.min(timeout, timeoutMaxMs),
    followRedirects: redirect !== 'manual',
  }
}

/**
 * Carries a wx.request out. Never throws: what goes wrong on the network is an outcome, in WeChat's own words. Every
 * address on the way, redirects included, must be an allowed one. `signal` gives up, as wx's abort does.
 */
export async function carryOut(wxRequest: WxRequest, apiUrl: string, signal: AbortSignal): Promise<WxOutcome> {
  const deadline = AbortSignal.timeout(wxRequest.timeoutMs)
  const ends = AbortSignal.any([signal, deadline])
  let { url: address, method, body } = wxRequest
  for (let hop = 0; hop <= redirectsMax; hop++) {
    const url = allowedAddress(address, apiUrl)
    if (url === undefined) return failed(`request:fail url not in domain list`, 600002)
    const outcome = await ask(url, { method, headers: wxRequest.headers, signal: ends }, body)
    if (outcome.kind === 'failed') {
      if (signal.aborted) return failed('request:fail abort', 600000)
      return deadline.aborted ? failed('request:fail timeout', 5) : outcome
    }
    const location = outcome.headers['location']
    const redirects = [301, 302, 303, 307, 308].includes(outcome.status) && location !== undefined
    if (!redirects || !wxRequest.followRedirects) return outcome
    if (!URL.canParse(location, url.href)) return failed('request:fail invalid URL', 600009)
    address = new URL(location, url).href
    if (outcome.status < 307 && method !== 'HEAD') {
      method = 'GET'
      body = Buffer.alloc(0)
    }
  }
  return failed('request:fail too many redirects', 600008)
}

function ask(url: URL, options: RequestOptions, body: Buffer): Promise<WxOutcome> {
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const length = body.length > 0 || options.method === 'POST' || options.method === 'PUT'
    const headers = { ...options.headers, ...(length ? { 'content-length': String(body.length) } : {}) }
    const fail = (error: Error) => resolve(failed(netError(error), 600001))
    try {
      const outgoing = send(url, { ...options, headers, agent: false })
      outgoing.on('error', fail)
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = []
        let received = 0
        response.on('data', (chunk: Buffer) => {
          received += chunk.length
          if (received > answerLengthMax) response.destroy(new Error('the answer is longer than 10 MiB'))
          else chunks.push(chunk)
        })
        response.on('error', fail)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          resolve({ kind: 'answered', status, headers: plainHeaders(response.headers), body: Buffer.concat(chunks) })
        })
      })
      outgoing.end(body)
    } catch (error) {
      // A header that cannot be sent, such as one with a line feed.
      resolve(failed(`request:fail invalid header: ${error instanceof Error ? error.message : ''}`, 600005))
    }
  })
}

const netErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'errcode:-102 cronet_error_code:-102 error_msg:net::ERR_CONNECTION_REFUSED',
  ECONNRESET: 'errcode:-101 cronet_error_code:-101 error_msg:net::ERR_CONNECTION_RESET',
  ENOTFOUND: 'errcode:-105 cronet_error_code:-105 error_msg:net::ERR_NAME_NOT_RESOLVED',
}

function netError(error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  return `request:fail ${netErrors[code] ?? `errcode:-2 error_msg:net::ERR_FAILED ${error.message}`}`
}

/** One string a name; several cookies are joined as WeChat joins them. */
function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]],
    ),
  )
}
