/** Codes of pay-v3.md 12 that this simulator uses, with their HTTP status. */
export const v3Statuses = {
  PARAM_ERROR: 400,
  INVALID_REQUEST: 400,
  APPID_MCHID_NOT_MATCH: 400,
  MCH_NOT_EXISTS: 400,
  SIGN_ERROR: 401,
  OUT_TRADE_NO_USED: 403,
  NOT_ENOUGH: 403,
  USER_ACCOUNT_ABNORMAL: 403,
  ORDER_NOT_EXIST: 404,
  RESOURCE_NOT_EXISTS: 404,
  FREQUENCY_LIMITED: 429,
  SYSTEM_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const

export type V3Code = keyof typeof v3Statuses

/** Numbers at the end of Request-ID (pay-v3.md 13). */
export const requestIdCodes = {
  none: 0,
  orderNotExist: 268512771,
  frequencyLimit: 268447840,
  invalidParameter: 268435461,
  parameterOutOfRange: 268435464,
  unknownParameter: 270924358,
  orderPaid: 268498689,
  closingPaidOrder: 268449538,
  orderExpired: 268447914,
  signatureError: 268443699,
  openidMissing: 268501013,
  reentryDiffers: 268498688,
  appidMchidMismatch: 268445527,
} as const

/** Which input a parameter error is about (pay-v3.md 1). */
export interface V3Detail {
  readonly field: string
  readonly value?: unknown
  readonly issue: string
  readonly location: 'body' | 'url' | 'query' | 'uri_template'
}

/** A refused v3 call. */
export class V3Refusal extends Error {
  readonly code: V3Code
  readonly status: number
  /** `undefined`: the answer carries no Request-ID. */
  readonly requestIdCode: number | undefined
  readonly detail: V3Detail | undefined
  /** What the log shows beside WeChat's text. */
  readonly hint: { readonly signedString?: string; readonly differsAt?: string }

  constructor(
    code: V3Code,
    message: string,
    options: { status?: number; requestIdCode?: number | undefined; detail?: V3Detail; hint?: V3Refusal['hint'] } = {},
  ) {
    super(message)
    this.code = code
    this.status = options.status ?? v3Statuses[code]
    this.requestIdCode = 'requestIdCode' in options ? options.requestIdCode : requestIdCodes.none
    this.detail = options.detail
    this.hint = options.hint ?? {}
  }
}
