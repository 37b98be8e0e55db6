import {
  type HttpOptions,
  type MessagePush,
  MiniProgramClient,
  PayV2Client,
  PayV3Client,
  type PlatformKeysOptions,
} from '@fenpay/wechat'
import { type PayApi, payApis } from '../domain/attempt.ts'
import { canRefundOver, type Merchant } from '../domain/merchant.ts'
import type {
  KeyAlarm,
  LoginGateway,
  MerchantDirectory,
  MessageGateway,
  PaymentGateway,
  PlatformCertificates,
  PushGateway,
  ShippingGateway,
} from '../ports.ts'
import { guardedClient } from './guarded-client.ts'
import { watchKeyExpiry } from './key-expiry.ts'
import { miniProgramLogin, miniProgramPhone } from './mini-program.ts'
import { payV2Gateway } from './pay-v2.ts'
import { payV3Gateway } from './pay-v3.ts'
import type { ProtocolGateway } from './protocol-gateway.ts'
import { messagePushOf, readPush, verifyPushUrl } from './push.ts'
import { uploadShipping } from './shipping.ts'
import { sendSubscribe } from './subscribe.ts'
import { gatewayWithoutKeys } from './without-keys.ts'

/** How the calls of all merchants are watched over. */
export interface GatewayWatch {
  /** The clock of pauses and rates, milliseconds. Default: that of the calls. */
  now: () => number
  /** Default: certificates are kept in memory alone. */
  certificates: PlatformCertificates
  onAlarm: (merchantId: string, alarm: KeyAlarm) => void
  /** Told once for each protocol that something was begun over and that has no keys now. */
  onKeysMissing: (merchantId: string, payApi: PayApi) => void
  /** Told when downloaded certificates could not be kept; they serve all the same. */
  onNotKept: (error: unknown) => void
}

/**
 * WeChat for all merchants: picks the merchant's client of the attempt's protocol. A client holds the merchant's keys
 * and the certificates it has downloaded, so it is made once and kept until the merchant's row changes (A22).
 */
export function createWeChatGateway(
  merchants: MerchantDirectory,
  http: HttpOptions & { clock: () => number },
  watch: Partial<GatewayWatch> = {},
): {
  payment: PaymentGateway
  shipping: ShippingGateway
  messages: MessageGateway
  push: PushGateway
  login: LoginGateway
} {
  const protocols = new WeakMap<Merchant, Map<PayApi, Promise<ProtocolGateway>>>()
  const miniPrograms = new WeakMap<Merchant, Map<string, MiniProgramClient>>()
  const pushes = new WeakMap<Merchant, Map<string, MessagePush | undefined>>()

  async function merchantOf(merchantId: string): Promise<Merchant> {
    const merchant = await merchants.find(merchantId)
    if (merchant === undefined) throw new Error(`there is no merchant ${merchantId}`)
    return merchant
  }
  async function protocolOf(merchantId: string, payApi: PayApi): Promise<ProtocolGateway> {
    const merchant = await merchantOf(merchantId)
    const made = kept(protocols, merchant, payApi, () => makeProtocol(merchant, payApi))
    // Without the database there are no certificates to begin with; the next caller tries again.
    made.catch(() => protocols.get(merchant)?.delete(payApi))
    return made
  }
  async function makeProtocol(merchant: Merchant, payApi: PayApi): Promise<ProtocolGateway> {
    const { merchantId } = merchant
    const { now = http.clock, certificates, onAlarm = () => {}, onKeysMissing, onNotKept = () => {} } = watch
    if (!hasKeysFor(merchant, payApi)) return gatewayWithoutKeys(payApi, () => onKeysMissing?.(merchantId, payApi))
    const guard = {
      now,
      onKey: (state: 'refused' | 'accepted') => {
        const evidence = { at: new Date(now()).toISOString() }
        onAlarm(merchantId, { kind: 'merchant_key_refused', key: payApi, isOn: state === 'refused', evidence })
      },
    }
    if (payApi !== 'v3') return payV2Gateway(guardedClient(createV2Client(merchant, payApi, http), guard), payApi)
    const client = createV3Client(merchant, http, {
      kept: (await certificates?.find(merchantId)) ?? [],
      onDownload: (downloaded) => void certificates?.replace(merchantId, downloaded).catch(onNotKept),
    })
    const afterCall = watchKeyExpiry(client, now, (isOn, lastExpiresAt) => {
      const evidence = lastExpiresAt === undefined ? {} : { last_expires_at: lastExpiresAt.toISOString() }
      onAlarm(merchantId, { kind: 'platform_key_expiring', key: payApi, isOn, evidence })
    })
    return payV3Gateway(guardedClient(client, { ...guard, afterCall }))
  }

  async function miniProgramOf(merchantId: string, appid: string): Promise<MiniProgramClient> {
    const merchant = await merchantOf(merchantId)
    const secret = merchant.apps.find((app) => app.appid === appid)?.secret
    if (secret === undefined) throw new Error(`merchant ${merchantId} has no app ${appid}`)
    return kept(miniPrograms, merchant, appid, () => new MiniProgramClient({ appid, secret, ...http }))
  }

  async function pushOf(merchantId: string, appid: string): Promise<MessagePush | undefined> {
    const merchant = await merchantOf(merchantId)
    const app = merchant.apps.find((candidate) => candidate.appid === appid)
    return app && kept(pushes, merchant, appid, () => messagePushOf(app))
  }

  return {
    payment: {
      prepay: async (attempt) => (await protocolOf(attempt.merchantId, attempt.payApi)).prepay(attempt),
      query: async (attempt) => (await protocolOf(attempt.merchantId, attempt.payApi)).query(attempt),
      close: async (attempt) => (await protocolOf(attempt.merchantId, attempt.payApi)).close(attempt),
      async canRefund(merchantId, payApi) {
        const { keys } = await merchantOf(merchantId)
        return canRefundOver(payApi, keys)
      },
      refund: async (refund) => (await protocolOf(refund.merchantId, refund.payApi)).refund(refund),
      queryRefund: async (key) => (await protocolOf(key.merchantId, key.payApi)).queryRefund(key),
      listRefunds: async (attempt) => (await protocolOf(attempt.merchantId, attempt.payApi)).listRefunds(attempt),
      paymentParameters: async (attempt, prepayId) =>
        (await protocolOf(attempt.merchantId, attempt.payApi)).paymentParameters(attempt, prepayId),
      readNotify: async (merchantId, payApi, headers, body) =>
        (await protocolOf(merchantId, payApi)).readNotify(headers, body),
    },
    shipping: {
      async upload(notice, mayHaveArrived) {
        return uploadShipping(await miniProgramOf(notice.merchantId, notice.appid), notice, mayHaveArrived)
      },
    },
    messages: {
      send: async (message) => sendSubscribe(await miniProgramOf(message.merchantId, message.appid), message),
    },
    push: {
      async verifyUrl(merchantId, appid, query) {
        return verifyPushUrl(await pushOf(merchantId, appid), query)
      },
      async read(message) {
        return readPush(await pushOf(message.merchantId, message.appid), message, http.clock())
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
    for (const payApi of payApis) {
      if (!hasKeysFor(merchant, payApi)) continue
      if (payApi === 'v3') createV3Client(merchant, {})
      else createV2Client(merchant, payApi, {})
    }
    for (const { appid, secret } of merchant.apps) new MiniProgramClient({ appid, secret })
    for (const app of merchant.apps) messagePushOf(app)
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

function createV2Client({ merchantId, keys }: Merchant, payApi: Exclude<PayApi, 'v3'>, http: HttpOptions): PayV2Client {
  if (keys.apiV2Key === undefined) throw new Error(`merchant ${merchantId} has no APIv2 key`)
  const signType = payApi === 'v2-md5' ? 'MD5' : 'HMAC-SHA256'
  const { certificatePem, privateKeyPem } = keys.certificate ?? {}
  const clientCertificate =
    certificatePem === undefined || privateKeyPem === undefined
      ? {}
      : { clientCertificate: { certificatePem, privateKeyPem } }
  return new PayV2Client({ mchId: merchantId, apiKey: keys.apiV2Key, signType, ...clientCertificate, ...http })
}

function createV3Client(
  { merchantId, keys }: Merchant,
  http: HttpOptions,
  earlier: Pick<PlatformKeysOptions, 'kept' | 'onDownload'> = {},
): PayV3Client {
  const { apiV3Key, certificate, wechatpayPublicKeys } = keys
  if (apiV3Key === undefined || certificate === undefined) throw new Error(`merchant ${merchantId} has no APIv3 keys`)
  return new PayV3Client({
    mchid: merchantId,
    apiV3Key,
    merchantKey: { serialNo: certificate.serialNo, privateKey: certificate.privateKeyPem },
    platformKeys: {
      publicKeys: wechatpayPublicKeys.map(({ id, publicKeyPem }) => ({ id, publicKey: publicKeyPem })),
      // Also with a public key: during WeChat's switch both kinds arrive, at its pace and not at ours (F33).
      download: true,
      ...earlier,
    },
    ...http,
  })
}
