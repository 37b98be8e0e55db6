import { WechatTransportError } from '../errors.ts'
import { timeoutError, toTransportError } from './transport-error.ts'

const maxAnswerBytes = 1024 * 1024

export interface HttpRequest {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
}

/** The part of `fetch` that is used here. */
export type Fetcher = (
  url: string,
  init: Omit<HttpRequest, 'url'> & { redirect: 'manual'; signal: AbortSignal },
) => Promise<Response>

export interface HttpAnswer {
  status: number
  headers: Headers
  /** The raw bytes: signatures are over these. */
  body: Uint8Array
}

/**
 * One request and its whole answer within `timeoutMs`, whatever the pace of the bytes. Redirects are refused: no API
 * of WeChat's redirects, and following one would send secrets elsewhere. At most 1 MiB of body.
 * @throws WechatTransportError
 */
export async function exchange(request: HttpRequest, fetcher: Fetcher, timeoutMs: number): Promise<HttpAnswer> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  let phase: 'request' | 'body' = 'request'
  try {
    const { url, ...init } = request
    const response = await fetcher(url, { ...init, redirect: 'manual', signal: controller.signal })
    phase = 'body'
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
      throw new WechatTransportError('redirect', 'The host answered with a redirect, which WeChat never does', {
        outcomeUnknown: true,
        status: response.status,
      })
    }
    return { status: response.status, headers: response.headers, body: await readBody(response) }
  } catch (error) {
    if (error instanceof WechatTransportError) throw error
    throw controller.signal.aborted ? timeoutError() : toTransportError(error, phase)
  } finally {
    clearTimeout(timer)
    // Frees the connection when the body was left unread.
    controller.abort()
  }
}

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxAnswerBytes) {
      throw new WechatTransportError('too_large', 'The answer is larger than 1 MiB', {
        outcomeUnknown: true,
        status: response.status,
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
