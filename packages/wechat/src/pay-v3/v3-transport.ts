import type { MerchantKey } from '../auth/merchant-key.ts'
import type { PlatformKeys } from '../auth/platform-keys.ts'
import {
  badSignature,
  checkClock,
  type HeaderSource,
  readSignedHeaders,
  signatureBytes,
  signedMessage,
} from '../auth/signed-headers.ts'
import { isWechatError, type RefusedDetail, WechatRefusedError, WechatTransportError } from '../errors.ts'
import type { HttpAnswer } from '../http/exchange.ts'
import type { HttpCaller, Repetition } from '../http/http-caller.ts'
import { type JsonFields, parseJsonObject } from '../wire/json-fields.ts'
import { advisePay, type PayTopic } from '../wire/pay-advice.ts'
import { withoutUndefined } from '../wire/without-undefined.ts'
import { authorize } from './authorization.ts'

export interface V3Call {
  method: 'GET' | 'POST'
  /** Path with query. */
  path: string
  /** Serialised once; these very characters are signed and sent. */
  body?: string
  /** Default: a GET is a `read`, a POST `repeatable`. */
  repetition?: Repetition
  /** Default: `order`. */
  topic?: PayTopic
  /** The platform key that fields of the body are encrypted with. */
  encryptedFor?: string
}

/** Signs Pay v3 requests, sends them, verifies what comes back. */
export class V3Transport {
  readonly #caller: HttpCaller
  readonly #mchid: string
  readonly #merchantKey: MerchantKey
  readonly #keys: PlatformKeys
  /** Asks WeChat to sign with this public key, see pay-v3 section 5.2. */
  readonly #wantedSerial: string | undefined

  constructor(parts: {
    caller: HttpCaller
    mchid: string
    merchantKey: MerchantKey
    keys: PlatformKeys
    wantedSerial: string | undefined
  }) {
    this.#caller = parts.caller
    this.#mchid = parts.mchid
    this.#merchantKey = parts.merchantKey
    this.#keys = parts.keys
    this.#wantedSerial = parts.wantedSerial
  }

  /**
   * One call, and what `read` makes of the verified bytes of its answer. Unless the call says otherwise it may be
   * repeated: queries and downloads change nothing, a close closes again, an identical prepay is WeChat's documented
   * re-entry, and a refund is carried out once per out_refund_no.
   */
  call<T>(call: V3Call, read: (body: Uint8Array) => T): Promise<T> {
    return this.exchange(call, async (answer, waitMs) => {
      await this.verify(answer.headers, answer.body, waitMs)
      if (answer.status !== 202) return read(answer.body)
      const facts = { status: 202, outcomeUnknown: true }
      throw new WechatTransportError('status', 'WeChat accepted the request without a result yet; ask for it', facts)
    })
  }

  /** As {@link call}, with another way to accept a 2xx answer. */
  exchange<T>(call: V3Call, accept: (answer: HttpAnswer, waitMs: number) => Promise<T>): Promise<T> {
    const repetition = call.repetition ?? (call.method === 'GET' ? 'read' : 'repeatable')
    return this.#caller.run(repetition, async (baseUrl, send, remainingMs) => {
      const answer = await send(await this.#request(call, baseUrl))
      if (answer.status < 200 || answer.status >= 300) throw await this.#refusal(answer, call.topic ?? 'order')
      return accept(answer, remainingMs())
    })
  }

  /** Verifies the raw bytes of an answer or notify, cheap checks first. @throws WechatSignatureError */
  async verify(source: HeaderSource, body: Uint8Array, waitMs: number): Promise<void> {
    const headers = readSignedHeaders(source)
    checkClock(headers, this.#caller.clock())
    const signature = signatureBytes(headers)
    const key = await this.#keys.find(headers.serial, waitMs)
    if (!(await key.verify(signedMessage(headers, body), signature))) throw badSignature(headers)
  }

  async #request({ method, path, body = '', encryptedFor = this.#wantedSerial }: V3Call, baseUrl: string) {
    const url = new URL(path, baseUrl)
    const authorization = await authorize(this.#mchid, this.#merchantKey, {
      method,
      path: url.pathname + url.search,
      timestamp: this.#caller.timestamp(),
      nonce: this.#caller.nonce(),
      body,
    })
    const headers: Record<string, string> = {
      accept: 'application/json',
      authorization,
      'user-agent': 'fenpay-wechat',
    }
    if (encryptedFor !== undefined) headers['wechatpay-serial'] = encryptedFor
    if (body === '') return { method, url: url.href, headers }
    return { method, url: url.href, headers: { ...headers, 'content-type': 'application/json' }, body }
  }

  async #refusal(answer: HttpAnswer, topic: PayTopic): Promise<WechatRefusedError | WechatTransportError> {
    const { status } = answer
    const parsed = tryParse(answer.body)
    const apiCode = parsed?.optionalText('code')
    if (parsed === undefined || apiCode === undefined) {
      const message = `The host answered with HTTP ${status} and not in WeChat's form; ask for the result`
      return new WechatTransportError('status', message, { status, outcomeUnknown: true })
    }
    const requestId = answer.headers.get('request-id') ?? undefined
    const { outcomeUnknown, ...advice } = advisePay(apiCode, topic, requestId)
    return new WechatRefusedError({
      status,
      apiCode,
      apiMessage: parsed.optionalText('message') ?? '',
      ...advice,
      outcomeUnknown: outcomeUnknown || status >= 500,
      verified: await this.#isVerified(answer),
      ...withoutUndefined<{ detail?: RefusedDetail; requestId?: string }>({ detail: readDetail(parsed), requestId }),
    })
  }

  /** WeChat does not sign refusals as a rule. Never fetches a key: an outsider could make us. */
  async #isVerified({ headers, body }: HttpAnswer): Promise<boolean> {
    const serial = headers.get('wechatpay-serial')
    if (serial === null || this.#keys.peek(serial) === undefined) return false
    try {
      await this.verify(headers, body, 0)
      return true
    } catch {
      return false
    }
  }
}

/** The refusal's fields, if it is one: anything else at this place is a proxy's page. */
function tryParse(body: Uint8Array): JsonFields | undefined {
  try {
    return parseJsonObject(body)
  } catch (error) {
    if (isWechatError(error)) return undefined
    throw error
  }
}

/** A refusal is useful without its detail, so a detail of an unexpected form is left out. */
function readDetail(fields: JsonFields): RefusedDetail | undefined {
  try {
    const detail = fields.optionalObject('detail')
    return (
      detail &&
      withoutUndefined<RefusedDetail>({
        field: detail.optionalText('field'),
        value: detail.optionalText('value'),
        issue: detail.optionalText('issue'),
        location: detail.optionalText('location'),
      })
    )
  } catch {
    return undefined
  }
}
