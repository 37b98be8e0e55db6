import { WechatMalformedError, WechatRefusedError, WechatTransportError } from '../errors.ts'
import type { HttpAnswer } from '../http/exchange.ts'
import { type JsonFields, parseJsonObject } from '../wire/json-fields.ts'
import { withoutUndefined } from '../wire/without-undefined.ts'
import { adviseMini } from './mini-advice.ts'

/** Content-Type says nothing here: JSON comes as text/plain too, and refusals come as HTTP 200. */
export function readMiniAnswer({ status, body }: HttpAnswer): JsonFields {
  if (status !== 200) {
    throw new WechatTransportError('status', `The host answered with HTTP ${status}`, { status, outcomeUnknown: true })
  }
  const answer = parseAnswer(body)
  const errcode = answer.optionalInteger('errcode') ?? 0
  if (errcode === 0) return answer
  const apiCode = String(errcode)
  const apiMessage = answer.optionalText('errmsg') ?? ''
  throw new WechatRefusedError({
    status,
    apiCode,
    canonicalCode: apiCode,
    apiMessage,
    ...adviseMini(apiCode),
    verified: false,
    ...withoutUndefined<{ requestId?: string }>({ requestId: apiMessage.match(/rid: ([0-9a-f-]{1,64})/)?.[1] }),
  })
}

function parseAnswer(body: Uint8Array): JsonFields {
  try {
    return parseJsonObject(body)
  } catch (error) {
    if (!(error instanceof WechatMalformedError)) throw error
    const message = `The answer is not WeChat's JSON (${error.message})`
    throw new WechatTransportError('malformed_body', message, { status: 200, outcomeUnknown: true })
  }
}
