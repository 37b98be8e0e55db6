/** Where the simulated WeChat takes calls with a client certificate, as `/_sim/merchants` tells it. */
export interface SecureWechat {
  url: string
  ca_pem: string
}

/** A merchant as `/_sim/merchants` tells it: all that a back end needs to be configured with. */
export interface SimulatedMerchant {
  mchid: string
  name: string
  api_v2_key: string
  api_v3_key: string
  certificate: { serial_no: string; certificate_pem: string; private_key_pem: string }
  wechatpay_public_key: { id: string; public_key_pem: string }
  apps: { appid: string; secret: string }[]
  /** Put beside it by whoever reads the answer. */
  secure?: SecureWechat
}

/** What a person would put into .env for this merchant. */
export function merchantEnvironment(merchant: SimulatedMerchant): NodeJS.ProcessEnv {
  return {
    FENPAY_WECHAT_SECURE_URL: merchant.secure?.url,
    FENPAY_WECHAT_CA: merchant.secure?.ca_pem,
    FENPAY_MERCHANT_CERTIFICATE: merchant.certificate.certificate_pem,
    FENPAY_MCHID: merchant.mchid,
    FENPAY_API_V2_KEY: merchant.api_v2_key,
    FENPAY_API_V3_KEY: merchant.api_v3_key,
    FENPAY_MERCHANT_SERIAL_NO: merchant.certificate.serial_no,
    FENPAY_MERCHANT_PRIVATE_KEY: merchant.certificate.private_key_pem,
    FENPAY_WECHATPAY_PUBLIC_KEY_ID: merchant.wechatpay_public_key.id,
    FENPAY_WECHATPAY_PUBLIC_KEY: merchant.wechatpay_public_key.public_key_pem,
    FENPAY_APPID: merchant.apps[0]?.appid,
    FENPAY_APP_SECRET: merchant.apps[0]?.secret,
  }
}
