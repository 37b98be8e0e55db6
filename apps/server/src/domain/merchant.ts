import type { PayApi } from './attempt.ts'

/** The keys a merchant has from WeChat. Sealed at rest; only the gateway uses them. */
export interface MerchantKeys {
  /** 32 letters and digits; v2 signs with it. */
  apiV2Key?: string
  /** 32 characters; v3 encrypts notifications with it. */
  apiV3Key?: string
  /**
   * The merchant's API certificate: its serial number and private key sign v3 requests; v2 refunds show the certificate
   * itself (apiclient_cert.pem).
   */
  certificate?: { serialNo: string; privateKeyPem: string; certificatePem?: string }
  /** WeChat Pay public keys by id, `PUB_KEY_ID_…`. Platform certificates are downloaded besides. */
  wechatpayPublicKeys: { id: string; publicKeyPem: string }[]
}

/** A merchant of this back end. `merchantId` is WeChat's mchid. */
export interface Merchant {
  merchantId: string
  /** What the user reads on the payment sheet. */
  name: string
  /** The protocol of new attempts. */
  payApi: PayApi
  keys: MerchantKeys
  apps: MerchantApp[]
  /** Whether WeChat has to be told of each order's shipping (发货信息管理). Default: yes. */
  shippingManagement?: boolean
}

/** A mini program of a merchant. */
export interface MerchantApp {
  appid: string
  secret: string
  /** The keys of its message push, as set in its console. */
  push?: { token: string; encodingAesKey: string }
  paidMessage?: PaidMessage
}

/** Whether refunds can be asked of WeChat over this protocol: v2 wants the certificate itself shown. */
export function canRefundOver(payApi: PayApi, keys: MerchantKeys): boolean {
  return payApi === 'v3' || keys.certificate?.certificatePem !== undefined
}

/** What of an order a subscribe message can show. */
export const messageFacts = ['order_number', 'total', 'items', 'paid_at', 'remark'] as const
export type MessageFact = (typeof messageFacts)[number]

/** The subscribe message after a payment: which fact of the order fills each key of the template. */
export interface PaidMessage {
  templateId: string
  fields: Record<string, MessageFact>
}
