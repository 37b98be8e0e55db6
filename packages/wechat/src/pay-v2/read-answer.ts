/** How a signed Pay v2 message is judged, in WeChat's three layers. See pay-v2 section 1. */
import { WechatMalformedError, WechatRefusedError, WechatSignatureError, WechatTransportError } from '../errors.ts'
import type { HttpAnswer } from '../http/exchange.ts'
import { readFlatXml } from '../wire/flat-xml.ts'
import { advisePay, type PayTopic } from '../wire/pay-advice.ts'
import { V2Fields } from '../wire/v2-fields.ts'
import { type V2SignType, verifyV2 } from './v2-sign.ts'

export interface V2Expectation {
  mchId: string
  apiKey: string
  signType: V2SignType
  /** Undefined for notifies: a merchant has several apps, so whoever has the order compares. */
  appid?: string
  /** Default: `order`. */
  topic?: PayTopic
}

/** The fields of an answer. Anything but HTTP 200 with XML is no answer at all. @throws WechatTransportError */
export function readAnswerXml({ status, body }: HttpAnswer, maxFields?: number): ReadonlyMap<string, string> {
  if (status !== 200) {
    const message = `The host answered with HTTP ${status}; ask for the result`
    throw new WechatTransportError('status', message, { status, outcomeUnknown: true })
  }
  try {
    return readFlatXml(body, 'xml', maxFields)
  } catch (error) {
    if (!(error instanceof WechatMalformedError)) throw error
    const message = `The answer is not WeChat's XML (${error.message}); ask for the result`
    throw new WechatTransportError('malformed_body', message, { status, outcomeUnknown: true })
  }
}

/**
 * The verified fields of a successful answer: 1 `return_code` (a FAIL has no signature), 2 signature and identity,
 * 3 `result_code`.
 * @throws WechatRefusedError, WechatSignatureError, WechatMalformedError
 */
export function readAnswer(fields: ReadonlyMap<string, string>, expected: V2Expectation): V2Fields {
  const answer = new V2Fields(fields)
  const returnCode = answer.text('return_code')
  if (returnCode === 'FAIL') throw refusal('FAIL', answer.optionalText('return_msg') ?? '', false, expected.topic)
  if (returnCode !== 'SUCCESS') throw new WechatMalformedError('invalid_field', 'return_code is unknown', 'return_code')
  return readVerified(fields, expected)
}

/** As {@link readAnswer} without the first layer: a message without a signature is refused, whatever it says. */
export function readVerified(fields: ReadonlyMap<string, string>, expected: V2Expectation): V2Fields {
  checkSign(fields, expected)
  const message = new V2Fields(fields)
  checkIdentity('mch_id', message.text('mch_id'), expected.mchId)
  const appid = message.text('appid')
  if (expected.appid !== undefined) checkIdentity('appid', appid, expected.appid)
  if (message.text('return_code') === 'SUCCESS' && message.text('result_code') === 'SUCCESS') return message
  const apiMessage = message.optionalText('err_code_des') ?? ''
  throw refusal(message.optionalText('err_code') ?? 'FAIL', apiMessage, true, expected.topic)
}

function checkSign(fields: ReadonlyMap<string, string>, { apiKey, signType }: V2Expectation): void {
  const sign = fields.get('sign') ?? ''
  if (sign === '') throw new WechatSignatureError('missing_sign', 'The message has no sign')
  if (sign.length !== (signType === 'MD5' ? 32 : 64)) {
    throw new WechatSignatureError('wrong_algorithm', `The message is not signed with ${signType}, as configured`)
  }
  if (!verifyV2(fields, apiKey, signType)) {
    throw new WechatSignatureError('bad_signature', 'The message carries a wrong sign: altered, forged, or another key')
  }
}

function checkIdentity(name: string, value: string, ours: string): void {
  if (value !== ours) throw new WechatMalformedError('identity_mismatch', `The message is for another ${name}`, name)
}

function refusal(
  apiCode: string,
  apiMessage: string,
  verified: boolean,
  topic: PayTopic = 'order',
): WechatRefusedError {
  return new WechatRefusedError({ status: 200, apiCode, apiMessage, verified, ...advisePay(apiCode, topic) })
}
