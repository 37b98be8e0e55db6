/** Why a call got no usable answer. */
export type TransportReason =
  | 'dns'
  | 'connect'
  | 'tls'
  | 'reset'
  | 'timeout'
  | 'redirect'
  | 'status'
  | 'too_large'
  | 'malformed_body'
  | 'held_back'

/** Why a message is not believed to come from WeChat. */
export type SignatureReason =
  | 'missing_header'
  | 'malformed_header'
  | 'clock_skew'
  | 'unknown_serial'
  | 'key_not_valid_now'
  | 'bad_signature'
  | 'missing_sign'
  | 'wrong_algorithm'

/** Why encrypted content could not be used. */
export type DecryptReason = 'unsupported_algorithm' | 'malformed_input' | 'undecryptable' | 'watermark_mismatch'

/** What is wrong with the form of a message. `identity_mismatch`: it speaks of another merchant, app or order. */
export type MalformedReason =
  | 'too_large'
  | 'encoding'
  | 'xml'
  | 'json'
  | 'missing_field'
  | 'invalid_field'
  | 'identity_mismatch'

abstract class WechatErrorBase extends Error {
  /**
   * True when WeChat may have carried out the call although this error was thrown: ask (query) or repeat the identical
   * request before deciding anything. Covers all tries of one call: one lost answer makes the whole call unknown.
   * Always false for received messages (notifies, open data).
   */
  outcomeUnknown: boolean

  constructor(message: string, options: { outcomeUnknown?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = new.target.name
    this.outcomeUnknown = options.outcomeUnknown ?? false
  }
}

/** The part of a Pay v3 refusal that points at the offending value. */
export interface RefusedDetail {
  field?: string
  value?: string
  issue?: string
  location?: string
}

/** What a {@link WechatRefusedError} is made of. */
export interface Refusal {
  status: number
  apiCode: string
  canonicalCode: string
  apiMessage: string
  advice: string
  verified: boolean
  outcomeUnknown: boolean
  retryLater?: boolean
  detail?: RefusedDetail
  requestId?: string
}

/**
 * WeChat answered no. `apiCode` and `apiMessage` are WeChat's own words, `canonicalCode` is the code in the spelling of
 * the current Pay v3 pages (`ORDERNOTEXIST` becomes `ORDER_NOT_EXIST`), `advice` says what to do. Mini Program codes
 * are numbers as text (`'40029'`). `verified` tells whether a signature vouches for the answer: Pay v3 does not sign
 * refusals and Pay v2 does not sign `return_code=FAIL`. `retryLater` is true when the same call, unchanged, may be
 * accepted after seconds, a minute, or (a used-up quota, a merchant short of funds) a day.
 */
export class WechatRefusedError extends WechatErrorBase {
  readonly code = 'wechat_refused'
  readonly status: number
  readonly apiCode: string
  readonly canonicalCode: string
  readonly apiMessage: string
  readonly advice: string
  readonly verified: boolean
  readonly retryLater: boolean
  readonly detail?: RefusedDetail
  readonly requestId?: string

  constructor(refusal: Refusal) {
    super(
      `WeChat refused: ${printable(refusal.apiCode)} (${printable(refusal.apiMessage)}). ${refusal.advice}`,
      refusal,
    )
    this.status = refusal.status
    this.apiCode = refusal.apiCode
    this.canonicalCode = refusal.canonicalCode
    this.apiMessage = refusal.apiMessage
    this.advice = refusal.advice
    this.verified = refusal.verified
    this.retryLater = refusal.retryLater ?? false
    if (refusal.detail !== undefined) this.detail = refusal.detail
    if (refusal.requestId !== undefined) this.requestId = refusal.requestId
  }
}

/**
 * No usable answer came. `outcomeUnknown` is false only when the request certainly never left (name not resolved, no
 * connection, TLS refused, `held_back` on our own side). `systemCode` is the operating system's or HTTP client's code,
 * `status` the HTTP status. The URL is never part of it: code2Session's holds the app secret.
 */
export class WechatTransportError extends WechatErrorBase {
  readonly code = 'wechat_transport'
  readonly reason: TransportReason
  readonly status?: number
  readonly systemCode?: string

  constructor(
    reason: TransportReason,
    message: string,
    facts: { outcomeUnknown: boolean; status?: number; systemCode?: string },
  ) {
    super(message, facts)
    this.reason = reason
    if (facts.status !== undefined) this.status = facts.status
    if (facts.systemCode !== undefined) this.systemCode = facts.systemCode
  }
}

/**
 * A message is not believed to come from WeChat; nothing of it may be used. For a notify answer 4xx, so that it is
 * sent again. `probe` marks WeChat's deliberate test with a wrong signature (`WECHATPAY/SIGNTEST/`): no alarm needed.
 * `bodyAltered` marks a notify whose sealed part is WeChat's: a proxy on the way has most likely rewritten the rest.
 */
export class WechatSignatureError extends WechatErrorBase {
  readonly code = 'wechat_signature'
  readonly reason: SignatureReason
  readonly probe: boolean
  readonly bodyAltered: boolean

  constructor(
    reason: SignatureReason,
    message: string,
    facts: { probe?: boolean; bodyAltered?: boolean; cause?: unknown } = {},
  ) {
    super(message, facts)
    this.reason = reason
    this.probe = facts.probe ?? false
    this.bodyAltered = facts.bodyAltered ?? false
  }
}

/** Encrypted content could not be decrypted or is not meant for us. One reason for all wrong keys and edited data. */
export class WechatDecryptError extends WechatErrorBase {
  readonly code = 'wechat_decrypt'
  readonly reason: DecryptReason

  constructor(reason: DecryptReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** A message breaks the form WeChat documents: size, encoding, XML, JSON, a missing or impossible field. */
export class WechatMalformedError extends WechatErrorBase {
  readonly code = 'wechat_malformed'
  readonly reason: MalformedReason
  readonly field?: string

  constructor(reason: MalformedReason, message: string, field?: string) {
    super(message)
    this.reason = reason
    if (field !== undefined) this.field = field
  }
}

/** Everything that the clients throw besides `TypeError` (a caller's mistake). Discriminated by `code`. */
export type WechatError =
  | WechatRefusedError
  | WechatTransportError
  | WechatSignatureError
  | WechatDecryptError
  | WechatMalformedError

/** True for every error of the {@link WechatError} union. */
export function isWechatError(error: unknown): error is WechatError {
  return error instanceof WechatErrorBase
}

/** WeChat's text for a message line: one line, bounded, no control characters. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').slice(0, 200)
}
