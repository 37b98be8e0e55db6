import type { V2SignType } from '../crypto/v2-sign.ts'

/** A certificate with its private key, both PEM. */
export interface CertifiedKey {
  readonly serialNo: string
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly effectiveAtMs: number
  readonly expireAtMs: number
}

/** A merchant as WeChat knows it, with everything its back end is configured with. */
export interface Merchant {
  readonly mchid: string
  readonly name: string
  readonly apiV2Key: string
  readonly apiV3Key: string
  /** Apps bound to this merchant. */
  readonly appids: readonly string[]
  /** The merchant's API certificates; a request may use any of them. */
  readonly certificates: readonly CertifiedKey[]
  readonly wechatpayPublicKey: { readonly id: string; readonly publicKeyPem: string; readonly privateKeyPem: string }
  /** Valid at once; the last is the newest and signs by default. */
  readonly platformCertificates: readonly CertifiedKey[]
}

/** A Mini Program. */
export interface App {
  readonly appid: string
  readonly secret: string
}

/** A person, known by the name that control calls use. */
export interface Person {
  readonly user: string
  readonly unionid: string
  /** Mainland number without country code. */
  readonly phoneNumber: string
}

/** A person within one app. */
export interface Account {
  readonly appid: string
  readonly user: string
  readonly openid: string
  /** base64 text of 16 bytes. */
  readonly sessionKey: string
  readonly sessionKeyAtMs: number
}

/** A code of wx.login or of the phone-number button: single use, bound to app and user. */
export interface Code {
  readonly code: string
  readonly kind: 'login' | 'phone'
  readonly appid: string
  readonly user: string
  readonly expiresAtMs: number
  readonly used: boolean
}

/** An access token. The two families live side by side. */
export interface AccessToken {
  readonly token: string
  readonly appid: string
  readonly family: 'plain' | 'stable'
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

/** Which protocol made the order: it decides paySign and the form of the notification. */
export type PaySignType = V2SignType | 'RSA'

/** One out_trade_no of one merchant. Its `state` is stored; expiry is a matter of the clock, see `tradeStateOf`. */
export interface Order {
  readonly mchid: string
  readonly outTradeNo: string
  readonly appid: string
  readonly openid: string
  readonly signType: PaySignType
  readonly description: string
  readonly totalFen: number
  readonly attach?: string
  readonly deviceId?: string
  readonly notifyUrl: string
  /** All parameters that a repeated call must repeat, in one canonical text. */
  readonly fingerprint: string
  /** v2 time_expire as given; only a first call may name it. */
  readonly timeExpire?: string
  /** v3: the key that the merchant asked answers to be signed with; notifications follow it. */
  readonly wechatpaySerial?: string
  readonly prepayId: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** REFUND from the first accepted refund on, whatever becomes of it. */
  readonly state: 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED'
  readonly closedAtMs?: number
  readonly payment?: Payment
}

/** The one payment of a paid order. */
export interface Payment {
  readonly transactionId: string
  readonly openid: string
  readonly totalFen: number
  readonly bankType: string
  readonly paidAtMs: number
}

/** A prepay_id and the order it stands for. */
export interface Prepay {
  readonly prepayId: string
  readonly mchid: string
  readonly outTradeNo: string
  readonly expiresAtMs: number
}

/** One try at delivering a notification. */
export interface Delivery {
  /** Business time. */
  readonly atMs: number
  readonly wallAtMs: number
  readonly outcome: 'acknowledged' | 'refused' | 'timeout' | 'unreachable' | 'not-sent' | 'answer-ignored'
  readonly status?: number
  readonly detail?: string
  /** Names of the faults that shaped it. */
  readonly faults: readonly string[]
}

/** One out_refund_no of one merchant. */
export interface Refund {
  readonly mchid: string
  readonly outRefundNo: string
  readonly refundId: string
  readonly outTradeNo: string
  readonly transactionId: string
  readonly refundFen: number
  /** Amount of the order. */
  readonly totalFen: number
  readonly reason?: string
  /** Where the request wanted to be told; without it, the merchant platform's address counts. */
  readonly notifyUrl?: string
  /** All that a repeated request must repeat beside order and amounts, in one canonical text. */
  readonly fingerprint: string
  /** Which protocol asked; a refund by hand is told as v2. */
  readonly form: 'v2' | 'v3'
  /** `platform`: somebody clicked in the merchant platform. */
  readonly source: 'api' | 'platform'
  readonly wechatpaySerial?: string
  readonly receivedBy: string
  readonly createdAtMs: number
  readonly status: 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED'
  /** Accepted while the merchant's funds were short: nothing has been taken yet. */
  readonly awaitsFunds: boolean
  /** When something happens by itself, in business time: the money arrives, or the wait for funds ends. */
  readonly dueAtMs?: number
  readonly successAtMs?: number
}

/** What the merchant platform keeps about a merchant. */
export interface MerchantPlatform {
  readonly mchid: string
  /** Everything that was put in (above 0) or taken out (below 0) by hand. */
  readonly adjustedFen: number
  /** From the acceptance of a refund until the money is there. */
  readonly refundSeconds: number
  /** Where refunds without a notify_url of their own are told, as v2. */
  readonly refundNotifyUrl?: string
}

/** A notification about a payment or, with `refund`, about a refund, and its history. */
export interface Notification {
  readonly id: string
  readonly mchid: string
  readonly outTradeNo: string
  readonly url: string
  /** The refund it tells of, and what had become of it then. */
  readonly refund?: Pick<Refund, 'outRefundNo' | 'status' | 'form'>
  readonly createdAtMs: number
  /** When the next delivery is due, in business time; absent when there is none. */
  readonly dueAtMs?: number
  readonly deliveries: readonly Delivery[]
}

/** Values kept once: the authority that issues certificates, the https port's certificate, the clock's offset. */
export type Fact =
  | { readonly name: 'clock'; readonly offsetMs: number }
  | { readonly name: 'authority' | 'https'; readonly certificatePem: string; readonly privateKeyPem: string }
