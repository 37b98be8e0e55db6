/** Which of the two signatures of Pay v2 an order and all its messages carry. */
export type V2SignType = 'MD5' | 'HMAC-SHA256'

/** The fields of a v2 message in WeChat's spelling. */
export type V2Fields = Readonly<Record<string, string>>

/** What a client is configured with. */
export interface V2Config {
  readonly url: string
  readonly appid: string
  readonly mchid: string
  readonly key: string
  readonly signType: V2SignType
  readonly notifyUrl: string
}

/** One third-party SDK, its own calls behind names that the tests share. Calls reject with the SDK's own errors. */
export interface V2Client {
  unifiedOrder(params: V2Fields): Promise<V2Fields>
  orderQuery(outTradeNo: string): Promise<V2Fields>
  closeOrder(outTradeNo: string): Promise<V2Fields>
  /** For wx.requestPayment. */
  payParameters(prepayId: string): V2Fields
  /** What the SDK makes of a notification: its fields once verified, and the XML it answers. */
  takeNotify(xml: string): Promise<{ readonly fields?: V2Fields; readonly reply: string }>
}

/** How to work with an SDK. */
export interface V2Sdk {
  readonly name: string
  connect(config: V2Config): V2Client
  /** WeChat's code or text in an error that a call rejected with, else the SDK's own reason. */
  reasonOf(error: unknown): string
  /** The SDK's own reason when an answer's signature is wrong. */
  readonly wrongSignature: string
}
