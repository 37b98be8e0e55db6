/** The codes of pay-v2.md 4 to 8 that this simulator uses. */
export type V2Code =
  | 'APPID_MCHID_NOT_MATCH'
  | 'APPID_NOT_EXIST'
  | 'BIZERR_NEED_RETRY'
  | 'CERT_ERROR'
  | 'ERROR'
  | 'FREQUENCY_LIMITED'
  | 'INVALID_REQUEST'
  | 'INVALID_REQ_TOO_MUCH'
  | 'INVALID_TRANSACTIONID'
  | 'LACK_PARAMS'
  | 'MCHID_NOT_EXIST'
  | 'NOAUTH'
  | 'NOTENOUGH'
  | 'NOT_UTF8'
  | 'ORDERCLOSED'
  | 'ORDERNOTEXIST'
  | 'ORDERPAID'
  | 'OUT_TRADE_NO_USED'
  | 'PARAM_ERROR'
  | 'POST_DATA_EMPTY'
  | 'REFUNDNOTEXIST'
  | 'REFUND_FEE_MISMATCH'
  | 'REQUIRE_POST_METHOD'
  | 'SIGNERROR'
  | 'SYSTEMERROR'
  | 'TRADE_OVERDUE'
  | 'TRADE_STATE_ERROR'
  | 'USER_ACCOUNT_ABNORMAL'
  | 'XML_FORMAT_ERROR'

/**
 * A refused v2 call. `communication`: nothing but return_code and return_msg goes out, unsigned, and the code is only
 * in the log; `business`: a signed answer with err_code and err_code_des.
 */
export class V2Refusal extends Error {
  readonly code: V2Code
  readonly layer: 'communication' | 'business'
  /** What the log shows beside the text that WeChat answers. */
  readonly hint: { readonly signedString?: string; readonly differsAt?: string }

  constructor(code: V2Code, text: string, layer: V2Refusal['layer'] = 'business', hint: V2Refusal['hint'] = {}) {
    super(text)
    this.code = code
    this.layer = layer
    this.hint = hint
  }
}
