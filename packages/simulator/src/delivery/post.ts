import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** What came of posting a message. */
export type PostOutcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: Record<string, string>
      readonly body: string
    }
  | { readonly kind: 'timeout' | 'unreachable'; readonly detail: string }

/** Sends one message, and never rejects. */
export type Post = typeof post

const answerLengthMax = 65_536

/** POSTs `body`, or GETs without one. The whole exchange has `timeoutMs`; redirects are not followed; `signal` gives up at once. */
export function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
  signal: AbortSignal,
  method: 'POST' | 'GET' = 'POST',
): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest
    const length = String(Buffer.byteLength(body))
    const outgoing = send(url, {
      method,
      headers: method === 'GET' ? headers : { ...headers, 'content-length': length },
      agent: false,
      signal,
    })
    const finish = (outcome: PostOutcome): void => {
      clearTimeout(timer)
      resolve(outcome)
      outgoing.destroy()
    }
    const timer = setTimeout(() => finish({ kind: 'timeout', detail: `no answer in ${timeoutMs} ms` }), timeoutMs)
    outgoing.on('error', (error) => finish({ kind: 'unreachable', detail: error.message }))
    outgoing.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, answerLengthMax)
      })
      response.on('error', (error) => finish({ kind: 'unreachable', detail: error.message }))
      response.on('end', () => {
        const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const)
        finish({
          kind: 'answered',
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(received),
          body: text,
        })
      })
    })
    outgoing.end(body)
  })
}
