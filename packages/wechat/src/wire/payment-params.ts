/** What `wx.requestPayment` takes, to be handed over untouched. The signed appId is not part of it. */
export interface PaymentParams {
  /** Seconds since the epoch, as text. */
  timeStamp: string
  nonceStr: string
  /** `prepay_id=` and the prepay_id. */
  package: string
  signType: 'RSA' | 'MD5' | 'HMAC-SHA256'
  paySign: string
}
