/** Global codes of the Mini Program server APIs (miniprogram-login.md 3, 7, 8) that this simulator uses. */
export const wxErrorTexts = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40013: 'invalid appid',
  40029: 'invalid code',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40163: 'code been used',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  42001: 'access_token expired',
  43002: 'require POST method',
  44002: 'empty post data',
  45011: 'api minute-quota reach limit mustslower retry next minute',
  47001: 'data format error',
  87007: 'session_key is not existed or expired',
  87008: 'invalid sig_method',
  87009: 'invalid signature',
} as const

export type WxErrorCode = keyof typeof wxErrorTexts

/** A refused Mini Program call: HTTP 200 with errcode and errmsg. */
export class WxRefusal extends Error {
  readonly errcode: WxErrorCode

  constructor(errcode: WxErrorCode) {
    super(wxErrorTexts[errcode])
    this.errcode = errcode
  }
}
