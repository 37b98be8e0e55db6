import type { ApiRequest, Request } from '@fenpay/contract'
import { apiFailure, networkFailure } from './errors.ts'
import type { WxAnswer, WxLike } from './wx-like.ts'

/** WeChat runs 10 requests, uploads and downloads together at most (errno 600007); two are left to the pages. */
const requestsAtOnceMax = 8

/**
 * The contract's request over wx.request. Resolves for a 2xx answer with an object (or none, for 204); everything else
 * rejects: a captive portal's page with status 200 is no answer of the API.
 * @throws FenpayError of the kinds api and network
 */
export function createTransport(wx: WxLike, baseUrl: string, timeoutMs: number): Request {
  const waiting: (() => void)[] = []
  let running = 0

  function exchange({ method, path, header, data }: ApiRequest): Promise<WxAnswer> {
    return new Promise((resolve, reject) => {
      wx.request({
        url: baseUrl + path,
        method,
        header,
        ...(data === undefined ? {} : { data: data as Record<string, unknown> }),
        timeout: timeoutMs,
        success: resolve,
        fail: (failure) => reject(networkFailure(failure)),
      })
    })
  }

  return async (request) => {
    if (running >= requestsAtOnceMax) await new Promise<void>((go) => waiting.push(go))
    else running += 1
    try {
      const answer = await exchange(request)
      if (!isOfTheApi(answer)) throw apiFailure(answer)
      return answer
    } finally {
      // The place is handed over rather than freed, so that nobody slips in between.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}

function isOfTheApi({ statusCode, data }: WxAnswer): boolean {
  if (statusCode === 204) return true
  return statusCode >= 200 && statusCode <= 299 && typeof data === 'object' && data !== null
}
