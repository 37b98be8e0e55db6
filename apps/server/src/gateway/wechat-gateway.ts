import { type HttpOptions, MiniProgramClient, PayV2Client, PayV3Client } from '@fenpay/wechat'
import { type PayApi, payApis } from '../domain/attempt.ts'
import type { Merchant } from '../domain/merchant.ts'
import type { LoginGateway, MerchantDirectory, PaymentGateway } from '../ports.ts'
import { miniProgramLogin, miniProgramPhone } from './mini-program.ts'
import { payV2Gateway } from './pay-v2.ts'
import { payV3Gateway } from './pay-v3.ts'
import type { ProtocolGateway } from './protocol-gateway.ts'

/**
 * WeChat for all merchants: picks the merchant's client of the attempt's protocol. A client holds the merchant's keys
 * and the certificates it has downloaded, so it is made once and kept until the merchant's row changes (A22).
 */
export function createWeChatGateway(
  merchants: MerchantDirectory,
  http: HttpOptions,
): { payment: PaymentGateway; login: LoginGateway } {
  const protocols = new WeakMap<Merchant, Map<PayApi, ProtocolGateway>>()
  const miniPrograms = new WeakMap<Merchant, Map<string, MiniProgramClient>>()

  async function merchantOf(merchantId: string): Promise<Merchant> {
    const merchant = await merchants.find(merchantId)
    if (merchant === undefined) throw new Error(`there is no merchant ${merchantId}`)
    return merchant
  }
  async function protocolOf(merchantId: string, payApi: PayApi): Promise<ProtocolGateway> {
    const merchant = await merchantOf(merchantId)
    return kept(protocols, merchant, payApi, () => createProtocol(merchant, payApi, http))
  }

  async function miniProgramOf(merchantId: string, appid: string): Promise<MiniProgramClient> {
    const merchant = await merchantOf(merchantId)
    const secret = merchant.apps.find((app) => app.appid === appid)?.secret
    if (secret === undefined) throw new Error(`merchant ${merchantId} has no app ${appid}`)
    return kept(miniPrograms, merchant, appid, () => new MiniProgramClient({ appid, secret, ...http }))
  }

  return {
    payment: {
      prepay: async (attempt) => (await protocolOf(attempt.merchantId, attempt.payApi)).prepay(attempt),
      query: async (attempt) => (await protocolOf(attempt.merchantId, attempt.payApi)).query(attempt),
      close: async (attempt) => (await protocolOf(attempt.merchantId, attempt.payApi)).close(attempt),
      paymentParameters: async (attempt, prepayId) =>
        (await protocolOf(attempt.merchantId, attempt.payApi)).paymentParameters(attempt, prepayId),
      async readNotify(merchantId, payApi, headers, body) {
        const merchant = await merchantOf(merchantId)
        if (!hasKeysFor(merchant, payApi)) return { outcome: 'refused', reason: 'no_key_for_protocol' }
        return (await protocolOf(merchantId, payApi)).readNotify(headers, body)
      },
    },
    login: {
      async login(merchantId, appid, code, userInfo) {
        return miniProgramLogin(await miniProgramOf(merchantId, appid), appid, code, userInfo)
      },
      phoneNumber: async (merchantId, appid, code) => miniProgramPhone(await miniProgramOf(merchantId, appid), code),
    },
  }
}

/** What is configured for a merchant cannot work. */
export class MerchantUnusable extends Error {
  override readonly name = 'MerchantUnusable'
}

/**
 * Makes every client that the merchant's keys allow, so that a key that is none is found at the start and not at the
 * first payment.
 * @throws MerchantUnusable, which names the merchant and what is wrong, without the key
 */
export function checkMerchant(merchant: Merchant): void {
  try {
    for (const payApi of payApis) if (hasKeysFor(merchant, payApi)) createProtocol(merchant, payApi, {})
    for (const { appid, secret } of merchant.apps) new MiniProgramClient({ appid, secret })
  } catch (error) {
    throw new MerchantUnusable(
      `The keys of merchant ${merchant.merchantId} cannot be used: ${(error as Error).message}`,
    )
  }
}

function kept<Key, Value>(cache: WeakMap<Merchant, Map<Key, Value>>, merchant: Merchant, key: Key, make: () => Value) {
  const values = cache.get(merchant) ?? new Map<Key, Value>()
  cache.set(merchant, values)
  const value = values.get(key) ?? make()
  values.set(key, value)
  return value
}

function hasKeysFor({ keys }: Merchant, payApi: PayApi): boolean {
  return payApi === 'v3' ? keys.apiV3Key !== undefined && keys.certificate !== undefined : keys.apiV2Key !== undefined
}

function createProtocol({ merchantId, keys }: Merchant, payApi: PayApi, http: HttpOptions): ProtocolGateway {
  if (payApi !== 'v3') {
    if (keys.apiV2Key === undefined) throw new Error(`merchant ${merchantId} has no APIv2 key`)
    const signType = payApi === 'v2-md5' ? 'MD5' : 'HMAC-SHA256'
    return payV2Gateway(new PayV2Client({ mchId: merchantId, apiKey: keys.apiV2Key, signType, ...http }), payApi)
  }
  const { apiV3Key, certificate, wechatpayPublicKeys } = keys
  if (apiV3Key === undefined || certificate === undefined) throw new Error(`merchant ${merchantId} has no APIv3 keys`)
  const client = new PayV3Client({
    mchid: merchantId,
    apiV3Key,
    merchantKey: { serialNo: certificate.serialNo, privateKey: certificate.privateKeyPem },
    platformKeys: {
      publicKeys: wechatpayPublicKeys.map(({ id, publicKeyPem }) => ({ id, publicKey: publicKeyPem })),
      // Also with a public key: during WeChat's switch both kinds arrive, at its pace and not at ours (F33).
      download: true,
    },
    ...http,
  })
  return payV3Gateway(client)
}
