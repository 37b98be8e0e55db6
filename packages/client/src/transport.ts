import type { ApiRequest, Request } from '@fenpay/contract'
import { apiFailure, wxFailure } from './errors.ts'
import type { WxAnswer, WxEnds, WxLike } from './wx-like.ts'

export interface Transport {
  /** The contract's request. */
  request: Request
  /** Sends a local file in the multipart field `name`; resolves with the answer's object. */
  upload(path: string, token: string, name: string, filePath: string): Promise<unknown>
}

/** WeChat runs 10 requests, uploads and downloads together at most (errno 600007); two are left to the pages. */
const requestsAtOnceMax = 8

/**
 * HTTP over wx. Resolves for a 2xx answer with an object (or none, for 204); everything else rejects: a captive
 * portal's page with status 200 is no answer of the API.
 * @throws FenpayError of the kinds api and network
 */
export function createTransport(wx: WxLike, baseUrl: string, timeout: number): Transport {
  const waiting: (() => void)[] = []
  let running = 0

  async function send(begin: (ends: WxEnds) => unknown): Promise<WxAnswer> {
    if (running >= requestsAtOnceMax) await new Promise<void>((go) => waiting.push(go))
    else running += 1
    try {
      const answer = await new Promise<WxAnswer>((success, reject) =>
        begin({ success, fail: (failure) => reject(wxFailure('network', failure)) }),
      )
      const { statusCode, data } = answer
      if (statusCode === 204 || (statusCode >= 200 && statusCode <= 299 && isObject(data))) return answer
      throw apiFailure(answer)
    } finally {
      // The place is handed over rather than freed, so that nobody slips in between.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }

  return {
    request: ({ path, ...request }) =>
      send((ends) => wx.request({ url: baseUrl + path, timeout, ...(request as SentObject), ...ends })),
    async upload(path, token, name, filePath) {
      const header = { authorization: token }
      const { data } = await send(({ success, fail }) => {
        // The answer of an upload is always text, and its headers are not told.
        const read = (answer: { statusCode: number; data: string }) =>
          success({ statusCode: answer.statusCode, data: parseJson(answer.data), header: {} })
        return wx.uploadFile({ url: baseUrl + path, filePath, name, header, timeout, success: read, fail })
      })
      return data
    },
  }
}

type SentObject = Omit<ApiRequest, 'path' | 'data'> & { data?: Record<string, unknown> }

function isObject(data: unknown): boolean {
  return typeof data === 'object' && data !== null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
